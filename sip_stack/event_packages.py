"""What subscriptions tell: waiting messages (RFC 3842) and whether a line is in use (RFC 4235), as documents.

Values only; `subscription` sends them. Each is full state, so that a document that was lost or overtaken harms nothing.
Of RFC 4235 a lamp needs little: one dialog with its state. Who talks with whom is left out, since a lamp does not show
it and not everybody who sees the lamp is to know it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias
from xml.sax.saxutils import quoteattr

DialogShown: TypeAlias = Literal["terminated", "early", "confirmed"]

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What cannot stand in XML 1.0 (§2.2), not even escaped."""


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """How many voice messages wait in the mailbox at `account` (a URI): not yet heard, and heard."""

    content_type: ClassVar[str] = "application/simple-message-summary"

    account: str
    new: int
    old: int

    def body(self, version: int) -> bytes:
        """The document; this package counts no versions. Urgent messages, in brackets, are none."""
        del version
        lines = (
            f"Messages-Waiting: {'yes' if self.new else 'no'}",
            f"Message-Account: {self.account}",
            f"Voice-Message: {self.new}/{self.old} (0/0)",
        )
        return "".join(f"{line}\r\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class DialogInfo:
    """One dialog of `entity` (a URI): nothing, ringing or talking. `dialog` names it, always by the same name."""

    content_type: ClassVar[str] = "application/dialog-info+xml"

    entity: str
    dialog: str
    state: DialogShown
    direction: Literal["initiator", "recipient"] = "recipient"

    def body(self, version: int) -> bytes:
        """The document; `version` begins with 0 and rises by one from document to document of a subscription."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full" '
            f"entity={_attribute(self.entity)}>\n"
            f"<dialog id={_attribute(self.dialog)} direction={_attribute(self.direction)}>"
            f"<state>{self.state}</state></dialog>\n"
            "</dialog-info>\n"
        ).encode()


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("", text))
