"""Commands about people: who is there, and what they do."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.cli.asking import AgentName, AsJson, ask, done, show_rows


def agents() -> typer.Typer:
    """The group `agent`."""
    group = typer.Typer(name="agent")

    @group.command(name="list")
    def agent_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Everyone, what they chose and what they do."""
        return show_rows(ask(context, "agent.list"), as_json=as_json)

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

    return group
