"""OPTIONS asked again and again: a target is there, is gone, and is back (RFC 3261 §11)."""

from __future__ import annotations

import pytest

from sip_stack.message import Response
from sip_stack.qualification import ANSWER_S_MAX, DOWN_EVERY_S, LOSSES, Qualification, TargetDown, TargetUp
from sip_stack.standing import RequestWanted
from sip_stack.uri import SipUri
from tests.counted_tokens import CountedTokens

TARGET = SipUri.parse("sip:192.0.2.20:5060")
ME = SipUri.parse("sip:office@office.example")
EVERY_S = 30.0


class Target:
    """A target that answers with `status` after `answers_after_s`, or not at all."""

    def __init__(self) -> None:
        self.now = 50.0
        self.status: int | None = 200
        self.answers_after_s = 0.02
        self.asked: list[float] = []
        self.told: list[TargetUp | TargetDown] = []
        self.requests: list[RequestWanted] = []
        self._due: list[tuple[float, RequestWanted]] = []
        self.qualification = Qualification("carrier", TARGET, ME, EVERY_S, CountedTokens())
        self.qualification.start(self.now)

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            moments = [at for at, _ in self._due]
            deadline = self.qualification.next_deadline()
            if deadline is not None:
                moments.append(deadline)
            if not moments or min(moments) > until:
                break
            self.now = max(self.now, min(moments))
            if self._due and self._due[0][0] <= self.now:
                _, request = self._due.pop(0)
                response = None if self.status is None else Response(self.status)
                self.qualification.take_response(request.request_id, response, self.now)
            else:
                self.qualification.handle_timeout(self.now)
            self._collect()
        self.now = until

    def _collect(self) -> None:
        for output in self.qualification.drain():
            if isinstance(output, RequestWanted):
                self.asked.append(self.now)
                self.requests.append(output)
                if self.status is not None:
                    self._due.append((self.now + self.answers_after_s, output))
            else:
                self.told.append(output)


def test_a_target_that_answers_is_up_and_is_asked_again_in_its_time() -> None:
    target = Target()
    target.run(100)
    assert target.told == [TargetUp("carrier")]
    assert 50.0 <= target.asked[0] < 51.0
    gaps = [later - earlier for earlier, later in zip(target.asked, target.asked[1:], strict=False)]
    assert gaps == pytest.approx([EVERY_S] * 3)
    assert target.qualification.round_trip_s == pytest.approx(0.02)


def test_the_question_is_an_options_to_the_target() -> None:
    target = Target()
    target.run(2)
    (request,) = target.requests
    assert (request.method, request.target, request.to.uri, request.from_.uri) == ("OPTIONS", TARGET, TARGET, ME)


@pytest.mark.parametrize("status", [200, 403, 404, 405, 481, 486, 500])
def test_whatever_it_answers_it_is_there(status: int) -> None:
    target = Target()
    target.status = status
    target.run(2)
    assert target.told == [TargetUp("carrier")]


@pytest.mark.parametrize("status", [408, 503])
def test_these_answers_say_that_it_is_not(status: int) -> None:
    target = Target()
    target.status = status
    target.run(60)
    assert target.told == [TargetDown("carrier")]


def test_one_lost_answer_is_not_believed() -> None:
    target = Target()
    target.run(40)
    target.status = None
    target.run(30)
    assert target.told == [TargetUp("carrier")]
    target.status = 200
    target.run(60)
    assert target.told == [TargetUp("carrier")]


def test_several_in_a_row_are_and_it_is_asked_more_often_until_it_answers() -> None:
    target = Target()
    target.run(40)
    target.status = None
    target.run(EVERY_S + LOSSES * DOWN_EVERY_S + ANSWER_S_MAX)
    assert target.told == [TargetUp("carrier"), TargetDown("carrier")]
    assert target.qualification.round_trip_s is None
    asked = len(target.asked)
    target.run(10 * DOWN_EVERY_S)
    assert len(target.asked) - asked == 10
    target.status = 200
    target.run(DOWN_EVERY_S + 1)
    assert target.told[-1] == TargetUp("carrier")


def test_an_answer_that_comes_too_late_is_no_answer() -> None:
    target = Target()
    target.answers_after_s = ANSWER_S_MAX + 1
    target.run(60)
    assert target.told == [TargetDown("carrier")]
