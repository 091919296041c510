"""Commands on talks, call-backs and mailboxes of a running switch, and the doctor."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from softswitch.cli.asking import AgentName, AsJson, CallId, ask, done, show_rows
from softswitch.cli.failures import DONE, REFUSED
from softswitch.cli.printing import print_json, print_line

To: TypeAlias = Annotated[str, typer.Argument(metavar="TO", help="queue:NAME, agent:NAME, phone:NAME or number:+…")]
CallbackId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="As `callback list` shows it.")]
MailboxName: TypeAlias = Annotated[str, typer.Argument(metavar="MAILBOX", help="As `voicemail list` shows it.")]


def add_to_calls(group: typer.Typer) -> None:
    """Transfers, under `call`."""

    @group.command(name="transfer")
    def call_transfer(context: typer.Context, call: CallId, to: To, as_json: AsJson = False) -> int:
        """Give a caller who talks on at once; whoever had him is free."""
        return done(ask(context, "call.transfer", {"id": call, "to": to}), f"{call} goes to {to}", as_json=as_json)

    @group.command(name="consult")
    def call_consult(context: typer.Context, call: CallId, to: To, as_json: AsJson = False) -> int:
        """Ring somebody to be asked first; the caller waits with music."""
        return done(ask(context, "call.consult", {"id": call, "to": to}), f"{to} is rung", as_json=as_json)

    @group.command(name="complete")
    def call_complete(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """Hand the caller over to who was asked."""
        return done(ask(context, "call.complete", {"id": call}), f"{call} is handed over", as_json=as_json)

    @group.command(name="conference")
    def call_conference(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """Bring the caller, the agent and who was asked together."""
        return done(ask(context, "call.conference", {"id": call}), "they are together", as_json=as_json)

    @group.command(name="take-back")
    def call_take_back(context: typer.Context, call: CallId, as_json: AsJson = False) -> int:
        """Let go of who was asked and go back to the caller."""
        return done(ask(context, "call.take-back", {"id": call}), f"{call} is taken back", as_json=as_json)


def add_to_agents(group: typer.Typer) -> None:
    """What keeps calls from an agent, under `agent`."""

    @group.command(name="why-not")
    def agent_why_not(context: typer.Context, name: AgentName, as_json: AsJson = False) -> int:
        """What keeps the next call from an agent."""
        answer = ask(context, "agent.why-not", {"name": name})
        if as_json or not isinstance(answer, dict):
            print_json(answer)
        else:
            for reason in answer["reasons"]:
                print_line(reason)
        return DONE


def callbacks() -> typer.Typer:
    """`callback`."""
    group = typer.Typer(name="callback")

    @group.command(name="list")
    def callback_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Who is to be called back, and how often it was tried."""
        return show_rows(ask(context, "callback.list"), as_json=as_json)

    @group.command(name="withdraw")
    def callback_withdraw(context: typer.Context, callback: CallbackId, as_json: AsJson = False) -> int:
        """Take the promise to call somebody back."""
        answer = ask(context, "callback.withdraw", {"id": callback})
        return done(answer, f"{callback} is withdrawn", as_json=as_json)

    return group


def voicemail() -> typer.Typer:
    """`voicemail`."""
    group = typer.Typer(name="voicemail")

    @group.command(name="list")
    def voicemail_list(context: typer.Context, as_json: AsJson = False) -> int:
        """Mailboxes, and how many messages lie in them."""
        return show_rows(ask(context, "voicemail.list"), as_json=as_json)

    @group.command(name="show")
    def voicemail_show(context: typer.Context, mailbox: MailboxName, as_json: AsJson = False) -> int:
        """The messages of a mailbox, with the files to listen to."""
        return show_rows(ask(context, "voicemail.show", {"mailbox": mailbox}), as_json=as_json)

    @group.command(name="delete")
    def voicemail_delete(
        context: typer.Context,
        mailbox: MailboxName,
        message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As `voicemail show` shows it.")],
        as_json: AsJson = False,
    ) -> int:
        """Take a message out of its mailbox; its recording stays where recordings are."""
        answer = ask(context, "voicemail.delete", {"mailbox": mailbox, "message": message})
        return done(answer, f"{message} is deleted", as_json=as_json)

    return group


def _counted(count: int, what: str) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"


def doctor(context: typer.Context, as_json: AsJson = False) -> int:
    """Prove that no agent is busy without a call and no call is without an owner."""
    answer = ask(context, "doctor")
    assert isinstance(answer, dict)
    if as_json:
        print_json(answer)
    else:
        for finding in answer["findings"]:
            print_line(f"{finding['who']} {finding['what']}")
        if not answer["findings"]:
            looked_at = ", ".join(_counted(count, what) for what, count in answer["looked_at"].items())
            print_line(f"all is well: {looked_at}")
    return REFUSED if answer["findings"] else DONE
