from dataclasses import replace

from softswitch.domain.line import Line
from softswitch.domain.queue import Queue
from tests.softswitch.domain.small_office import SUPPORT


def line(*calls: str) -> Line:
    standing = Line()
    for order, call in enumerate(calls):
        standing.put(call, (0.0, order))
    return standing


def test_a_queue_is_full_when_one_more_is_too_many() -> None:
    queue = Queue(replace(SUPPORT, max_waiting=2), line("a"))
    assert not queue.is_full
    assert Queue(replace(SUPPORT, max_waiting=2), line("a", "b")).is_full
    assert Queue(replace(SUPPORT, max_waiting=0)).is_full
    assert not Queue(replace(SUPPORT, max_waiting=None), line(*"abcdef")).is_full


def test_a_retired_queue_is_kept_for_callers_and_talks() -> None:
    assert Queue(SUPPORT, is_retired=True).is_forgettable
    assert not Queue(SUPPORT, line("a"), is_retired=True).is_forgettable
    assert not Queue(SUPPORT, talks=1, is_retired=True).is_forgettable
    assert not Queue(SUPPORT).is_forgettable
