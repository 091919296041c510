"""Mailboxes: which messages lie in each, as a fold over the journal.

Commands, lamps and the listening dialogue all read this, so that they never disagree. A message is new until it was
listened to, and is gone when it was deleted; the recording it was made from stays where recordings are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.domain import events
from softswitch.domain.events import Event, Takers


@dataclass(slots=True)
class Message:
    """One message. `left`: wall seconds; `path` is relative to the recordings folder."""

    message: str
    call: str
    caller: str
    left: float
    seconds: float
    path: str
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Pending:
    """A message whose file is not whole yet."""

    mailbox: str
    call: str
    caller: str
    path: str


class Mailboxes:
    """The fold."""

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, Message]] = {}
        self.takers: Takers = dict.fromkeys(
            (events.VoicemailLeft, events.VoicemailHeard, events.VoicemailDeleted), self.apply
        )

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first; a message that is told of again, by a snapshot, is the same one."""
        match event:
            case events.VoicemailLeft():
                message = Message(event.message, event.call, event.caller, event.at, event.seconds, event.path)
                self._messages.setdefault(event.mailbox, {})[event.message] = message
            case events.VoicemailHeard():
                heard = self.find(event.mailbox, event.message)
                if heard is not None:
                    heard.is_new = False
            case events.VoicemailDeleted():
                self._messages.get(event.mailbox, {}).pop(event.message, None)
            case _:
                pass

    def messages(self, mailbox: str) -> list[Message]:
        """New ones first, and in each the oldest first."""
        return sorted(self._messages.get(mailbox, {}).values(), key=lambda message: (not message.is_new, message.left))

    def find(self, mailbox: str, message: str) -> Message | None:
        """One message."""
        return self._messages.get(mailbox, {}).get(message)

    def counts(self, mailbox: str) -> tuple[int, int]:
        """How many are new, and how many are not."""
        messages = self._messages.get(mailbox, {}).values()
        new = sum(message.is_new for message in messages)
        return new, len(messages) - new

    def snapshot(self) -> list[Event]:
        """Events from which the same comes out."""
        told: list[Event] = []
        for mailbox, messages in self._messages.items():
            for message in messages.values():
                told.append(
                    events.VoicemailLeft(
                        message.left,
                        message.call,
                        mailbox,
                        message.message,
                        message.seconds,
                        message.path,
                        message.caller,
                    )
                )
                if not message.is_new:
                    told.append(events.VoicemailHeard(message.left, mailbox, message.message, "snapshot"))
        return told
