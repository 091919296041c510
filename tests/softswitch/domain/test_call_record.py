import msgspec

from softswitch.domain import events
from softswitch.domain.call_record import CallRecord, CallRecords, talked_s
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event
from softswitch.domain.office import ToBusy
from tests.softswitch.domain.small_office import NUMBER, WALL_OFFSET_S, Stage, office_with


def records_of(stage: Stage) -> list[CallRecord]:
    """The journal of the stage, written down and read back, folded."""
    fold = CallRecords()
    decoder = msgspec.msgpack.Decoder(Event)
    journal = [thing for thing in stage.all if isinstance(thing, events._Event)]
    decoded = [decoder.decode(msgspec.msgpack.encode(event)) for event in journal]
    found = [record for event in decoded if (record := fold.apply(event)) is not None]
    assert fold._open == {}
    return found


def test_a_record_of_an_answered_call() -> None:
    stage = Stage()
    stage.wait(100)
    caller = stage.ring_in()
    leg = stage.dialled()["phone:101"]
    stage.wait(4)
    stage.answer(leg)
    stage.wait(30)
    stage.hang_up(caller)
    (record,) = records_of(stage)
    at = WALL_OFFSET_S + 100
    assert (record.id, record.caller, record.dialled, record.trunk) == ("t-1", "+46812340001", NUMBER, "carrier")
    assert (record.queue, record.agent, record.outcome, record.ended_by) == ("support", "anna", "answered", "caller")
    assert (record.arrived_at, record.answered_at, record.connected_at, record.ended_at) == (at, at, at + 4, at + 34)
    assert (record.wait_s, record.talk_s, record.cause) == (4, 30, Cause.HUNG_UP)
    assert record.recordings == ["t-1-r1"]
    assert [(visit.queue, visit.outcome, visit.wait_s) for visit in record.queue_visits] == [
        ("support", "connected", 4)
    ]
    assert [(shown.agent, shown.outcome) for shown in record.presentations] == [("anna", "connected")]


def test_an_abandoned_call_has_a_wait_and_no_talk() -> None:
    stage = Stage(registered=())
    stage.choose("bo", "paused")
    caller = stage.ring_in()
    stage.wait(7)
    stage.hang_up(caller)
    (record,) = records_of(stage)
    assert (record.wait_s, record.talk_s, record.connected_at, record.agent) == (7, None, None, None)


def test_a_lost_agent_is_no_talk_and_the_wait_goes_on() -> None:
    stage = Stage()
    caller = stage.ring_in()
    stage.wait(2)
    stage.answer("t-1-l1")
    stage.wait(1)
    stage.hang_up("t-1-l1", Cause.NOT_CONFIRMED)
    stage.wait(1)
    stage.hang_up(caller)
    (record,) = records_of(stage)
    assert (record.outcome, record.agent, record.talk_s, record.wait_s) == ("abandoned", "anna", None, 4)
    assert [(visit.outcome, visit.wait_s) for visit in record.queue_visits] == [("abandoned", 4)]


def test_a_call_turned_away_from_a_full_queue_has_a_visit_without_wait() -> None:
    stage = Stage(office_with(max_waiting=0, overflow_to=ToBusy()))
    stage.ring_in()
    (record,) = records_of(stage)
    assert (record.queue, record.outcome, record.cause, record.wait_s) == ("support", "overflowed", "queue-full", 0.0)
    assert record.answered_at is None


def test_a_direct_call_has_a_talk_and_no_wait() -> None:
    stage = Stage()
    caller = stage.ring_in("+46850010001")
    stage.wait(5)
    stage.answer("t-1-l1")
    stage.wait(10)
    stage.hang_up(caller)
    (record,) = records_of(stage)
    assert (record.outcome, record.queue, record.agent, record.wait_s, record.talk_s) == (
        "direct",
        None,
        None,
        None,
        10,
    )
    assert record.connected_at == record.answered_at


def test_events_of_calls_it_has_not_seen_arrive_are_passed_over() -> None:
    fold = CallRecords()
    assert fold.apply(events.CallAnswered(1.0, "old")) is None
    assert fold.apply(events.CallEnded(2.0, "old", "failed", "switch", Cause.CRASH)) is None


def test_a_transferred_call_has_all_its_connections_and_talks_only_while_it_is_connected() -> None:
    records = CallRecords()
    told: list[Event] = [
        events.CallArrived(0.0, "c", "in-1", "+46", "", "+461", trunk="t"),
        events.CallQueued(1.0, "c", "support", 1),
        events.CallConnected(11.0, "c", "l1", "phone:101", "anna", "support", 10.0),
        events.CallTransferred(71.0, "c", "queue:sales", "anna"),
        events.CallParted(71.0, "c", "l1", "anna"),
        events.CallQueued(71.0, "c", "sales", 1, by="transfer"),
        events.CallConnected(100.0, "c", "l2", "phone:102", "bo", "sales", 29.0),
    ]
    for event in told:
        assert records.apply(event) is None
    record = records.apply(events.CallEnded(130.0, "c", "answered", "caller", Cause.HUNG_UP))
    assert record is not None
    assert [(each.agent, each.queue, each.connected_at, each.ended_at) for each in record.connections] == [
        ("anna", "support", 11.0, 71.0), ("bo", "sales", 100.0, 130.0)
    ]  # fmt: skip
    assert (record.connected_at, record.talk_s, record.agent, record.wait_s) == (11.0, 90.0, "bo", 29.0)
    assert record.transfers == [(71.0, "queue:sales", "anna")]


def test_a_talk_that_a_crash_cut_off_ends_at_the_last_sign_of_life_and_not_at_the_restart() -> None:
    records = CallRecords()
    told: list[Event] = [
        events.CallArrived(0.0, "c", "in-1", "+46", "", "+461", trunk="t"),
        events.CallQueued(1.0, "c", "support", 1),
        events.CallConnected(11.0, "c", "l1", "phone:101", "anna", "support", 10.0),
        events.CallArrived(71.0, "d", "in-2", "+46", "", "+461", trunk="t"),
        events.SwitchStarted(3671.0, "node", "v1"),
    ]
    for event in told:
        assert records.apply(event) is None
    assert records.apply(events.CallEnded(3671.0, "d", "failed", "switch", Cause.CRASH)) is not None
    record = records.apply(events.CallEnded(3671.0, "c", "answered", "switch", Cause.CRASH))
    assert record is not None
    assert (record.ended_at, record.talk_s) == (3671.0, 60.0)


def test_a_conference_counts_each_second_once() -> None:
    records = CallRecords()
    told: list[Event] = [
        events.CallArrived(0.0, "c", "in-1", "+46", "", "+461", trunk="t"),
        events.CallConnected(10.0, "c", "l1", "phone:101", "anna"),
        events.CallConnected(40.0, "c", "l2", "phone:102", "bo"),
        events.CallParted(70.0, "c", "l1", "anna"),
    ]
    for event in told:
        assert records.apply(event) is None
    up = records.open_record("c")
    assert up is not None
    assert talked_s(up, 80.0) == 70.0
    record = records.apply(events.CallEnded(100.0, "c", "direct", "caller", Cause.HUNG_UP))
    assert record is not None
    assert record.talk_s == 90.0
