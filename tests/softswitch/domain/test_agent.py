from softswitch.domain.agent import Agent


def seen(agent: Agent) -> tuple[str, str | None]:
    return agent.activity, agent.call


def test_talk_goes_before_ringing_goes_before_wrap_up() -> None:
    agent = Agent("anna", "ready")
    assert seen(agent) == ("idle", None)
    agent.start_wrap_up("c1", 20.0, now=10.0)
    assert seen(agent) == ("wrap-up", None)
    agent.engage("l1", "c2", 11.0, is_talk=False)
    assert seen(agent) == ("ringing", "c2")
    agent.engage("l2", "c3", 12.0, is_talk=True)
    assert seen(agent) == ("talking", "c3")
    agent.disengage("l2", 13.0)
    agent.disengage("l1", 14.0)
    assert seen(agent) == ("wrap-up", None)


def test_presence_and_activity_do_not_touch_each_other() -> None:
    agent = Agent("anna", "ready")
    agent.engage("l1", "c1", 0.0, is_talk=True)
    agent.choose("logged-out", None, 5.0)
    assert (agent.presence, agent.activity) == ("logged-out", "talking")
    agent.disengage("l1", 6.0)
    assert (agent.presence, agent.activity) == ("logged-out", "idle")


def test_the_turn_counts_from_the_end_of_talk_and_wrap_up_but_not_from_a_missed_ring() -> None:
    agent = Agent("anna", "ready", idle_since_at=1.0)
    agent.engage("l1", "c1", 2.0, is_talk=False)
    agent.disengage("l1", 22.0)
    assert agent.idle_since_at == 1.0
    agent.engage("l2", "c2", 30.0, is_talk=True)
    agent.disengage("l2", 40.0)
    assert agent.idle_since_at == 40.0
    agent.start_wrap_up("c2", 50.0, 40.0)
    agent.end_wrap_up(50.0)
    assert agent.idle_since_at == 50.0


def test_getting_ready_starts_the_turn_anew_and_being_ready_again_does_not() -> None:
    agent = Agent("anna", "paused", "lunch", idle_since_at=1.0)
    agent.choose("ready", None, 100.0)
    assert (agent.idle_since_at, agent.pause_reason) == (100.0, None)
    agent.choose("ready", None, 200.0)
    assert agent.idle_since_at == 100.0


def test_since_moves_only_when_what_is_shown_changes() -> None:
    agent = Agent("anna", "ready")
    agent.engage("l1", "c1", 2.0, is_talk=False)
    agent.engage("l2", "c1", 3.0, is_talk=False)
    assert agent.changed_at == 2.0
    agent.engage("l2", "c1", 4.0, is_talk=True)
    assert agent.changed_at == 4.0
