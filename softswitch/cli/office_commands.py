"""Commands that need no running switch: `serve`, `check`, `demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.failures import DONE, REFUSED, print_configuration_error
from softswitch.cli.printing import print_json, print_line
from softswitch.cli.report import summary, what_callers_meet
from softswitch.settings import ConfigurationErrors, Settings, load


class Language(StrEnum):
    """The languages that prompts are shipped in."""

    EN = "en"
    SV = "sv"


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(check)
    app.command()(demo)


def serve(context: typer.Context) -> int:
    """Run the switch in the foreground. SIGTERM ends it when the last call is over, a second one at once."""
    from softswitch.shell.supervisor import run  # noqa: PLC0415  # only serving loads the shells

    return run(_folder(context))


def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> int:
    """Read the configuration; tell all that is wrong, or what a caller to each number will meet."""
    try:
        settings = load(_folder(context))
    except ConfigurationErrors as errors:
        for error in errors.errors:
            print_configuration_error(error)
        return REFUSED
    if as_json:
        print_json(_as_json(settings))
    else:
        _print_report(settings)
    return DONE


def demo(
    language: Annotated[Language, typer.Option(help="The language of the prompts.")] = Language.EN,
) -> int:
    """The first minute for a newcomer: a real switch with real calls on loopback."""
    from softswitch.demo.story import run  # noqa: PLC0415  # only the demo loads the demo

    return run(language.value)


def _folder(context: typer.Context) -> Path:
    assert isinstance(context.obj, Path)
    return context.obj


def _print_report(settings: Settings) -> None:
    office = settings.office
    print_line(summary(office))
    for number, destination in office.numbers.items():
        print_line("")
        print_line(f"{number} → {destination}")
        for sentence in what_callers_meet(office, number):
            print_line(f"  {sentence}")
    for warning in settings.warnings:
        print_line("")
        print_line(f"warning: {warning.what}")
        print_line(f"  {warning.where}")
        print_line(f"  {warning.mend}")
    print_line("")
    print_line("The configuration is right.")


def _as_json(settings: Settings) -> dict[str, object]:
    office = settings.office
    return {
        "office": office.node,
        "version": office.version,
        "numbers": [
            {"number": number, "to": str(destination), "meets": what_callers_meet(office, number)}
            for number, destination in office.numbers.items()
        ],
        "warnings": [
            {
                "file": str(warning.file),
                "line": warning.line,
                "key": warning.key,
                "what": warning.what,
                "mend": warning.mend,
            }
            for warning in settings.warnings
        ],
    }
