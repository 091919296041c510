from itertools import product

import pytest

from softswitch.domain.call import CALL_CHANGES, Call, CallState, IllegalChange
from softswitch.domain.inputs import FromTrunk

STATES: tuple[CallState, ...] = (
    "routing", "waiting", "presenting", "dialling", "talking", "direct", "serving", "ended",
)  # fmt: skip
LEGAL = {
    ("routing", "waiting"), ("routing", "direct"), ("routing", "serving"), ("routing", "ended"),
    ("waiting", "waiting"), ("waiting", "presenting"), ("waiting", "direct"), ("waiting", "serving"),
    ("waiting", "ended"),
    ("presenting", "presenting"), ("presenting", "waiting"), ("presenting", "talking"), ("presenting", "dialling"),
    ("presenting", "direct"), ("presenting", "serving"), ("presenting", "ended"),
    ("dialling", "talking"), ("dialling", "ended"),
    ("talking", "waiting"), ("talking", "direct"), ("talking", "serving"), ("talking", "ended"),
    ("direct", "direct"), ("direct", "waiting"), ("direct", "serving"), ("direct", "ended"),
    ("serving", "waiting"), ("serving", "direct"), ("serving", "ended"),
}  # fmt: skip


def a_call(state: CallState) -> Call:
    return Call("c", "in-1", FromTrunk("carrier"), "+46", "", "+461", arrived_at=0.0, changed_at=0.0, state=state)


@pytest.mark.parametrize(("before", "after"), list(product(STATES, STATES)))
def test_every_change_is_in_the_table_or_refused(before: CallState, after: CallState) -> None:
    call = a_call(before)
    if (before, after) in LEGAL:
        call.change(after, 5.0)
        assert call.state == after
        assert call.changed_at == (0.0 if before == after else 5.0)
    else:
        with pytest.raises(IllegalChange):
            call.change(after, 5.0)
        assert call.state == before


def test_the_table_has_every_state_and_nothing_follows_the_end() -> None:
    assert set(CALL_CHANGES) == set(STATES)
    assert CALL_CHANGES["ended"] == ()


def test_ids_are_derived_from_the_call_and_never_look_like_an_incoming_leg() -> None:
    call = a_call("routing")
    assert [call.next_leg(), call.next_leg(), call.next_presentation(), call.next_recording()] == [
        "c-l1", "c-l2", "c-p1", "c-r1"
    ]  # fmt: skip
