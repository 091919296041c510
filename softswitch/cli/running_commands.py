"""Commands on a running switch, and what they print: calls, queues, registrations, history, recordings.

Those about people are `agent_commands`; what all of them do is `asking`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.cli import service_commands
from softswitch.cli.agent_commands import agents
from softswitch.cli.asking import AsJson, CallId, QueueName, ask, done, instant, one_of, show_one, show_rows
from softswitch.cli.failures import DONE
from softswitch.cli.ladder import drawn
from softswitch.cli.printing import clock, print_json, print_line
from softswitch.cli.since import FORMS, UNTIL_FORMS, parse_since, parse_until


def add_to(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(reload)
    for group, text in (
        (_calls(), "Calls, and why they went where they went."),
        (_queues(), "Callers who wait."),
        (agents(), "People."),
    ):
        app.add_typer(group, help=text)
    app.add_typer(_lists("phone", "Registrations."), help="Devices that register here.")
    app.add_typer(_lists("trunk", "Carriers, and whether they answer."), help="Carriers.")
    app.add_typer(service_commands.callbacks(), help="Callers who are to be called back.")
    app.add_typer(service_commands.voicemail(), help="Messages.")
    app.command()(service_commands.doctor)
    app.command()(history)
    app.add_typer(_recordings(), help="Recordings.")


def status(context: typer.Context, as_json: AsJson = False) -> int:
    """Up since when, calls, registrations, trunks, media load."""
    return show_one(ask(context, "status"), as_json=as_json)


def reload(context: typer.Context, as_json: AsJson = False) -> int:
    """Apply changed files without dropping a call, or refuse and change nothing."""
    return done(ask(context, "reload"), "the configuration is in force", as_json=as_json)


def history(
    context: typer.Context,
    queue: Annotated[str | None, typer.Option(help="Only calls that were in this queue.")] = None,
    since: Annotated[str | None, typer.Option(help=f"Only calls that ended since then: {FORMS}.")] = None,
    as_json: AsJson = False,
) -> int:
    """Ended calls, the newest first."""
    arguments = {
        "queue": queue,
        "since": None if since is None else instant(context, "--since", since, parse_since, FORMS),
    }
    return show_rows(ask(context, "history", arguments), as_json=as_json)


def _calls() -> typer.Typer:
    group = typer.Typer(name="call")

    @group.command(name="list")
    def call_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Calls that are up."""
        return show_rows(ask(context, "call.list"), as_json=as_json)

    @group.command(name="show")
    def call_show(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """One call, with its queues and everyone it was presented to."""
        return show_one(ask(context, "call.show", {"id": call}), as_json=as_json)

    @group.command(name="why")
    def call_why(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """Why a call went where it went: who was considered, who was left out, and what it waits for."""
        answer = ask(context, "call.why", {"id": call})
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
        answer = ask(context, "call.ladder", {"id": call})
        if as_json or not isinstance(answer, dict):
            print_json(answer)
        else:
            for line in drawn(answer, are_messages_whole=messages):
                print_line(line)
        return DONE

    @group.command(name="hangup")
    def call_hangup(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """End a call."""
        return done(ask(context, "call.hangup", {"id": call}), f"call {call} is ended", as_json=as_json)

    _add_priority(group)
    service_commands.add_to_calls(group)
    return group


def _add_priority(group: typer.Typer) -> None:
    @group.command(name="priority")
    def call_priority(
        context: typer.Context,
        call: CallId,
        seconds: Annotated[float, typer.Argument(metavar="SECONDS", help="0 is like everyone.", min=0)],
        as_json: AsJson = False,
    ) -> int:
        """Let a waiting caller count as if the wait had begun so many seconds earlier."""
        answer = ask(context, "call.priority", {"id": call, "priority_s": seconds})
        return done(answer, f"call {call} counts for {seconds:g} s of wait more", as_json=as_json)


def _queues() -> typer.Typer:
    group = typer.Typer(name="queue")

    @group.command(name="list")
    def queue_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Waiting, longest wait, agents by state, today's figures."""
        return show_rows(ask(context, "queue.list"), as_json=as_json)

    @group.command(name="show")
    def queue_show(
        context: typer.Context,
        name: QueueName,
        as_json: AsJson = False,
    ) -> int:
        """One queue with its callers and agents."""
        return show_one(ask(context, "queue.show", {"name": name}), as_json=as_json)

    @group.command(name="forecast")
    def queue_forecast(
        context: typer.Context,
        name: QueueName,
        as_json: AsJson = False,
    ) -> int:
        """The wait to expect now, and how good the waits that callers were told have been."""
        return show_one(ask(context, "queue.forecast", {"name": name}), as_json=as_json)

    @group.command(name="prompt")
    def queue_prompt(
        context: typer.Context,
        name: QueueName,
        sound: Annotated[str | None, typer.Argument(metavar="SOUND", help="One of the queue's hot_prompts.")] = None,
        until: Annotated[str | None, typer.Option(metavar="T", help=f"Until then: {UNTIL_FORMS}.")] = None,
        off: Annotated[bool, typer.Option("--off", help="No more of it.")] = False,
        as_json: AsJson = False,
    ) -> int:
        """Switch on what callers of a queue hear first, such as an outage everyone calls about, or switch it off."""
        one_of(context, {"SOUND": sound is not None, "--off": off})
        ends = None if until is None or off else instant(context, "--until", until, parse_until, UNTIL_FORMS)
        answer = ask(context, "queue.prompt", {"name": name, "sound": sound, "until": ends})
        text = f"callers of {name} hear {sound} first" + ("" if ends is None else f", until {ends}")
        return done(answer, f"callers of {name} hear no prompt" if sound is None else text, as_json=as_json)

    return group


def _lists(kind: str, text: str) -> typer.Typer:
    group = typer.Typer(name=kind)

    @group.callback()
    def only_lists() -> None:
        """Keeps `list` a word of its own while it is the only command."""

    @group.command(name="list", help=text)
    def show_list(context: typer.Context, as_json: AsJson = False) -> int:
        return show_rows(ask(context, f"{kind}.list"), as_json=as_json)

    return group


def _recordings() -> typer.Typer:
    group = typer.Typer(name="recording")

    @group.command(name="list")
    def recording_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Recordings, the newest first."""
        return show_rows(ask(context, "recording.list"), as_json=as_json)

    @group.command(name="path")
    def recording_path(
        context: typer.Context,
        recording: Annotated[str, typer.Argument(metavar="ID", help="As `recording list` shows it.")],
        as_json: AsJson = False,
    ) -> int:
        """Where a recording's file is."""
        answer = ask(context, "recording.path", {"id": recording})
        if as_json:
            print_json(answer)
        else:
            print_line(str(answer["path"] if isinstance(answer, dict) and "path" in answer else answer))
        return DONE

    return group
