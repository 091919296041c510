import pytest

from softswitch.domain.causes import Cause
from softswitch.signalling.sip_causes import cause_of_refusal, headers_of_hang_up, refusal_of_cause


def test_a_timeout_is_a_no_answer_only_after_the_telephone_rang() -> None:
    assert cause_of_refusal(408, was_ringing=True) is Cause.NO_ANSWER
    assert cause_of_refusal(408, was_ringing=False) is Cause.UNREACHABLE
    assert cause_of_refusal(480, was_ringing=True) is Cause.NO_ANSWER
    assert cause_of_refusal(480, was_ringing=False) is Cause.UNREACHABLE


def test_busy_and_declined_stay_what_they_are_whether_it_rang_or_not() -> None:
    for was_ringing in (True, False):
        assert cause_of_refusal(486, was_ringing=was_ringing) is Cause.BUSY
        assert cause_of_refusal(600, was_ringing=was_ringing) is Cause.BUSY
        assert cause_of_refusal(603, was_ringing=was_ringing) is Cause.DECLINED


def test_a_fault_of_the_network_is_nobodys_miss() -> None:
    assert cause_of_refusal(500, was_ringing=True) is Cause.NETWORK_FAILURE
    assert cause_of_refusal(503, was_ringing=False) is Cause.NETWORK_FAILURE
    assert cause_of_refusal(302, was_ringing=False) is Cause.UNREACHABLE


def test_every_cause_has_a_final_status_and_503_says_when_to_come_back() -> None:
    for cause in Cause:
        status, headers = refusal_of_cause(cause)
        assert 400 <= status <= 699
        assert (("Retry-After", "10") in headers) == (status == 503)


def test_the_losers_of_a_race_are_told_that_the_call_was_completed_elsewhere() -> None:
    assert headers_of_hang_up(Cause.ANSWERED_ELSEWHERE) == (
        ("Reason", 'SIP;cause=200;text="Call completed elsewhere"'),
    )
    assert headers_of_hang_up(Cause.CALLER_GONE) == ()


@pytest.mark.parametrize(
    ("status", "network", "cause"),
    [
        (480, 17, Cause.BUSY),
        (480, 21, Cause.DECLINED),
        (404, 1, Cause.UNKNOWN_NUMBER),
        (404, 3, Cause.UNREACHABLE),
        (503, 34, Cause.NETWORK_FAILURE),
        (480, 20, Cause.UNREACHABLE),
        (480, 19, Cause.NO_ANSWER),
        (486, 16, Cause.BUSY),
        (603, 127, Cause.DECLINED),
    ],
)
def test_the_networks_cause_says_more_than_the_status(status: int, network: int, cause: Cause) -> None:
    """RFC 4497 §8.4.4 folds these into few statuses; 16 and 127 say nothing of why."""
    assert cause_of_refusal(status, was_ringing=True, network=network) is cause


def test_nobody_has_missed_what_never_rang_whatever_the_network_says() -> None:
    assert cause_of_refusal(480, was_ringing=False, network=19) is Cause.UNREACHABLE


def test_a_carrier_is_told_the_networks_cause() -> None:
    assert headers_of_hang_up(Cause.HUNG_UP, is_carrier=True) == (
        ("Reason", 'Q.850;cause=16;text="Normal call clearing"'),
    )
    assert refusal_of_cause(Cause.BUSY, is_carrier=True) == (
        486,
        (("Reason", 'Q.850;cause=17;text="User busy"'),),
    )
    elsewhere = headers_of_hang_up(Cause.ANSWERED_ELSEWHERE, is_carrier=True)
    assert [value.partition(";")[0] for _, value in elsewhere] == ["SIP", "Q.850"]


def test_every_cause_can_be_told_to_a_carrier() -> None:
    for cause in Cause:
        assert refusal_of_cause(cause, is_carrier=True)[1][-1][0] == "Reason"
        assert headers_of_hang_up(cause, is_carrier=True)[-1][0] == "Reason"
