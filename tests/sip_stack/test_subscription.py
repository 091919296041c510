from __future__ import annotations

import pytest

from sip_stack.events import RequestReceived
from sip_stack.flow import Address, Flow
from sip_stack.message import Request
from sip_stack.subscription import EndReason, EventName, event_of
from tests.sip_stack.pair import ALICE, BOB, Party, answer, request
from tests.sip_stack.watching_phone import CONTACT, Desk, Parts, Words

# What is an event.


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("Event: dialog",), EventName("dialog")),
        (("o: message-summary",), EventName("message-summary")),
        (("Event: dialog ; id=7;call-id=x",), EventName("dialog", "7")),
        (("Event:  presence.winfo",), EventName("presence.winfo")),
        ((), None),
        (("Event: ;id=1",), None),
        (("Event: a b",), None),
        (('Event: dialog;id="x, y"',), None),
    ],
)
def test_an_event_is_a_package_and_perhaps_an_id(lines: tuple[str, ...], expected: EventName | None) -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("SUBSCRIBE", lines=(CONTACT, *lines)))
    (received,) = bob.told(RequestReceived)
    assert event_of(received.request) == expected


# A subscription begins.


def test_a_subscribe_is_answered_and_the_full_state_follows_at_once() -> None:
    """RFC 6665 §4.2.1.1, §4.2.2."""
    desk = Desk()
    desk.subscribe("ringing", expires=600)
    assert desk.bob.labels() == ["200 SUBSCRIBE", "NOTIFY"]
    assert desk.answered.expires == 600
    assert [str(contact.uri) for contact in desk.answered.contacts] == [f"sip:{BOB}"]
    (notify,) = desk.notifies
    assert (notify.headers.get("Event"), notify.headers.get("Content-Type")) == ("dialog", "text/plain")
    assert (desk.states, desk.words) == (["active;expires=600"], ["ringing 0"])


def test_a_notify_speaks_in_the_dialog_that_the_subscribe_made() -> None:
    """RFC 6665 §4.4.1, RFC 3261 §12.1.1: tags crossed over, the route set in order, the Contact as Request-URI."""
    desk = Desk()
    routes = ("Record-Route: <sip:p1.example.com;lr>", "Record-Route: <sip:p2.example.com;lr>")
    desk.subscribe(contact="Contact: <sip:alice@192.0.2.99:5070>", more=routes)
    assert desk.answered.headers.get_all_raw("Record-Route") == [line.partition(": ")[2] for line in routes]
    (notify,) = desk.notifies
    assert notify.uri_text == "sip:alice@192.0.2.99:5070"
    assert [str(route) for route in notify.routes] == ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]
    assert (notify.from_.tag, notify.to.tag, notify.call_id) == (desk.tag, "phone", "watch")
    assert (str(notify.from_.uri), str(notify.to.uri)) == ("sip:bob@example.org", "sip:alice@example.org")
    assert notify.contacts, "a NOTIFY is a target refresh (§4.4.1)"
    assert [each.flow for each in desk.bob.sent("NOTIFY")] == [desk.bob.flow]


def test_a_strict_router_on_the_way_gets_its_own_uri() -> None:
    """RFC 3261 §12.2.1.1."""
    desk = Desk()
    desk.subscribe(more=("Record-Route: <sip:p1.example.com>",))
    (notify,) = desk.notifies
    assert notify.uri_text == "sip:p1.example.com"
    assert [str(route.uri) for route in notify.routes] == ["sip:alice@192.0.2.1:5060"]


def test_the_id_of_the_event_is_said_again() -> None:
    """RFC 6665 §8.2.1."""
    desk = Desk()
    desk.subscribe(event="dialog;id=42")
    assert desk.notifies[0].headers.get("Event") == "dialog;id=42"


@pytest.mark.parametrize(("asked", "given"), [(None, 3600), (3600, 3600), (86400, 3600), (60, 60)])
def test_a_subscription_is_given_for_as_long_as_asked_but_an_hour_at_most(asked: int | None, given: int) -> None:
    desk = Desk()
    desk.subscribe(expires=asked)
    assert (desk.answered.expires, desk.states) == (given, [f"active;expires={given}"])


@pytest.mark.parametrize("asked", [1, 59])
def test_less_than_a_minute_is_too_brief(asked: int) -> None:
    """RFC 6665 §4.2.1.1."""
    desk = Desk()
    assert desk.subscribe(expires=asked) is None
    assert (desk.answered.status, desk.answered.headers.get("Min-Expires")) == (423, "60")
    assert not desk.notifies
    assert desk.bob.endpoint.subscription_count == 0


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"contact": "Subject: none"}, 400),
        ({"contact": "Contact: <sip:@@@>"}, 400),
        ({"more": ("Record-Route: <nonsense",)}, 400),
        ({"expires": None, "more": ("Expires: soon",)}, 400),
        ({"event": None}, 489),
        ({"more": ("Accept: application/pidf+xml",)}, 406),
    ],
)
def test_a_subscribe_that_is_no_good_is_refused_and_leaves_nothing(parts: Parts, status: int) -> None:
    desk = Desk()
    assert desk.subscribe(**parts) is None
    assert desk.answered.status == status
    assert desk.bob.labels() == [f"{status} SUBSCRIBE"]
    assert desk.bob.endpoint.subscription_count == 0


@pytest.mark.parametrize("accept", ["text/plain", "application/x, Text/Plain;q=0.5", "text/*", "*/*"])
def test_a_document_that_the_peer_accepts_is_sent(accept: str) -> None:
    desk = Desk()
    assert desk.subscribe(more=(f"Accept: {accept}",)) is not None


def test_expires_0_fetches_the_state_once() -> None:
    """RFC 6665 §4.4.3."""
    desk = Desk()
    subscription = desk.subscribe("busy", expires=0)
    assert (desk.answered.status, desk.answered.expires) == (200, 0)
    assert (desk.states, desk.words) == (["terminated;reason=timeout"], ["busy 0"])
    desk.reply()
    assert desk.ended == [subscription]
    assert desk.bob.endpoint.subscription_count == 0


def test_a_subscribe_that_is_repeated_on_the_wire_makes_one_subscription() -> None:
    desk = Desk()
    data = request("SUBSCRIBE", lines=(CONTACT, "Event: dialog"))
    desk.bob.hear(data)
    (received,) = desk.bob.told(RequestReceived)
    desk.bob.endpoint.accept_subscription(received.request_id, Words("quiet"), 0.0)
    desk.bob.hear(data)
    assert desk.bob.labels() == ["200 SUBSCRIBE", "NOTIFY", "200 SUBSCRIBE"]
    assert desk.bob.endpoint.subscription_count == 1


# What changes.


def test_a_change_is_told_with_the_next_cseq_and_version() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply()
    desk.wait(10)
    desk.show(subscription, "ringing")
    assert desk.words == ["quiet 0", "ringing 1"]
    first, second = [each.cseq.number for each in desk.notifies]
    assert second == first + 1
    assert desk.states[-1] == "active;expires=590"


def test_what_is_no_change_is_not_told() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply()
    desk.wait(10)
    desk.show(subscription, "quiet")
    assert desk.words == ["quiet 0"]


def test_there_are_never_two_at_a_time_and_only_the_newest_is_told_afterwards() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.wait(10)
    for word in ("ringing", "busy", "wrapping up"):
        desk.show(subscription, word)
    assert desk.words == ["quiet 0"]
    desk.reply()
    assert desk.words == ["quiet 0", "wrapping up 1"]
    desk.wait(10)
    desk.reply()
    assert desk.words == ["quiet 0", "wrapping up 1"]


def test_what_has_changed_and_changed_back_meanwhile_is_not_told() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.wait(10)
    desk.show(subscription, "ringing")
    desk.show(subscription, "quiet")
    desk.reply()
    desk.wait(10)
    assert desk.words == ["quiet 0"]


def test_changes_are_told_once_a_second_at_most_and_the_last_one_always() -> None:
    """RFC 4235 §3.10. Eight changes a second, each after what was due had been sent and answered."""
    desk = Desk()
    subscription = desk.subscribe("0")
    desk.reply()
    for number in range(1, 21):
        desk.wait(0.125)
        desk.reply()
        desk.show(subscription, str(number))
    desk.wait(10)
    assert desk.words == ["0 0", "7 1", "15 2", "20 3"]
    assert desk.bob.times("NOTIFY")[:4] == [0.0, 1.0, 2.0, 3.0]


def test_a_provisional_answer_changes_nothing() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply(100)
    desk.wait(5)
    desk.show(subscription, "ringing")
    assert desk.words == ["quiet 0"]


def test_on_udp_a_notify_is_repeated_until_it_is_answered() -> None:
    """RFC 3261 §17.1.2.2: after T1, then twice as long each time."""
    desk = Desk()
    desk.subscribe("quiet")
    desk.wait(2)
    assert desk.bob.times("NOTIFY") == [0.0, 0.5, 1.5]
    desk.reply()
    desk.wait(10)
    assert len(desk.bob.times("NOTIFY")) == 3


def test_a_reminder_tells_again_what_is_known() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply()
    assert subscription is not None
    desk.bob.endpoint.remind(subscription, desk.bob.now)
    assert desk.words == ["quiet 0", "quiet 1"]
    desk.reply(481)
    assert desk.ended == [subscription]


# A subscription goes on.


def test_a_refresh_gives_new_time_and_tells_the_state_again() -> None:
    """RFC 6665 §4.2.1.4."""
    desk = Desk()
    desk.subscribe("quiet", expires=600)
    desk.reply()
    desk.wait(300)
    refreshed = desk.refresh(expires=600)
    assert (refreshed.status, refreshed.expires) == (200, 600)
    assert (desk.states[-1], desk.words) == ("active;expires=600", ["quiet 0", "quiet 1"])
    desk.reply()
    desk.wait(599)
    assert len(desk.notifies) == 2
    desk.wait(1)
    assert desk.states[-1] == "terminated;reason=timeout"


def test_a_refresh_while_a_notify_is_unanswered_tells_the_state_after_it() -> None:
    desk = Desk()
    desk.subscribe("quiet")
    desk.refresh()
    assert desk.words == ["quiet 0"]
    desk.reply()
    assert desk.words == ["quiet 0", "quiet 1"]


def test_a_refresh_from_elsewhere_moves_target_and_flow() -> None:
    """RFC 6665 §4.4.1; behind a NAT the source is what counts."""
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply()
    there = Address("192.0.2.77", 1234)
    desk.refresh(contact="Contact: <sip:alice@10.1.1.1:5062>", flow=Flow("udp", BOB, there))
    sent = desk.bob.sent("NOTIFY")[-1]
    assert isinstance(sent.message, Request)
    assert (sent.flow.remote, sent.message.uri_text) == (there, "sip:alice@10.1.1.1:5062")
    desk.reply()
    desk.wait(10)
    desk.show(subscription, "busy")
    assert desk.bob.sent("NOTIFY")[-1].flow.remote == there


def test_a_refresh_that_is_too_brief_leaves_the_subscription_as_it_was() -> None:
    desk = Desk()
    desk.subscribe("quiet", expires=600)
    desk.reply()
    tag = desk.tag
    refused = desk.refresh(expires=59)
    assert (refused.status, refused.headers.get("Min-Expires")) == (423, "60")
    desk.wait(599)
    assert len(desk.notifies) == 1
    assert desk.refresh(cseq=3, to_tag=tag).status == 200


@pytest.mark.parametrize(("event", "status"), [("message-summary", 403), ("dialog;id=2", 403), (None, 489)])
def test_a_dialog_carries_one_subscription(event: str | None, status: int) -> None:
    """RFC 6665 §4.5.2."""
    desk = Desk()
    desk.subscribe("quiet")
    desk.reply()
    assert desk.refresh(event=event).status == status
    assert len(desk.notifies) == 1


@pytest.mark.parametrize(
    "parts",
    [{"to_tag": "unknown"}, {"call_id": "other"}, {"from_tag": "someone-else"}],
    ids=lambda parts: next(iter(parts)),
)
def test_a_subscribe_in_a_dialog_that_is_not_known_gets_481(parts: Parts) -> None:
    """RFC 6665 §4.1.2.2: that is how a phone learns that we have started anew."""
    desk = Desk()
    desk.subscribe("quiet")
    desk.reply()
    assert desk.refresh(**parts).status == 481
    assert len(desk.notifies) == 1


def test_an_old_cseq_is_out_of_order() -> None:
    """RFC 3261 §12.2.2."""
    desk = Desk()
    desk.subscribe("quiet", cseq=5)
    desk.reply()
    assert desk.refresh(cseq=5).status == 500
    assert desk.refresh(cseq=6).status == 200


@pytest.mark.parametrize("broken", ["Contact: <sip:@@@>", "Contact: nonsense"])
def test_a_refresh_that_cannot_be_read_is_answered_and_changes_nothing(broken: str) -> None:
    desk = Desk()
    desk.subscribe("quiet")
    desk.reply()
    tag = desk.tag
    assert desk.refresh(contact=broken).status == 400
    assert len(desk.notifies) == 1
    assert desk.refresh(to_tag=tag).status == 200
    assert desk.notifies[-1].uri_text == "sip:alice@192.0.2.1:5060"


def test_a_call_in_the_dialog_of_a_subscription_is_none_of_it() -> None:
    """RFC 5057: BYE ends INVITE usages only; there is none here."""
    desk = Desk()
    desk.subscribe("quiet")
    desk.reply()
    desk.bob.hear(request("BYE", branch="z9hG4bK-bye", cseq=2, call_id="watch", to_tag=desk.tag))
    assert desk.bob.last_response().status == 481
    assert not desk.ended


def test_a_subscribe_in_the_dialog_of_a_call_is_refused_and_the_call_goes_on() -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE"))
    bob.endpoint.accept("in-1", b"", bob.now)
    tag = bob.last_response().to.tag
    bob.hear(request("SUBSCRIBE", branch="z9hG4bK-2", cseq=2, to_tag=tag, lines=(CONTACT, "Event: dialog")))
    assert bob.labels()[-1] == "405 SUBSCRIBE"
    assert bob.endpoint.session_count == 1


# A subscription ends.


def test_expires_0_ends_it_with_a_last_notify() -> None:
    """RFC 6665 §4.1.2.3."""
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply()
    assert desk.refresh(expires=0).expires == 0
    assert desk.states[-1] == "terminated;reason=timeout"
    assert not desk.ended, "the last NOTIFY has not been answered"
    desk.reply()
    assert desk.ended == [subscription]
    desk.wait(4000)
    assert len(desk.notifies) == 2


def test_the_end_waits_for_the_notify_that_is_on_its_way() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    tag = desk.tag
    desk.refresh(expires=0)
    desk.show(subscription, "busy")
    assert desk.states == ["active;expires=600"]
    desk.reply()
    assert (desk.states[-1], desk.words[-1]) == ("terminated;reason=timeout", "busy 1")
    assert desk.refresh(cseq=3, to_tag=tag).status == 481
    desk.reply()
    assert desk.bob.endpoint.subscription_count == 0
    assert desk.bob.told_names().count("SubscriptionEnded") == 1


def test_its_time_is_over_when_nobody_refreshes_it() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet", expires=60)
    desk.reply()
    desk.wait(59.9)
    assert len(desk.notifies) == 1
    desk.wait(0.1)
    assert desk.states[-1] == "terminated;reason=timeout"
    desk.reply()
    assert desk.ended == [subscription]
    assert desk.bob.endpoint.next_deadline() is not None, "the transaction lingers"
    desk.wait(32)
    assert desk.bob.endpoint.next_deadline() is None


@pytest.mark.parametrize("reason", ["noresource", "rejected", "deactivated"])
def test_the_owner_ends_it_and_says_why(reason: EndReason) -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply()
    assert subscription is not None
    desk.bob.endpoint.end_subscription(subscription, reason, desk.bob.now)
    desk.bob.endpoint.end_subscription(subscription, reason, desk.bob.now)
    assert desk.states[1:] == [f"terminated;reason={reason}"]
    desk.reply()
    assert desk.ended == [subscription]


@pytest.mark.parametrize("status", [300, 400, 404, 408, 481, 489, 500, 503, 603])
def test_a_notify_that_is_refused_ends_it_without_another_word(status: int) -> None:
    """RFC 6665 §4.2.2."""
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.show(subscription, "busy")
    desk.reply(status)
    assert desk.ended == [subscription]
    assert desk.words == ["quiet 0"]
    desk.show(subscription, "quiet")
    desk.wait(4000)
    assert desk.words == ["quiet 0"]


def test_a_notify_that_nobody_answers_ends_it() -> None:
    """64·T1, timer F."""
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.wait(31.9)
    assert not desk.ended
    desk.wait(0.2)
    assert desk.ended == [subscription]
    assert desk.bob.endpoint.subscription_count == 0


def test_retry_after_puts_the_newest_state_off() -> None:
    """RFC 6665 §4.2.2: then the NOTIFY has not failed."""
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply(503, lines=("Retry-After: 20 (busy);duration=60",))
    desk.show(subscription, "ringing")
    desk.show(subscription, "busy")
    desk.wait(19.9)
    assert desk.words == ["quiet 0"]
    desk.wait(0.2)
    assert desk.words == ["quiet 0", "busy 1"]
    assert not desk.ended


@pytest.mark.parametrize(
    ("status", "retry_after"), [(481, "5"), (408, "5"), (500, "301"), (500, "soon"), (500, ""), (500, "9" * 5000)]
)
def test_retry_after_does_not_save_what_is_gone_or_puts_us_off_too_long(status: int, retry_after: str) -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet")
    desk.reply(status, lines=(f"Retry-After: {retry_after}",))
    assert desk.ended == [subscription]


def test_retry_after_0_does_not_make_us_run() -> None:
    desk = Desk()
    desk.subscribe("quiet")
    desk.reply(500, lines=("Retry-After: 0",))
    desk.wait(0.9)
    assert len(desk.notifies) == 1
    desk.wait(0.2)
    assert len(desk.notifies) == 2


def test_the_last_notify_is_not_tried_again() -> None:
    desk = Desk()
    subscription = desk.subscribe("quiet", expires=0)
    desk.reply(500, lines=("Retry-After: 5",))
    assert desk.ended == [subscription]
    desk.wait(100)
    assert len(desk.notifies) == 1


def test_a_lost_connection_ends_what_was_told_by_it() -> None:
    desk = Desk("tcp")
    first = desk.subscribe("quiet", via="SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK-a")
    desk.reply()
    other = Flow("tcp", BOB, Address("192.0.2.200", 5060))
    second = desk.subscribe("quiet", call_id="other", flow=other, via="SIP/2.0/TCP 192.0.2.200:5060;branch=z9hG4bK-b")
    desk.bob.hear(answer(desk.notifies[-1], 200, lines=()), other)
    desk.bob.endpoint.flow_lost(desk.bob.flow, desk.bob.now)
    assert desk.ended == [first]
    desk.wait(10)
    desk.show(second, "busy")
    assert [each.flow for each in desk.bob.sent("NOTIFY")][-1] == other
    desk.bob.endpoint.flow_lost(other, desk.bob.now)
    assert desk.ended == [first, second], "the unanswered NOTIFY and the subscription end once"
    assert desk.bob.endpoint.subscription_count == 0
