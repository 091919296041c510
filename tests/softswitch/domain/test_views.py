from datetime import datetime

import msgspec
import pytest

from softswitch.domain import views
from softswitch.domain.call_record import CallRecord
from softswitch.domain.refusals import CommandRefused
from tests.softswitch.domain.small_office import NUMBER, WALL_OFFSET_S, Stage

CALL_KEYS = ["id", "state", "caller", "dialled", "queue", "agent", "since", "wait_s"]
HISTORY_KEYS = [
    "id", "caller", "dialled", "queue", "agent", "outcome", "arrived_at", "answered_at", "connected_at", "ended_at",
    "wait_s", "talk_s", "ended_by", "cause", "recordings",
]  # fmt: skip
QUEUE_KEYS = [
    "queue", "waiting", "longest_wait_s", "ready", "ringing", "talking", "wrap_up", "paused", "offered_today",
    "answered_today", "abandoned_today", "overflowed_today", "failed_today", "service_level_today",
]  # fmt: skip
AGENT_KEYS = ["agent", "name", "presence", "pause_reason", "activity", "since", "queues", "call"]


def test_times_are_rfc_3339_with_the_offices_zone() -> None:
    text = views.rfc3339(1_800_000_000.0, "Europe/Stockholm")
    assert text == "2027-01-15T09:00:00.000+01:00"
    assert views.rfc3339(None, "UTC") is None
    assert datetime.fromisoformat(text).timestamp() == 1_800_000_000.0


def test_the_calls_that_are_up_in_each_state() -> None:
    stage = Stage(registered=("101",))
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.wait(2)
    stage.ring_in()
    stage.wait(1)
    presenting, waiting = views.call_list(stage.switch, stage.now)
    assert list(presenting)[: len(CALL_KEYS)] == CALL_KEYS
    assert (presenting["state"], presenting["agent"], presenting["wait_s"]) == ("presenting", "anna", 3.0)
    assert (waiting["state"], waiting["agent"], waiting["queue"], waiting["wait_s"]) == (
        "waiting",
        None,
        "support",
        1.0,
    )
    stage.answer("t-1-l1")
    stage.wait(50)
    talking = views.call_list(stage.switch, stage.now)[0]
    assert (talking["state"], talking["agent"], talking["wait_s"]) == ("talking", "anna", 3.0)
    assert talking["since"] == views.rfc3339(WALL_OFFSET_S + 3, "Europe/Stockholm")


def test_one_call_with_its_way_its_visits_and_presentations() -> None:
    stage = Stage()
    stage.ring_in()
    stage.wait(2)
    row = views.call_show(stage.switch, "t-1", stage.now)
    assert set(HISTORY_KEYS) <= set(row)
    assert row["routes"] == [{"destination": "queue:support", "rule": f"number {NUMBER}"}]
    shown = msgspec.convert(row["presentations"], list[dict[str, object]])
    assert [(each["agent"], each["outcome"], each["runner_up"]) for each in shown] == [("anna", None, "bo")]
    assert [leg["device"] for leg in msgspec.convert(row["legs"], list[dict[str, object]])] == [None, "phone:101"]
    with pytest.raises(CommandRefused):
        views.call_show(stage.switch, "t-9", stage.now)


def test_a_queue_counts_each_agent_once_and_its_callers() -> None:
    stage = Stage()
    stage.ring_in()
    stage.wait(5)
    (row,) = views.queue_list(stage.switch, stage.now)
    assert list(row)[: len(QUEUE_KEYS)] == QUEUE_KEYS
    assert [row[key] for key in QUEUE_KEYS] == ["support", 1, 5.0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0.0]
    stage.answer("t-1-l1")
    stage.choose("bo", "paused")
    shown = views.queue_show(stage.switch, "support", stage.now)
    assert [shown[key] for key in QUEUE_KEYS] == ["support", 0, None, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1.0]
    assert shown["callers"] == []
    with pytest.raises(CommandRefused) as refusal:
        views.queue_show(stage.switch, "suport", stage.now)
    assert "'support'" in refusal.value.mend


def test_agents_with_both_their_states() -> None:
    stage = Stage()
    stage.ring_in()
    stage.answer("t-1-l1")
    stage.choose("anna", "paused", "lunch")
    anna, bo = views.agent_list(stage.switch, stage.now)
    assert list(anna)[: len(AGENT_KEYS)] == AGENT_KEYS
    assert (anna["presence"], anna["pause_reason"], anna["activity"], anna["call"]) == (
        "paused",
        "lunch",
        "talking",
        "t-1",
    )
    assert (bo["name"], bo["presence"], bo["activity"], bo["queues"]) == ("Bo Ek", "ready", "idle", ["support"])


def test_a_record_is_shown_with_exactly_the_keys_of_history() -> None:
    record = CallRecord(id="t-1", caller="+461", dialled="+462", arrived_at=0.0, wait_s=1.23456)
    row = views.history_row(record, "UTC")
    assert list(row) == HISTORY_KEYS
    assert row["arrived_at"] == "1970-01-01T00:00:00.000+00:00"
    assert row["wait_s"] == 1.235
    assert row["ended_at"] is None
