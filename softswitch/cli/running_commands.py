"""Commands on a running switch: each is one question to its control socket, and the answer printed.

The folder of the switch's data is all that they take from the configuration, so they work also while an admin is in the
middle of editing it. Only when no switch answers is the configuration looked at as a whole: if it is wrong, that is the
better thing to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

import typer

from softswitch.cli import control
from softswitch.cli.failures import DONE, NOT_RUNNING, WRONG_USAGE, CommandFailed
from softswitch.cli.ladder import drawn
from softswitch.cli.printing import clock, print_json, print_line, print_object, print_rows
from softswitch.cli.since import FORMS, parse_since
from softswitch.settings import glimpse, load

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="For programs; the keys are stable.")]
CallId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="As `call list` and `history` show it.")]
AgentName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="As `agent list` shows it.")]


def add_to(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(reload)
    for group, text in (
        (_calls(), "Calls, and why they went where they went."),
        (_queues(), "Callers who wait."),
        (_agents(), "People."),
    ):
        app.add_typer(group, help=text)
    app.add_typer(_lists("phone", "Registrations."), help="Devices that register here.")
    app.add_typer(_lists("trunk", "Carriers, and whether they answer."), help="Carriers.")
    app.command()(history)
    app.add_typer(_recordings(), help="Recordings.")


def status(context: typer.Context, as_json: AsJson = False) -> int:
    """Up since when, calls, registrations, trunks, media load."""
    return _show(_ask(context, "status"), as_json=as_json)


def reload(context: typer.Context, as_json: AsJson = False) -> int:
    """Apply changed files without dropping a call, or refuse and change nothing."""
    return _done(_ask(context, "reload"), "the configuration is in force", as_json=as_json)


def history(
    context: typer.Context,
    queue: Annotated[str | None, typer.Option(help="Only calls that were in this queue.")] = None,
    since: Annotated[str | None, typer.Option(help=f"Only calls that ended since then: {FORMS}.")] = None,
    as_json: AsJson = False,
) -> int:
    """Ended calls, the newest first."""
    arguments = {"queue": queue, "since": None if since is None else _instant(context, since)}
    return _list(_ask(context, "history", arguments), as_json=as_json)


def _calls() -> typer.Typer:
    group = typer.Typer(name="call")

    @group.command(name="list")
    def call_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Calls that are up."""
        return _list(_ask(context, "call.list"), as_json=as_json)

    @group.command(name="show")
    def call_show(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """One call, with its queues and everyone it was presented to."""
        return _show(_ask(context, "call.show", {"id": call}), as_json=as_json)

    @group.command(name="why")
    def call_why(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """Why a call went where it went: who was considered, who was left out, and what it waits for."""
        answer = _ask(context, "call.why", {"id": call})
        if as_json or not isinstance(answer, dict):
            print_json(answer)
        else:
            for reason in answer["reasons"]:
                print_line(f"{clock(reason['at'])}  {reason['text']}")
        return DONE

    @group.command(name="ladder")
    def call_ladder(
        context: typer.Context,
        call: CallId,
        messages: Annotated[bool, typer.Option("--messages", help="With every SIP message in full.")] = False,
        as_json: AsJson = False,
    ) -> int:
        """A call's SIP messages, media events and decisions in their order, up or ended a while ago."""
        answer = _ask(context, "call.ladder", {"id": call})
        if as_json or not isinstance(answer, dict):
            print_json(answer)
        else:
            for line in drawn(answer, are_messages_whole=messages):
                print_line(line)
        return DONE

    @group.command(name="hangup")
    def call_hangup(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """End a call."""
        return _done(_ask(context, "call.hangup", {"id": call}), f"call {call} is ended", as_json=as_json)

    return group


def _queues() -> typer.Typer:
    group = typer.Typer(name="queue")

    @group.command(name="list")
    def queue_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Waiting, longest wait, agents by state, today's figures."""
        return _list(_ask(context, "queue.list"), as_json=as_json)

    @group.command(name="show")
    def queue_show(
        context: typer.Context,
        name: Annotated[str, typer.Argument(metavar="NAME", help="As `queue list` shows it.")],
        as_json: AsJson = False,
    ) -> int:
        """One queue with its callers and agents."""
        return _show(_ask(context, "queue.show", {"name": name}), as_json=as_json)

    return group


def _agents() -> typer.Typer:
    group = typer.Typer(name="agent")

    @group.command(name="list")
    def agent_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Everyone, what they chose and what they do."""
        return _list(_ask(context, "agent.list"), as_json=as_json)

    @group.command(name="login")
    def agent_login(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """Log an agent in, ready for calls."""
        return _done(_ask(context, "agent.login", {"name": name}), f"{name} is logged in", as_json=as_json)

    @group.command(name="logout")
    def agent_logout(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """Log an agent out; a talk goes on."""
        return _done(_ask(context, "agent.logout", {"name": name}), f"{name} is logged out", as_json=as_json)

    @group.command(name="ready")
    def agent_ready(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """Give an agent calls again."""
        return _done(_ask(context, "agent.ready", {"name": name}), f"{name} is ready", as_json=as_json)

    @group.command(name="pause")
    def agent_pause(
        context: typer.Context,
        name: AgentName,
        reason: Annotated[str | None, typer.Option(metavar="R", help="Why, for the figures.")] = None,
        as_json: AsJson = False,
    ) -> int:
        """Give an agent no more calls for now."""
        answer = _ask(context, "agent.pause", {"name": name, "reason": reason})
        return _done(answer, f"{name} is paused", as_json=as_json)

    return group


def _lists(kind: str, text: str) -> typer.Typer:
    group = typer.Typer(name=kind)

    @group.callback()
    def only_lists() -> None:
        """Keeps `list` a word of its own while it is the only command."""

    @group.command(name="list", help=text)
    def show_list(context: typer.Context, as_json: AsJson = False) -> int:
        return _list(_ask(context, f"{kind}.list"), as_json=as_json)

    return group


def _recordings() -> typer.Typer:
    group = typer.Typer(name="recording")

    @group.command(name="list")
    def recording_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Recordings, the newest first."""
        return _list(_ask(context, "recording.list"), as_json=as_json)

    @group.command(name="path")
    def recording_path(
        context: typer.Context,
        recording: Annotated[str, typer.Argument(metavar="ID", help="As `recording list` shows it.")],
        as_json: AsJson = False,
    ) -> int:
        """Where a recording's file is."""
        answer = _ask(context, "recording.path", {"id": recording})
        if as_json:
            print_json(answer)
        else:
            print_line(str(answer["path"] if isinstance(answer, dict) and "path" in answer else answer))
        return DONE

    return group


def _ask(context: typer.Context, command: str, arguments: Mapping[str, object] | None = None) -> object:
    folder = context.obj
    assert isinstance(folder, Path)
    try:
        return control.ask(glimpse(folder).data_dir, command, arguments or {})
    except CommandFailed as failed:
        if failed.exit_code == NOT_RUNNING:
            load(folder, are_sounds_tried=False)
        raise


def _instant(context: typer.Context, text: str) -> str:
    assert isinstance(context.obj, Path)
    try:
        return parse_since(text, datetime.now(UTC), ZoneInfo(glimpse(context.obj).timezone)).isoformat()
    except ValueError as error:
        raise CommandFailed(
            str(error), f"{context.command_path} --since", f"write {FORMS}", exit_code=WRONG_USAGE
        ) from None


def _list(answer: object, *, as_json: bool) -> int:
    if as_json or not isinstance(answer, list):
        print_json(answer)
    else:
        print_rows(answer)
    return DONE


def _show(answer: object, *, as_json: bool) -> int:
    if as_json or not isinstance(answer, dict):
        print_json(answer)
    else:
        print_object(answer)
    return DONE


def _done(answer: object, text: str, *, as_json: bool) -> int:
    if as_json:
        print_json(answer)
    else:
        print_line(text)
    return DONE
