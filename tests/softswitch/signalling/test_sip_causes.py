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
