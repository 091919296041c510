"""What every command on a running switch does: one question to its control socket, and the answer printed.

The folder of the switch's data is all that is taken from the configuration, so commands work also while an admin is in
the middle of editing it. Only when no switch answers is the configuration looked at as a whole: if it is wrong, that is
the better thing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

import typer

from softswitch.cli import control
from softswitch.cli.failures import DONE, NOT_RUNNING, WRONG_USAGE, CommandFailed
from softswitch.cli.printing import print_json, print_line, print_object, print_rows
from softswitch.settings import glimpse, load

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="For programs; the keys are stable.")]
CallId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="As `call list` and `history` show it.")]
AgentName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="As `agent list` shows it.")]
QueueName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="As `queue list` shows it.")]
ParseTime: TypeAlias = Callable[[str, datetime, tzinfo], datetime]


def ask(context: typer.Context, command: str, arguments: Mapping[str, object] | None = None) -> object:
    """The switch's answer; raises CommandFailed."""
    folder = context.obj
    assert isinstance(folder, Path)
    try:
        return control.ask(glimpse(folder).data_dir, command, arguments or {})
    except CommandFailed as failed:
        if failed.exit_code == NOT_RUNNING:
            load(folder, are_sounds_tried=False)
        raise


def instant(context: typer.Context, option: str, text: str, parse: ParseTime, forms: str) -> str:
    """A time that was typed, with its zone; raises CommandFailed, naming the option and the forms that there are."""
    assert isinstance(context.obj, Path)
    try:
        return parse(text, datetime.now(UTC), ZoneInfo(glimpse(context.obj).timezone)).isoformat()
    except ValueError as error:
        where = f"{context.command_path} {option}"
        raise CommandFailed(str(error), where, f"write {forms}", exit_code=WRONG_USAGE) from None


def one_of(context: typer.Context, given: Mapping[str, bool]) -> None:
    """Raises CommandFailed unless exactly one of these was typed."""
    if sum(given.values()) != 1:
        forms = " or ".join(given)
        raise CommandFailed(
            f"exactly one of {forms} is wanted",
            context.command_path,
            f"see: {context.command_path} --help",
            exit_code=WRONG_USAGE,
        )


def show_rows(answer: object, *, as_json: bool) -> int:
    """A list, as JSON or as a table."""
    if as_json or not isinstance(answer, list):
        print_json(answer)
    else:
        print_rows(answer)
    return DONE


def show_one(answer: object, *, as_json: bool) -> int:
    """One thing with all its parts."""
    if as_json or not isinstance(answer, dict):
        print_json(answer)
    else:
        print_object(answer)
    return DONE


def done(answer: object, text: str, *, as_json: bool) -> int:
    """That something was done: `text` for people."""
    if as_json:
        print_json(answer)
    else:
        print_line(text)
    return DONE
