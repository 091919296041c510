"""Commands about people: who is there, and what they do."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from softswitch.cli import service_commands
from softswitch.cli.asking import AgentName, AsJson, ask, done, one_of, show_one, show_rows


class Turn(StrEnum):
    """Whether something is wanted."""

    ON = "on"
    OFF = "off"


def agents() -> typer.Typer:
    """The group `agent`."""
    group = typer.Typer(name="agent")

    @group.command(name="list")
    def agent_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Everyone, what they chose and what they do."""
        return show_rows(ask(context, "agent.list"), as_json=as_json)

    @group.command(name="show")
    def agent_show(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """One agent, and today's calls, talk, wrap-up and pauses."""
        return show_one(ask(context, "agent.show", {"name": name}), as_json=as_json)

    @group.command(name="login")
    def agent_login(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """Log an agent in, ready for calls."""
        return done(ask(context, "agent.login", {"name": name}), f"{name} is logged in", as_json=as_json)

    @group.command(name="logout")
    def agent_logout(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """Log an agent out; a talk goes on."""
        return done(ask(context, "agent.logout", {"name": name}), f"{name} is logged out", as_json=as_json)

    @group.command(name="ready")
    def agent_ready(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """Give an agent calls again."""
        return done(ask(context, "agent.ready", {"name": name}), f"{name} is ready", as_json=as_json)

    @group.command(name="pause")
    def agent_pause(
        context: typer.Context,
        name: AgentName,
        reason: Annotated[str | None, typer.Option(metavar="R", help="Why, for the figures.")] = None,
        as_json: AsJson = False,
    ) -> int:
        """Give an agent no more calls for now."""
        answer = ask(context, "agent.pause", {"name": name, "reason": reason})
        return done(answer, f"{name} is paused", as_json=as_json)

    _add_settings(group)
    _add_wrap_up(group)
    service_commands.add_to_agents(group)
    return group


def _add_settings(group: typer.Typer) -> None:
    @group.command(name="queue")
    def agent_queue(
        context: typer.Context,
        name: AgentName,
        queue: Annotated[str, typer.Argument(metavar="QUEUE", help="One of the agent's queues.")],
        turn: Annotated[Turn, typer.Argument(metavar="on|off", help="Whether calls of it are wanted.")],
        as_json: AsJson = False,
    ) -> int:
        """Let an agent take calls of one of the agent's queues, or none of it for now."""
        answer = ask(context, "agent.queue", {"name": name, "queue": queue, "on": turn is Turn.ON})
        takes = "calls" if turn is Turn.ON else "no calls"
        return done(answer, f"{name} takes {takes} of {queue}", as_json=as_json)

    @group.command(name="number")
    def agent_number(
        context: typer.Context,
        name: AgentName,
        number: Annotated[str | None, typer.Argument(metavar="NUMBER", help="Such as +46701234567.")] = None,
        own: Annotated[bool, typer.Option("--own", help="The agent's own telephones again.")] = False,
        as_json: AsJson = False,
    ) -> int:
        """Let an agent answer at any telephone until logout; there, a key is asked for first."""
        one_of(context, {"NUMBER": number is not None, "--own": own})
        answer = ask(context, "agent.number", {"name": name, "number": number})
        where = "the telephones of the configuration" if number is None else number
        return done(answer, f"{name} answers at {where}", as_json=as_json)


def _add_wrap_up(group: typer.Typer) -> None:
    @group.command(name="wrap-up")
    def agent_wrap_up(
        context: typer.Context,
        name: AgentName,
        extend: Annotated[float | None, typer.Option(metavar="S", help="So many seconds more.")] = None,
        end: Annotated[bool, typer.Option("--end", help="It is over.")] = False,
        as_json: AsJson = False,
    ) -> int:
        """Give an agent more time after a call, or end it."""
        one_of(context, {"--extend S": extend is not None, "--end": end})
        answer = ask(context, "agent.wrap-up", {"name": name, "extend_s": extend})
        text = f"the wrap-up of {name} is over" if extend is None else f"{name} has {extend:g} s more"
        return done(answer, text, as_json=as_json)

    @group.command(name="classify")
    def agent_classify(
        context: typer.Context,
        name: AgentName,
        code: Annotated[str, typer.Argument(metavar="CODE", help="One of the queue's codes.")],
        as_json: AsJson = False,
    ) -> int:
        """Say what an agent's call was about, during the talk or the wrap-up."""
        answer = ask(context, "agent.classify", {"name": name, "code": code})
        return done(answer, f"the call of {name} was about {code}", as_json=as_json)
