"""REGISTER by the steps of RFC 3261 §10.3."""

import pytest

from sip_stack.flow import Address, Flow
from sip_stack.message import Request
from sip_stack.parser import parse_message
from sip_stack.registrar import (
    PATH_MAX,
    Binding,
    BindingChanged,
    BindingRemoved,
    Registrar,
    RegistrarLimits,
    Registration,
    until,
)
from tests.sip_stack.pair import ALICE, BOB, request

AOR = "sip:alice@example.org"
LIMITS = RegistrarLimits(expires_s_default=3600, expires_s_min=60, expires_s_max=7200, contacts_max=3)
FLOW = Flow("udp", BOB, ALICE)


class Desk:
    """A registrar and a phone whose CSeq counts up."""

    def __init__(self) -> None:
        self.registrar = Registrar(LIMITS)
        self.cseq = 0

    def ask(
        self, *lines: str, now: float = 0.0, cseq: int | None = None, call_id: str = "phone", flow: Flow = FLOW
    ) -> Registration:
        self.cseq = self.cseq + 1 if cseq is None else cseq
        message = parse_message(request("REGISTER", cseq=self.cseq, call_id=call_id, lines=lines))
        assert isinstance(message, Request)
        return self.registrar.register(AOR, message, flow, now)

    def contacts(self) -> list[str]:
        return [binding.contact for binding in self.registrar.bindings(AOR)]

    def only(self) -> Binding:
        (binding,) = self.registrar.bindings(AOR)
        return binding


def _listed(registration: Registration) -> list[str]:
    return [value for name, value in registration.headers if name == "Contact"]


def test_a_contact_is_bound_with_all_that_is_needed_to_reach_it() -> None:
    desk = Desk()
    done = desk.ask("Contact: <sip:a@192.0.2.1:5060>;q=0.5", "Expires: 600", "User-Agent: desk phone", now=100.0)
    assert done.status == 200
    assert desk.only() == Binding(
        aor=AOR, contact="sip:a@192.0.2.1:5060", flow=FLOW, expires_at=700.0, call_id="phone", cseq=1, q=0.5,
        user_agent="desk phone",
    )  # fmt: skip
    assert done.changes == (BindingChanged(desk.only()),)


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (("Contact: <sip:a@192.0.2.1>;expires=120", "Expires: 600"), 120),
        (("Contact: <sip:a@192.0.2.1>", "Expires: 600"), 600),
        (("Contact: <sip:a@192.0.2.1>",), 3600),
        (("Contact: <sip:a@192.0.2.1>;expires=soon",), 3600),
        (("Contact: <sip:a@192.0.2.1>;expires=100000",), 7200),
        (("Contact: <sip:a@192.0.2.1>", "Expires: 4294967295"), 7200),
        (("Contact: <sip:a@192.0.2.1>;expires=60",), 60),
    ],
)
def test_the_time_is_the_contacts_or_the_requests_or_ours_and_never_beyond_our_most(
    lines: tuple[str, ...], seconds: int
) -> None:
    """§10.2.1.1, §10.3 step 7."""
    desk = Desk()
    done = desk.ask(*lines, now=50.0)
    assert desk.only().expires_at == 50.0 + seconds
    assert _listed(done) == [f"<sip:a@192.0.2.1>;expires={seconds}"]


@pytest.mark.parametrize("lines", [("Contact: <sip:a@h>;expires=59",), ("Contact: <sip:a@h>", "Expires: 1")])
def test_a_time_too_short_gets_423_with_our_least(lines: tuple[str, ...]) -> None:
    """§10.3 step 7, §20.23."""
    desk = Desk()
    assert desk.ask(*lines) == Registration(423, (("Min-Expires", "60"),))
    assert desk.contacts() == []


def test_one_contact_too_short_leaves_the_others_unbound_too() -> None:
    """§10.3: all or nothing."""
    desk = Desk()
    assert desk.ask("Contact: <sip:a@h>;expires=600, <sip:b@h>;expires=5").status == 423
    assert desk.contacts() == []


@pytest.mark.parametrize("lines", [("Expires: never", "Contact: <sip:a@h>"), ("Contact: <sip:",), ("Contact: nobody",)])
def test_what_cannot_be_read_gets_400_and_changes_nothing(lines: tuple[str, ...]) -> None:
    desk = Desk()
    assert desk.ask(*lines).status == 400
    assert desk.contacts() == []


def test_without_a_contact_the_bindings_are_only_listed() -> None:
    """§10.2.3."""
    desk = Desk()
    desk.ask("Contact: <sip:a@h>", "Expires: 600")
    asked = desk.ask(now=100.0)
    assert (asked.status, asked.changes) == (200, ())
    assert _listed(asked) == ["<sip:a@h>;expires=500"]


def test_several_contacts_are_all_bound_and_listed() -> None:
    desk = Desk()
    done = desk.ask("Contact: <sip:a@h>;expires=600, <sip:b@h>;expires=700", "Contact: <sip:c@h>", "Expires: 800")
    assert sorted(_listed(done)) == [
        "<sip:a@h>;expires=600", "<sip:b@h>;expires=700", "<sip:c@h>;expires=800",
    ]  # fmt: skip
    assert [type(change) for change in done.changes] == [BindingChanged] * 3


def test_the_latest_registered_comes_first() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:old@h>")
    desk.ask("Contact: <sip:new@h>")
    assert desk.contacts() == ["sip:new@h", "sip:old@h"]
    desk.ask("Contact: <sip:old@h>")
    assert desk.contacts() == ["sip:old@h", "sip:new@h"]


def test_a_refresh_moves_the_end_and_takes_the_newest_way() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>", "Expires: 600")
    elsewhere = Flow("udp", BOB, Address("203.0.113.9", 40001))
    done = desk.ask("Contact: <sip:a@h>", "Expires: 600", now=500.0, flow=elsewhere)
    assert (desk.only().expires_at, desk.only().flow) == (1100.0, elsewhere)
    assert done.changes == (BindingChanged(desk.only()),)
    assert desk.registrar.expire(600.0) == []


def test_contacts_are_the_same_when_their_uris_are_equivalent() -> None:
    """§19.1.4: host without case, escapes resolved, unknown parameters ignored where one lacks them."""
    desk = Desk()
    desk.ask("Contact: <sip:%61lice@Phone.Example>")
    desk.ask('Contact: "Alice" <sip:alice@phone.example;ob>')
    assert desk.contacts() == ["sip:alice@phone.example;ob"]
    desk.ask("Contact: <sip:alice@phone.example;transport=tcp>")
    assert len(desk.contacts()) == 2


def test_a_contact_written_otherwise_is_told_as_gone_and_come() -> None:
    """Whoever keeps a record by the text must not be left with the old one."""
    desk = Desk()
    desk.ask("Contact: <sip:alice@h>")
    old = desk.only()
    done = desk.ask("Contact: <sip:alice@h;ob>")
    assert done.changes == (BindingRemoved(old), BindingChanged(desk.only()))


def test_expires_zero_removes_that_contact_only() -> None:
    """§10.2.2."""
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>")
    old = next(binding for binding in desk.registrar.bindings(AOR) if binding.contact == "sip:a@h")
    done = desk.ask("Contact: <sip:a@h>;expires=0")
    assert done.changes == (BindingRemoved(old),)
    assert desk.contacts() == ["sip:b@h"]
    assert len(_listed(done)) == 1


def test_removing_what_is_not_there_changes_nothing() -> None:
    done = Desk().ask("Contact: <sip:a@h>", "Expires: 0")
    assert (done.status, done.changes, _listed(done)) == (200, (), [])


def test_a_star_with_expires_zero_removes_all() -> None:
    """§10.2.2, §10.3 step 6; a new Call-ID makes the CSeq meaningless."""
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>")
    done = desk.ask("Contact: *", "Expires: 0", call_id="after a restart", cseq=1)
    assert done.status == 200
    assert {change.binding.contact for change in done.changes} == {"sip:a@h", "sip:b@h"}
    assert desk.contacts() == []


@pytest.mark.parametrize(
    "lines",
    [
        ("Contact: *",),
        ("Contact: *", "Expires: 600"),
        ("Contact: *, <sip:b@h>", "Expires: 0"),
        ("Contact: *", "Contact: <sip:b@h>", "Expires: 0"),
        ("Contact: <sip:b@h>", "Contact: *", "Expires: 600"),
    ],
)
def test_a_star_with_another_time_or_another_contact_gets_400(lines: tuple[str, ...]) -> None:
    """§10.3 step 6."""
    desk = Desk()
    desk.ask("Contact: <sip:a@h>")
    assert desk.ask(*lines).status == 400
    assert desk.contacts() == ["sip:a@h"]


# Order (§10.3 steps 6 and 7).


@pytest.mark.parametrize("cseq", [4, 5])
@pytest.mark.parametrize("lines", [("Contact: <sip:a@h>;expires=0",), ("Contact: *", "Expires: 0")])
def test_within_a_call_id_only_a_higher_cseq_changes_a_binding(lines: tuple[str, ...], cseq: int) -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>", cseq=5)
    assert desk.ask(*lines, cseq=cseq).status == 500
    assert desk.contacts() == ["sip:a@h"]
    assert desk.ask(*lines, cseq=6).status == 200
    assert desk.contacts() == []


def test_one_contact_out_of_order_leaves_the_others_unbound_too() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>", cseq=5)
    assert desk.ask("Contact: <sip:new@h>, <sip:a@h>", cseq=5).status == 500
    assert desk.contacts() == ["sip:a@h"]


def test_with_another_call_id_a_lower_cseq_counts() -> None:
    """The phone has been restarted."""
    desk = Desk()
    desk.ask("Contact: <sip:a@h>", cseq=50)
    assert desk.ask("Contact: <sip:a@h>;expires=0", cseq=1, call_id="new").status == 200
    assert desk.contacts() == []


# The limit.


def test_more_contacts_than_the_limit_are_refused_as_a_whole() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>")
    refused = desk.ask("Contact: <sip:c@h>, <sip:d@h>")
    assert refused.status == 403
    assert sorted(desk.contacts()) == ["sip:a@h", "sip:b@h"]
    assert desk.ask("Contact: <sip:c@h>").status == 200


def test_at_the_limit_refreshes_and_removals_still_work() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>")
    assert desk.ask("Contact: <sip:a@h>").status == 200
    assert desk.ask("Contact: <sip:a@h>;expires=0").status == 200
    assert desk.ask("Contact: <sip:d@h>").status == 200


def test_at_the_limit_a_phone_can_put_a_new_contact_in_the_place_of_its_old_one() -> None:
    """What a phone does when its address has changed."""
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>")
    assert desk.ask("Contact: <sip:a@h>;expires=0, <sip:a@elsewhere>").status == 200
    assert sorted(desk.contacts()) == ["sip:a@elsewhere", "sip:b@h", "sip:c@h"]


def test_one_new_contact_written_twice_counts_once() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>")
    assert desk.ask("Contact: <sip:c@h>, <sip:c@H>").status == 200
    assert len(desk.contacts()) == 3


def test_the_limit_is_for_each_address_of_record() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>")
    message = parse_message(request("REGISTER", lines=("Contact: <sip:a@h>",)))
    assert isinstance(message, Request)
    assert desk.registrar.register("sip:bob@example.org", message, FLOW, 0.0).status == 200
    assert len(desk.registrar.bindings("sip:bob@example.org")) == 1
    assert len(desk.contacts()) == 3


# q, time and restart.


@pytest.mark.parametrize(
    ("text", "q"),
    [("", 1.0), (";q=0.7", 0.7), (";q=0", 0.0), (";q=5", 1.0), (";q=-1", 0.0), (";q=much", 1.0), (";q", 1.0)],
)
def test_q_is_between_0_and_1_and_1_when_it_says_nothing(text: str, q: float) -> None:
    desk = Desk()
    desk.ask(f"Contact: <sip:a@h>{text}")
    assert desk.only().q == q


def test_bindings_end_at_their_time_and_not_before() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>;expires=100, <sip:b@h>;expires=200")
    assert desk.registrar.next_deadline() == 100.0
    assert desk.registrar.expire(99.9) == []
    assert [removed.binding.contact for removed in desk.registrar.expire(100.0)] == ["sip:a@h"]
    assert desk.contacts() == ["sip:b@h"]
    assert desk.registrar.next_deadline() == 200.0
    desk.registrar.expire(200.0)
    assert desk.registrar.next_deadline() is None
    assert desk.contacts() == []


def test_a_removed_binding_does_not_expire_as_well() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>")
    desk.registrar.remove(desk.only())
    assert desk.contacts() == []
    assert desk.registrar.expire(10_000.0) == []


def test_a_restored_binding_counts_as_if_it_had_stayed() -> None:
    before, after = Desk(), Desk()
    before.ask("Contact: <sip:a@h>", cseq=5)
    after.registrar.restore(before.only())
    assert after.registrar.bindings(AOR) == before.registrar.bindings(AOR)
    assert after.ask("Contact: <sip:a@h>", cseq=5).status == 500
    assert after.registrar.next_deadline() == 3600.0


def test_restoring_takes_the_place_of_the_same_contact() -> None:
    desk = Desk()
    desk.ask("Contact: <sip:a@h>")
    desk.registrar.restore(until(desk.only(), 77.0))
    assert desk.only().expires_at == 77.0
    assert len(desk.registrar.expire(77.0)) == 1


def test_a_path_is_kept_with_the_contact_and_told() -> None:
    """RFC 3327 §5.3."""
    desk = Desk()
    path = ("<sip:edge.example.org;lr>", "<sip:inner.example.org;lr>")
    done = desk.ask("Contact: <sip:alice@192.0.2.1>", f"Path: {path[0]}, {path[1]}")
    assert desk.only().path == path
    assert [value for name, value in done.headers if name == "Path"] == list(path)
    desk.ask("Contact: <sip:alice@192.0.2.1>")
    assert desk.only().path == ()


def test_a_path_of_too_many_proxies_is_refused() -> None:
    desk = Desk()
    lines = [f"Path: <sip:p{index}.example.org;lr>" for index in range(PATH_MAX + 1)]
    assert desk.ask("Contact: <sip:alice@192.0.2.1>", *lines).status == 403
    assert desk.contacts() == []
