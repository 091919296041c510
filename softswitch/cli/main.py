"""`softswitch`, the only program: the commands, and how each begins and ends.

A command is quick because it loads little: no numpy, no database, no HTTP; `serve` and `demo` load theirs when they
run. `--config DIR` is taken wherever it stands. Whatever goes wrong ends in three lines and an exit code, never in a
traceback, unless SOFTSWITCH_TRACEBACK=1 asks for one.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from softswitch.cli import office_commands, running_commands
from softswitch.cli.failures import (
    DONE,
    INTERRUPTED,
    REFUSED,
    WRONG_USAGE,
    CommandFailed,
    print_failure,
    wrong_configuration,
)
from softswitch.cli.printing import print_line
from softswitch.settings import ConfigurationErrors

PROGRAM: Final = "softswitch"
TRACEBACK_VARIABLE: Final = "SOFTSWITCH_TRACEBACK"

_USAGE_PROBLEM: Final[type[Exception]] = next(
    found for found in typer.BadParameter.__mro__ if found.__name__ == "ClickException" and issubclass(found, Exception)
)
"""typer brings its own copy of click; this is what all its usage errors have in common."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Of a failure the three lines are written.

    Whoever reads what we print may stop when he has read enough (`softswitch history | head`): no failure. typer turns
    that into a SystemExit of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = _run(config_first(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as leaving:
        if not isinstance(leaving, BrokenPipeError) and not isinstance(leaving.__context__, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def config_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--config DIR` moved to the front, from wherever it stood before a `--`."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            rest += [argument, *left]
        elif argument == "--config":
            value = next(left, None)
            front += ["--config"] if value is None else ["--config", value]
        elif argument.startswith("--config="):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def _run(arguments: Sequence[str]) -> int:
    try:
        code: object = application()(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except CommandFailed as failed:
        print_failure(failed.what, failed.where, failed.mend)
        return failed.exit_code
    except ConfigurationErrors as errors:
        wrong = wrong_configuration(errors)
        print_failure(wrong.what, wrong.where, wrong.mend)
        return wrong.exit_code
    except _USAGE_PROBLEM as problem:
        _print_usage_problem(problem)
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort):
        print_failure("interrupted", "by the keyboard", "run it again")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the last stop before the user: a fault of ours is three lines too
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        last = traceback.extract_tb(error.__traceback__)[-1]
        print_failure(
            f"the program has a fault: {type(error).__name__}: {error}",
            f"{last.filename}:{last.lineno}",
            f"report it, with what {TRACEBACK_VARIABLE}=1 adds",
        )
        return REFUSED
    return code if isinstance(code, int) else DONE


def application() -> typer.Typer:
    """All commands."""
    app = typer.Typer(
        name=PROGRAM, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False, help=_HELP
    )
    app.callback()(_options)
    office_commands.add_to(app)
    running_commands.add_to(app)
    return app


_HELP: Final = (
    "A call centre in one program. Begin with `softswitch demo`, then `softswitch check` and `softswitch serve`."
)


def _show_version(is_asked: bool) -> None:  # typer calls it so
    if is_asked:
        from importlib.metadata import version  # noqa: PLC0415  # rarely asked

        print_line(f"{PROGRAM} {version(PROGRAM)}")
        raise typer.Exit


def _options(
    context: typer.Context,
    config: Annotated[
        str,
        typer.Option(
            envvar="SOFTSWITCH_CONFIG", metavar="DIR", help="The folder of your office; before or after the command."
        ),
    ] = "config",
    version: Annotated[  # noqa: ARG001  # its callback does it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj = Path(config or "config")


def _print_usage_problem(problem: Exception) -> None:
    format_message: Callable[[], str] = getattr(problem, "format_message", lambda: str(problem))
    context = getattr(problem, "ctx", None)
    where = str(getattr(context, "command_path", PROGRAM))
    commands = getattr(getattr(context, "command", None), "commands", None)
    what = " ".join(format_message().split()).rstrip(".") or "wrong usage"
    mend = f"see: {where} --help"
    if commands:
        mend = f"commands are: {', '.join(commands)} ({mend})"
    print_failure(what, where, mend)


if __name__ == "__main__":
    sys.exit(main())
