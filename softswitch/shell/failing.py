"""A start that cannot be: three lines, for the person who typed `serve`."""

from __future__ import annotations

import sys
from typing import Final

from softswitch.settings import ConfigurationErrors

CANNOT_START: Final = 78
"""The exit code of a signalling process for which starting it again is no remedy (sysexits' EX_CONFIG)."""


class StartFailed(Exception):
    """What is wrong, where, and what to do about it."""

    def __init__(self, what: str, where: str, mend: str) -> None:
        super().__init__(what, where, mend)
        self.what = what
        self.where = where
        self.mend = mend


def print_failure(what: str, where: str, mend: str) -> None:
    """Exactly three lines on stderr, whatever the texts hold."""
    lines = [" ".join(text.split()) for text in (what, where, mend)]
    sys.stderr.write(f"{lines[0]}\n  {lines[1]}\n  {lines[2]}\n")
    sys.stderr.flush()


def wrong_configuration(errors: ConfigurationErrors) -> StartFailed:
    """The first error, and how many more there are."""
    return StartFailed(*errors.in_three_lines())
