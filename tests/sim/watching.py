"""The lamp keys of a simulated telephone: it subscribes, answers NOTIFY, refreshes, and subscribes anew when it must.

As a phone does it (RFC 6665 §4.1): a refresh that is answered with 481 begins anew in a dialog of its own, and so does
a subscription that was ended with `deactivated` or `timeout`. What must never come is a failure of the run: a NOTIFY
that is older than the last, a Subscription-State that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.sim.happenings import Happenings
from tests.sim.sip_text import SipText, parameter

TRIES_AGAIN_S = 30.0

Headers = list[tuple[str, str]]
AskWithDigest = Callable[[str, str, Headers, Iterator[int], Callable[[SipText | None], None]], None]


@dataclass(slots=True)
class LampKey:
    """One key. `seen`: what it showed, in order; `answers`: the statuses that its SUBSCRIBEs got."""

    lamp: str
    event: str
    expires_s: int
    seen: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ended_because: list[str] = field(default_factory=list)
    is_wanted: bool = True
    is_live: bool = False
    call_id: str = ""
    tag: str = ""
    remote_tag: str | None = None
    notify_cseq: int = -1
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def shows(self) -> str | None:
        """What it shows now."""
        return self.seen[-1] if self.seen else None


class LampKeys:
    """All keys of the telephone `name`. `ask` sends a request and answers its challenge."""

    def __init__(
        self, name: str, domain: str, clock: Happenings, *, ask: AskWithDigest, token: Callable[[], str],
        contact: Callable[[], str],
    ) -> None:  # fmt: skip
        self.keys: list[LampKey] = []
        self._address = f"sip:{name}@{domain}"
        self._domain = domain
        self._clock = clock
        self._ask = ask
        self._token = token
        self._contact = contact

    def watch(self, lamp: str, *, event: str = "dialog", expires_s: int = 600) -> LampKey:
        """A key is set up to show the lamp, or the mailbox with `event` "message-summary"."""
        key = LampKey(lamp, event, expires_s)
        self.keys.append(key)
        self._begin(key)
        return key

    def unwatch(self, key: LampKey) -> None:
        """The key is given up."""
        key.is_wanted = False
        if key.remote_tag is not None:
            self._subscribe(key, 0)

    def let_go(self) -> None:
        """All keys are given up."""
        for key in self.keys:
            if key.is_wanted:
                self.unwatch(key)

    def forget(self) -> None:
        """A power cut: nothing is known of them any more."""
        for key in self.keys:
            key.is_wanted = key.is_live = False
        self.keys.clear()

    def take_notify(self, request: SipText) -> bool:
        """Shows what it says; False when it belongs to no subscription of this telephone."""
        for key in self.keys:
            if key.call_id == request.call_id and key.tag == request.to_tag:
                self._show(key, request)
                return True
        return False

    def _begin(self, key: LampKey) -> None:
        key.call_id, key.tag = f"lamp-{self._token()}", self._token()
        key.remote_tag, key.notify_cseq, key.numbers = None, -1, count(1)
        self._subscribe(key, key.expires_s)

    def _subscribe(self, key: LampKey, expires_s: int) -> None:
        uri = f"sip:{key.lamp}@{self._domain}"
        call_id = key.call_id
        headers = [
            ("From", f"<{self._address}>;tag={key.tag}"),
            ("To", f"<{uri}>" + ("" if key.remote_tag is None else f";tag={key.remote_tag}")),
            ("Call-ID", call_id),
            ("CSeq", f"{next(key.numbers)} SUBSCRIBE"),
            ("Contact", f"<{self._contact()}>"),
            ("Event", key.event),
            ("Expires", str(expires_s)),
        ]

        def answered(response: SipText | None) -> None:
            if key.call_id == call_id:
                self._answered(key, response, expires_s)

        self._ask("SUBSCRIBE", uri, headers, key.numbers, answered)

    def _answered(self, key: LampKey, response: SipText | None, expires_s: int) -> None:
        status = 408 if response is None or response.status is None else response.status
        if status < 200:
            return
        key.answers.append(status)
        if expires_s == 0 or not key.is_wanted:
            return
        if response is not None and status < 300:
            key.remote_tag, key.is_live = response.to_tag, True
            self._later(key, int(response.need("Expires")) / 2, lambda: self._subscribe(key, key.expires_s))
        elif status == 481:
            key.is_live = False
            self._begin(key)
        elif status == 408:
            self._later(key, TRIES_AGAIN_S, lambda: self._begin(key))
        else:
            key.is_wanted = key.is_live = False

    def _show(self, key: LampKey, notify: SipText) -> None:
        assert notify.cseq > key.notify_cseq, f"NOTIFY {notify.cseq} came after {key.notify_cseq}"
        assert notify.need("Event") == key.event
        key.notify_cseq, key.remote_tag = notify.cseq, notify.from_tag
        key.seen.append(_shown(notify))
        state = notify.need("Subscription-State")
        if state.startswith("terminated"):
            reason = parameter(state, "reason") or ""
            key.is_live = False
            key.ended_because.append(reason)
            if key.is_wanted and reason in ("deactivated", "timeout"):
                self._begin(key)
        else:
            assert state.startswith("active;expires="), state
            key.is_live = key.is_wanted

    def _later(self, key: LampKey, seconds: float, then: Callable[[], None]) -> None:
        call_id = key.call_id

        def due() -> None:
            if key.is_wanted and key.call_id == call_id:
                then()

        self._clock.after(seconds, due)


def _shown(notify: SipText) -> str:
    """The state of the dialog, or the messages as "2/8"."""
    pattern = r"<state>(\w+)</state>" if notify.need("Event") == "dialog" else r"Voice-Message: (\d+/\d+)"
    found = re.search(pattern, notify.body)
    assert found, notify.body
    return found.group(1)
