from softswitch.domain import events, presence
from softswitch.domain.causes import Cause
from tests.softswitch.domain.small_office import OFFICE, Stage


def test_ready_ends_a_back_off() -> None:
    stage = Stage()
    stage.choose("bo", "paused")
    stage.ring_in()
    stage.refuse("t-1-l1", Cause.DECLINED)
    assert stage.of(events.CallPresented) == []
    stage.choose("anna", "ready")
    assert stage.one(events.CallPresented).agent == "anna"
    stage.wait(presence.BACKOFF_DECLINED_S)
    assert stage.switch.floor.agents["anna"].backoff_until_at is None


def test_misses_are_judged_one_after_the_other() -> None:
    stage = Stage()
    queue = stage.switch.floor.queues["support"]
    queue.plan = type(queue.plan)("support", "Support", ("anna", "bo"), no_answer="log-out-unless-last")
    stage.ring_in()
    stage.ring_in()
    for leg in list(stage.switch.floor.legs):
        if not leg.startswith("in-"):
            stage.progress(leg)
    stage.wait(20)
    chosen = [(event.agent, event.presence) for event in stage.of(events.AgentPresenceChanged)]
    assert chosen == [("anna", "logged-out")]
    assert stage.presence("bo")[0] == "ready"


def test_the_start_is_told_for_everybody_once() -> None:
    told = Stage().ever(events.AgentPresenceChanged)
    assert [(event.agent, event.presence, event.by) for event in told] == [
        (name, "ready", "start") for name in OFFICE.agents
    ]
