"""How a command fails: three lines on stderr, and an exit code that scripts can rely on.

The lines say what is wrong, where, and what to do about it, in this order and never more, so that a person reads the
last one and a script the first. `check` writes three such lines for each error that it finds.
"""

from __future__ import annotations

import sys
from typing import Final

from softswitch.cli.printing import neutral
from softswitch.settings import ConfigurationError, ConfigurationErrors

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2
NOT_RUNNING: Final = 3
INTERRUPTED: Final = 130
"""By the keyboard, as shells write it."""


class CommandFailed(Exception):
    """A command cannot be carried out; the three lines and the exit code."""

    def __init__(self, what: str, where: str, mend: str, *, exit_code: int = REFUSED) -> None:
        super().__init__(what, where, mend)
        self.what = what
        self.where = where
        self.mend = mend
        self.exit_code = exit_code


def print_failure(what: str, where: str, mend: str) -> None:
    """Exactly three lines on stderr, whatever the texts hold."""
    sys.stderr.write(f"{neutral(what)}\n  {neutral(where)}\n  {neutral(mend)}\n")


def print_configuration_error(error: ConfigurationError) -> None:
    """`what`, `file:line: key`, `mend`."""
    print_failure(error.what, error.where, error.mend)


def wrong_configuration(errors: ConfigurationErrors) -> CommandFailed:
    """For commands that cannot go on without a configuration: the first error and how many there are."""
    return CommandFailed(*errors.in_three_lines())
