from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from xml.etree import ElementTree as ET

import pytest

from sip_stack.flow import Address, Transport
from softswitch.domain.actions import LampState, ShowLamp, ShowMessages
from softswitch.domain.office import MailboxPlan
from softswitch.settings import Settings
from softswitch.signalling.lamps import SUBSCRIPTIONS_MAX
from tests.sim import offices
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import (
    CARRIER,
    DESK,
    STRANGER,
    SWITCH,
    Stage,
    prove,
    register,
    reply,
    settings_of_office,
    with_body,
)

NAMESPACE = "{urn:ietf:params:xml:ns:dialog-info}"
OTHER_DESK = Address("10.0.2.2", 5060)


class Floor(Stage):
    """A stage whose phones watch lamps. Every NOTIFY is answered by the test itself."""

    def subscribe(
        self,
        phone: str,
        lamp: str,
        *,
        event: str = "dialog",
        source: Address = DESK,
        expires_s: int = 600,
        call: str = "watch",
        uri: str | None = None,
    ) -> list[SipText]:
        """SUBSCRIBE, challenge, SUBSCRIBE; returns what was sent because of the second."""
        uri = f"sip:{lamp}@office.example" if uri is None else uri
        text = subscribe(uri, phone, event, source, expires_s=expires_s, call=call, cseq=1)
        (challenge,) = self.hear(text, source)
        assert challenge.status == 401
        proof = prove(challenge, "SUBSCRIBE", phone, uri=uri)
        return self.hear(
            subscribe(uri, phone, event, source, expires_s=expires_s, call=call, cseq=2, proof=proof), source
        )

    def watch(
        self, phone: str, lamp: str, *, event: str = "dialog", source: Address = DESK, call: str = "watch"
    ) -> SipText:
        """A subscription that is accepted; returns its first NOTIFY, answered."""
        accepted, notify = self.subscribe(phone, lamp, event=event, source=source, call=call)
        assert (accepted.status, notify.first_line.split()[0]) == (200, "NOTIFY")
        self.hear(reply(notify, 200, "OK", source=source), source)
        self.wait(5)
        return notify

    def light(self, lamp: str, state: LampState) -> list[SipText]:
        """The domain says what the lamp shows."""
        return self.act(ShowLamp(lamp, state))

    @property
    def watched(self) -> int:
        """How many subscriptions there are."""
        return self.endpoint.subscription_count


def subscribe(
    uri: str,
    phone: str,
    event: str,
    source: Address,
    *,
    expires_s: int,
    call: str,
    cseq: int,
    proof: str = "",
    to_tag: str = "",
    transport: Transport = "udp",
) -> str:
    """A phone's SUBSCRIBE; with a `to_tag` inside the dialog of an earlier one."""
    return with_body(
        f"""\
SUBSCRIBE {uri} SIP/2.0
Via: SIP/2.0/{transport.upper()} {source};branch=z9hG4bK-{call}-{phone}-{cseq};rport
Max-Forwards: 70
From: <sip:{phone}@office.example>;tag=of-{phone}
To: <{uri}>{f";tag={to_tag}" if to_tag else ""}
Call-ID: {call}-of-{phone}
CSeq: {cseq} SUBSCRIBE
Contact: <sip:{phone}@{source}>
{f"Event: {event}" if event else ""}
Expires: {expires_s}
{proof}
""",
        "",
    )


def lamp_of(notify: SipText) -> tuple[str, str]:
    """Whose lamp a NOTIFY shows, and what."""
    assert notify.need("Content-Type") == "application/dialog-info+xml"
    root = ET.fromstring(notify.body)
    (state,) = root.iter(f"{NAMESPACE}state")
    assert state.text is not None
    return root.attrib["entity"], state.text


def messages_of(notify: SipText) -> dict[str, str]:
    """What a NOTIFY says of a mailbox, line by line."""
    assert notify.need("Content-Type") == "application/simple-message-summary"
    lines = [line.partition(": ") for line in notify.body.splitlines()]
    return {name: value for name, _, value in lines}


def with_mailboxes(lamps: Mapping[str, tuple[str, ...]]) -> Settings:
    """The contract's office with these mailboxes, each shown by some phones."""
    settings = settings_of_office()
    mailboxes = {name: MailboxPlan(name, name, lamps=phones) for name, phones in lamps.items()}
    return replace(settings, office=replace(settings.office, mailboxes=MappingProxyType(mailboxes)))


def office_with(settings: Settings, phones: tuple[str, ...], *, queue: str = "support") -> Settings:
    """The same settings with these phones, and with the queue under that name."""
    queues = {queue: replace(offices.SUPPORT_QUEUE, queue=queue)}
    plan = offices.settings_of(offices.office(phones=phones)).office
    return replace(
        settings,
        phones=MappingProxyType({name: settings.phones[name] for name in phones}),
        office=replace(plan, queues=MappingProxyType(queues)),
    )


# Lamps.


@pytest.mark.parametrize("lamp", ["102", "anna", "support"])
def test_a_phone_watches_a_phone_an_agent_or_a_queue_and_sees_a_dark_lamp(lamp: str) -> None:
    floor = Floor()
    notify = floor.watch("101", lamp)
    assert lamp_of(notify) == (f"sip:{lamp}@office.example", "terminated")
    assert notify.need("Event") == "dialog"
    assert notify.uri == f"sip:101@{DESK}"


@pytest.mark.parametrize(("state", "shown"), [("off", "terminated"), ("ringing", "early"), ("on", "confirmed")])
def test_a_lamp_shows_what_the_domain_said_before(state: LampState, shown: str) -> None:
    floor = Floor()
    assert floor.light("anna", state) == []
    assert lamp_of(floor.watch("101", "anna")) == ("sip:anna@office.example", shown)


def test_a_lamp_follows_what_the_domain_says_and_the_version_counts() -> None:
    floor = Floor()
    seen = [floor.watch("101", "102")]
    for state in ("ringing", "on", "off"):
        (notify,) = floor.light("102", state)
        floor.hear(reply(notify, 200, "OK"), DESK)
        floor.wait(2)
        seen.append(notify)
    assert [lamp_of(each)[1] for each in seen] == ["terminated", "early", "confirmed", "terminated"]
    assert [ET.fromstring(each.body).attrib["version"] for each in seen] == ["0", "1", "2", "3"]
    assert [each.cseq for each in seen] == [seen[0].cseq + step for step in range(4)]


def test_everybody_who_watches_is_told_and_nobody_else() -> None:
    floor = Floor()
    floor.watch("101", "103")
    floor.watch("102", "103", source=OTHER_DESK)
    floor.watch("102", "anna", source=OTHER_DESK, call="second")
    sent = floor.light("103", "on")
    assert sorted(each.uri for each in sent) == [f"sip:101@{DESK}", f"sip:102@{OTHER_DESK}"]
    assert {lamp_of(each) for each in sent} == {("sip:103@office.example", "confirmed")}
    assert {flow.remote for flow in floor.went_to} == {DESK, OTHER_DESK}


@pytest.mark.parametrize(
    "uri", ["sip:nobody@office.example", "sip:102@other.example", "sip:office.example", "tel:102999"]
)
def test_a_lamp_that_there_is_not_is_404(uri: str) -> None:
    floor = Floor()
    assert [each.status for each in floor.subscribe("101", "", uri=uri)] == [404]
    assert floor.watched == 0


def test_a_lamp_that_the_domain_shows_is_known_even_when_the_office_has_no_such_name() -> None:
    floor = Floor()
    floor.light("night", "on")
    assert lamp_of(floor.watch("101", "night")) == ("sip:night@office.example", "confirmed")


def test_our_own_address_is_as_good_a_host_as_the_domain() -> None:
    floor = Floor()
    accepted, notify = floor.subscribe("101", "", uri=f"sip:102@{SWITCH}")
    assert accepted.status == 200
    assert lamp_of(notify)[0] == "sip:102@office.example"


# Messages.


def test_a_phone_sees_its_own_mailbox_whatever_it_asks_for() -> None:
    floor = Floor(with_mailboxes({"annas": ("101",), "bos": ("102",)}))
    floor.act(ShowMessages("annas", 2, 8))
    floor.act(ShowMessages("bos", 5, 0))
    for number, asked in enumerate(("101", "102", "bos", "annas", "*97")):
        notify = floor.watch("101", asked, event="message-summary", call=f"watch-{number}")
        assert messages_of(notify) == {
            "Messages-Waiting": "yes",
            "Message-Account": "sip:annas@office.example",
            "Voice-Message": "2/8 (0/0)",
        }


def test_a_mailbox_is_empty_until_there_is_a_message_and_the_lamp_follows() -> None:
    floor = Floor(with_mailboxes({"annas": ("101",), "bos": ("102",)}))
    assert messages_of(floor.watch("101", "101", event="message-summary"))["Messages-Waiting"] == "no"
    assert floor.act(ShowMessages("bos", 1, 0)) == []
    (notify,) = floor.act(ShowMessages("annas", 1, 0))
    assert messages_of(notify)["Voice-Message"] == "1/0 (0/0)"
    assert notify.need("Event") == "message-summary"


def test_a_phone_without_a_mailbox_sees_an_empty_one() -> None:
    floor = Floor(with_mailboxes({"bos": ("102",)}))
    floor.act(ShowMessages("bos", 1, 0))
    notify = floor.watch("101", "bos", event="message-summary")
    assert messages_of(notify) == {
        "Messages-Waiting": "no",
        "Message-Account": "sip:101@office.example",
        "Voice-Message": "0/0 (0/0)",
    }


def test_a_phone_of_two_mailboxes_sees_both_together_or_the_one_it_asks_for() -> None:
    floor = Floor(with_mailboxes({"annas": ("101",), "support": ("101", "102")}))
    floor.watch("101", "101", event="message-summary", call="both")
    floor.watch("101", "support", event="message-summary", call="one")
    floor.act(ShowMessages("annas", 1, 2))
    for notify in floor.sent:
        floor.hear(reply(notify, 200, "OK"), DESK)
    floor.wait(2)
    told = {each.call_id: messages_of(each) for each in floor.act(ShowMessages("support", 3, 4))}
    assert told["both-of-101"]["Voice-Message"] == "4/6 (0/0)"
    assert told["both-of-101"]["Message-Account"] == "sip:101@office.example"
    assert told["one-of-101"]["Voice-Message"] == "3/4 (0/0)"
    assert told["one-of-101"]["Message-Account"] == "sip:support@office.example"


def test_phones_that_share_a_mailbox_all_see_it() -> None:
    floor = Floor(with_mailboxes({"support": ("101", "102")}))
    floor.watch("101", "101", event="message-summary")
    floor.watch("102", "102", event="message-summary", source=OTHER_DESK)
    assert len(floor.act(ShowMessages("support", 1, 0))) == 2


def test_a_mailbox_that_is_given_to_another_phone_goes_dark_here_and_lights_there() -> None:
    floor = Floor(with_mailboxes({"support": ("101",)}))
    floor.act(ShowMessages("support", 1, 0))
    floor.watch("101", "101", event="message-summary")
    floor.watch("102", "102", event="message-summary", source=OTHER_DESK)
    floor.reload(with_mailboxes({"support": ("102",)}))
    assert {each.uri: messages_of(each)["Messages-Waiting"] for each in floor.sent} == {
        f"sip:101@{DESK}": "no",
        f"sip:102@{OTHER_DESK}": "yes",
    }


# Who may.


def test_a_stranger_may_not_watch() -> None:
    floor = Floor()
    text = subscribe("sip:102@office.example", "101", "dialog", STRANGER, expires_s=600, call="watch", cseq=1)
    assert [each.status for each in floor.hear(text, STRANGER)] == [401]
    assert floor.watched == 0


def test_a_trunk_may_not_watch() -> None:
    floor = Floor()
    text = subscribe("sip:102@office.example", "101", "dialog", CARRIER, expires_s=600, call="watch", cseq=1)
    assert [each.status for each in floor.hear(text, CARRIER)] == [403]


@pytest.mark.parametrize("event", ["presence", "refer", ""])
def test_any_other_event_is_489_and_says_which_there_are(event: str) -> None:
    floor = Floor()
    (refused,) = floor.subscribe("101", "102", event=event)
    assert (refused.status, refused.need("Allow-Events")) == (489, "dialog, message-summary")


def test_less_than_a_minute_is_423() -> None:
    floor = Floor()
    (refused,) = floor.subscribe("101", "102", expires_s=30)
    assert (refused.status, refused.need("Min-Expires")) == (423, "60")
    floor.light("102", "on")
    assert floor.sent == []


def test_a_request_uri_that_cannot_be_read_is_answered() -> None:
    floor = Floor()
    text = subscribe("sip:@@@", "101", "dialog", STRANGER, expires_s=600, call="watch", cseq=1)
    assert [each.status for each in floor.hear(text, STRANGER)] == [400]


def test_one_phone_has_no_more_than_subscriptions_max_and_room_again_when_some_end() -> None:
    floor = Floor()
    for number in range(SUBSCRIPTIONS_MAX):
        floor.light(f"lamp-{number}", "on")
        accepted, notify = floor.subscribe("101", f"lamp-{number}", call=f"watch-{number}")
        assert accepted.status == 200
        floor.hear(reply(notify, 200, "OK"), DESK)
    (refused,) = floor.subscribe("101", "102", call="one-too-many")
    assert refused.status == 403
    assert "SUBSCRIPTIONS_MAX" in refused.need("Warning")
    floor.watch("102", "103", source=OTHER_DESK)
    (notify,) = floor.light("lamp-7", "off")
    floor.hear(reply(notify, 481, "Unknown"), DESK)
    assert floor.subscribe("101", "102", call="again")[0].status == 200


# How it goes on and ends.


def test_a_refresh_inside_the_dialog_needs_no_new_proof_and_shows_the_lamp_again() -> None:
    floor = Floor()
    first = floor.watch("101", "102")
    text = subscribe(
        "sip:102@office.example",
        "101",
        "dialog",
        DESK,
        expires_s=600,
        call="watch",
        cseq=3,
        to_tag=first.from_tag or "",
    )
    refreshed, notify = floor.hear(text, DESK)
    assert refreshed.status == 200
    assert lamp_of(notify)[1] == "terminated"


def test_who_unsubscribes_is_told_a_last_time() -> None:
    floor = Floor()
    first = floor.watch("101", "102")
    text = subscribe(
        "sip:102@office.example", "101", "dialog", DESK, expires_s=0, call="watch", cseq=3, to_tag=first.from_tag or ""
    )
    accepted, notify = floor.hear(text, DESK)
    assert (accepted.status, notify.need("Subscription-State")) == (200, "terminated;reason=timeout")
    floor.hear(reply(notify, 200, "OK"), DESK)
    assert floor.watched == 0
    assert floor.light("102", "on") == []


def test_a_subscription_of_an_earlier_process_is_481() -> None:
    text = subscribe(
        "sip:102@office.example", "101", "dialog", DESK, expires_s=600, call="watch", cseq=3, to_tag="of-last-week"
    )
    assert [each.status for each in Floor().hear(text, DESK)] == [481]


def test_a_phone_that_started_anew_is_asked_whether_it_knows_its_old_subscription() -> None:
    floor = Floor()
    old = floor.watch("101", "102", call="before")
    accepted, first, reminder = floor.subscribe("101", "102", call="after")
    assert (accepted.status, first.call_id, reminder.call_id) == (200, "after-of-101", old.call_id)
    floor.hear(reply(first, 200, "OK"), DESK)
    floor.hear(reply(reminder, 481, "Unknown"), DESK)
    floor.wait(5)
    assert [each.call_id for each in floor.light("102", "on")] == ["after-of-101"]


def test_a_phone_that_has_lost_its_connection_is_told_nothing_more() -> None:
    floor = Floor()
    uri = "sip:102@office.example"
    text = subscribe(uri, "101", "dialog", DESK, expires_s=600, call="watch", cseq=1, transport="tcp")
    (challenge,) = floor.hear(text, DESK, transport="tcp")
    proof = prove(challenge, "SUBSCRIBE", "101", uri=uri)
    text = subscribe(uri, "101", "dialog", DESK, expires_s=600, call="watch", cseq=2, proof=proof, transport="tcp")
    _, notify = floor.hear(text, DESK, transport="tcp")
    floor.hear(reply(notify, 200, "OK"), DESK, transport="tcp")
    floor.lose_flow(DESK, "tcp")
    floor.wait(5)
    assert floor.light("102", "on") == []


def test_registering_and_watching_do_not_disturb_each_other() -> None:
    floor = Floor()
    floor.register("101")
    floor.watch("101", "102")
    (challenge,) = floor.hear(register("101", f"sip:101@{DESK}", DESK, cseq=3, expires_s=0), DESK)
    assert challenge.status == 401
    assert len(floor.light("102", "on")) == 1


# Reload.


def test_a_lamp_that_is_taken_out_of_the_office_ends_its_subscriptions() -> None:
    floor = Floor()
    floor.light("support", "on")
    floor.watch("101", "support")
    floor.watch("101", "102", call="second")
    floor.reload(office_with(floor.settings, ("101", "102", "103"), queue="sales"))
    (notify,) = floor.sent
    assert notify.need("Subscription-State") == "terminated;reason=noresource"
    floor.hear(reply(notify, 200, "OK"), DESK)
    assert [each.status for each in floor.subscribe("101", "support", call="third")] == [404]
    assert lamp_of(floor.watch("101", "sales", call="fourth"))[1] == "terminated"


def test_a_phone_that_is_taken_out_of_the_office_watches_no_more() -> None:
    floor = Floor()
    floor.watch("103", "102")
    floor.reload(office_with(floor.settings, ("101", "102")))
    (notify,) = floor.sent
    assert notify.need("Subscription-State") == "terminated;reason=rejected"
    floor.hear(reply(notify, 200, "OK"), DESK)
    assert floor.watched == 0


def test_a_reload_that_changes_nothing_says_nothing() -> None:
    floor = Floor()
    floor.watch("101", "support")
    floor.watch("101", "101", event="message-summary", call="second")
    floor.reload(settings_of_office())
    assert floor.sent == []
    assert floor.watched == 2


def test_lamps_are_nothing_for_the_journal() -> None:
    floor = Floor()
    floor.watch("101", "102")
    floor.light("102", "on")
    assert floor.recorded(object) == []
    assert floor.signalling.snapshot(floor.now) == []
