from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from media import protocol
from softswitch.domain import events
from softswitch.domain.refusals import CommandRefused
from tests.sim import offices
from tests.sim.offices import SUPPORT
from tests.sim.sip_text import SipText
from tests.softswitch.signalling.stage import CARRIER, DESK, OFFER, WALL_S, from_caller, invite, reply
from tests.softswitch.whole_switch import WholeSwitch

Row = dict[str, object]

KEYS = {
    "call.list": "id state caller dialled queue agent since wait_s",
    "queue.list": "queue waiting longest_wait_s ready ringing talking wrap_up paused offered_today answered_today "
    "abandoned_today overflowed_today failed_today service_level_today",
    "agent.list": "agent name presence pause_reason activity since queues call",
    "phone.list": "phone name registered contacts",
    "trunk.list": "trunk hosts reachable registered calls",
}
"""As the contract names them."""


def rows(switch: WholeSwitch, command: str) -> list[Row]:
    answer = switch.command(command)
    assert isinstance(answer, list)
    return answer


def shown(switch: WholeSwitch, command: str, **arguments: object) -> Row:
    answer = switch.command(command, **arguments)
    assert isinstance(answer, dict)
    return answer


def seconds_of(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def row_of(switch: WholeSwitch, command: str, name: str) -> Row:
    """The row whose first column is `name`."""
    (found,) = [row for row in rows(switch, command) if next(iter(row.values())) == name]
    return found


def talking(switch: WholeSwitch | None = None) -> tuple[WholeSwitch, SipText]:
    """A caller in the queue talks with anna; our 200 to him."""
    switch = switch or WholeSwitch()
    switch.register("101")
    sent = switch.hear(invite())
    (ok,) = [message for message in sent if message.status == 200]
    (ringing,) = [message for message in sent if message.status is None]
    switch.hear(from_caller(ok, "ACK", 1))
    switch.wait(4)
    switch.hear(reply(ringing, 200, "OK", body=OFFER), DESK)
    return switch, ok


@pytest.mark.parametrize("command", KEYS)
def test_every_list_has_the_contracts_keys_and_can_be_written_as_json(command: str) -> None:
    switch, _ = talking()
    found = rows(switch, command)
    assert found
    for row in found:
        assert set(row) >= set(KEYS[command].split())
    assert json.loads(json.dumps(found)) == found


# What is shown.


def test_status_counts_calls_legs_registrations_and_media_ports() -> None:
    switch, _ = talking()
    status = shown(switch, "status")
    assert (status["node"], status["configuration"], status["is_draining"]) == ("office", "v1", False)
    assert (status["calls"], status["legs"], status["registrations"]) == (1, 2, 1)
    assert datetime.fromisoformat(str(status["up_since"])).timestamp() == WALL_S
    media = status["media"]
    assert isinstance(media, dict)
    assert media["udp_ports_total"] - media["udp_ports_free"] == 2
    assert media["load"] is None, "nothing was reported yet"
    json.dumps(status)


def test_the_media_load_is_the_last_report_and_forgotten_with_its_process() -> None:
    switch = WholeSwitch()
    switch.learn(protocol.EngineReport(0, 100, 0.1, 0.2, 0.3, 0, 0, 0))
    switch.learn(protocol.EngineReport(0, 100, 0.25, 0.2, 7.5, 3, 0, 0))
    media = shown(switch, "status")["media"]
    assert isinstance(media, dict)
    assert (media["load"], media["lateness_ms_max"], media["ticks_skipped"]) == (0.25, 7.5, 3)
    switch.node.media_lost(0, switch.now)
    switch.drain()
    media = shown(switch, "status")["media"]
    assert isinstance(media, dict)
    assert (media["load"], media["udp_ports_total"]) == (None, 0)


def test_a_call_is_listed_with_its_agent_and_wait_and_gone_when_it_is_over() -> None:
    switch, ok = talking()
    (row,) = rows(switch, "call.list")
    assert (row["state"], row["caller"], row["dialled"]) == ("talking", "+46811111111", SUPPORT)
    assert (row["queue"], row["agent"], row["wait_s"]) == ("support", "anna", 4.0)
    assert shown(switch, "call.show", id=row["id"])["id"] == row["id"]
    assert shown(switch, "call.why", id=row["id"])["reasons"]
    switch.hear(from_caller(ok, "BYE", 2), CARRIER)
    assert rows(switch, "call.list") == []


def test_phones_show_their_contacts_and_how_long_they_last() -> None:
    switch = WholeSwitch()
    switch.register("101")
    switch.wait(100)
    found = row_of(switch, "phone.list", "101")
    assert (found["name"], found["registered"]) == ("Phone 101", True)
    assert found["contacts"] == [{"uri": f"sip:101@{DESK}", "expires_in_s": 500, "user_agent": "Desk/1.0"}]
    absent = row_of(switch, "phone.list", "102")
    assert (absent["registered"], absent["contacts"]) == (False, [])


def test_trunks_show_their_hosts_their_calls_and_whether_they_were_heard_of() -> None:
    switch = WholeSwitch()
    before = row_of(switch, "trunk.list", "carrier")
    assert (before["hosts"], before["reachable"], before["calls"]) == ([str(CARRIER)], None, 0)
    switch, _ = talking()
    during = row_of(switch, "trunk.list", "carrier")
    assert (during["reachable"], during["calls"]) == (True, 1)


def test_a_queue_shows_its_callers_in_line_and_its_agents() -> None:
    switch, _ = talking()
    switch.command("agent.pause", name="bo")
    switch.hear(invite(call="second", caller="<sip:+46822222222@carrier.example>"))
    found = row_of(switch, "queue.list", "support")
    assert (found["waiting"], found["talking"], found["paused"], found["offered_today"]) == (1, 1, 1, 2)
    callers, agents = (shown(switch, "queue.show", name="support")[key] for key in ("callers", "agents"))
    assert isinstance(callers, list)
    assert isinstance(agents, list)
    assert [caller["caller"] for caller in callers] == ["+46822222222"]
    assert [agent["agent"] for agent in agents] == ["anna", "bo"]


# What changes something.


def test_agents_log_in_pause_and_log_out_with_a_record_each() -> None:
    switch = WholeSwitch()
    story = [("agent.pause", "paused"), ("agent.ready", "ready"), ("agent.logout", "logged-out")]
    story.append(("agent.login", "ready"))
    for command, presence in story:
        answer = switch.node.command(command, {"name": "anna"}, switch.now)
        assert answer == {"agent": "anna", "presence": presence}
        switch.drain()
        (record,) = switch.recorded(events.AgentPresenceChanged)
        assert (record.agent, record.presence, record.by) == ("anna", presence, "command")
        assert row_of(switch, "agent.list", "anna")["presence"] == presence


def test_a_pause_keeps_its_reason_until_the_agent_is_ready() -> None:
    switch = WholeSwitch()
    switch.command("agent.pause", name="anna", reason="lunch")
    assert row_of(switch, "agent.list", "anna")["pause_reason"] == "lunch"
    switch.command("agent.ready", name="anna")
    assert row_of(switch, "agent.list", "anna")["pause_reason"] is None


def test_hanging_a_call_up_ends_both_its_legs() -> None:
    switch, _ = talking()
    (row,) = rows(switch, "call.list")
    assert switch.node.command("call.hangup", {"id": row["id"]}, switch.now) == {"id": row["id"]}
    assert [message.method for message in switch.drain()] == ["BYE", "BYE"]
    assert rows(switch, "call.list") == []


def in_wrap_up(**changes: object) -> WholeSwitch:
    """Anna talked with a caller and is in wrap-up; `changes` to the queue's plan."""
    plan = replace(offices.SUPPORT_QUEUE, **changes)  # type: ignore[arg-type]  # names are checked by replace
    switch = WholeSwitch(offices.settings_of(offices.office(queues=(plan,))))
    switch, ok = talking(switch)
    switch.hear(from_caller(ok, "BYE", 2), CARRIER)
    assert row_of(switch, "agent.list", "anna")["activity"] == "wrap-up"
    return switch


def test_an_agent_takes_no_calls_of_one_of_her_queues_for_now() -> None:
    switch = WholeSwitch()
    answer = switch.command("agent.queue", name="anna", queue="support", on=False)
    assert answer == {"agent": "anna", "queue": "support", "on": False}
    assert row_of(switch, "agent.list", "anna")["queues_off"] == ["support"]
    switch.command("agent.queue", name="anna", queue="support", on=True)
    assert row_of(switch, "agent.list", "anna")["queues_off"] == []


def test_an_agent_answers_at_another_number_until_told_otherwise() -> None:
    anna = replace(offices.ANNA, may_answer_at=("+46",))
    switch = WholeSwitch(offices.settings_of(offices.office(agents=(anna, offices.BO))))
    assert switch.command("agent.number", name="anna", number="+46709999999") == {
        "agent": "anna",
        "number": "+46709999999",
    }
    assert row_of(switch, "agent.list", "anna")["number"] == "+46709999999"
    switch.command("agent.number", name="anna", number=None)
    assert row_of(switch, "agent.list", "anna")["number"] is None


def test_wrap_up_is_made_longer_and_ended() -> None:
    switch = in_wrap_up()
    until = row_of(switch, "agent.list", "anna")["wrap_up_until"]
    answer = switch.command("agent.wrap-up", name="anna", extend_s=30)
    assert isinstance(answer, dict)
    assert seconds_of(answer["until"]) == seconds_of(until) + 30
    assert row_of(switch, "agent.list", "anna")["wrap_up_until"] == answer["until"]
    assert switch.command("agent.wrap-up", name="anna") == {"agent": "anna", "until": None}
    assert row_of(switch, "agent.list", "anna")["activity"] == "idle"


def test_a_call_that_must_be_classified_is_before_the_wrap_up_ends() -> None:
    switch = in_wrap_up(codes=("sale",), code_within_s=60)
    assert row_of(switch, "agent.list", "anna")["needs_code"] is True
    for command in ("agent.wrap-up", "agent.ready"):
        with pytest.raises(CommandRefused, match="no code yet"):
            switch.command(command, name="anna")
    with pytest.raises(CommandRefused) as refused:
        switch.command("agent.classify", name="anna", code="sail")
    assert "'sale'" in refused.value.mend
    assert switch.command("agent.classify", name="anna", code="sale") == {"agent": "anna", "code": "sale"}
    assert row_of(switch, "agent.list", "anna")["needs_code"] is False
    switch.command("agent.wrap-up", name="anna")
    assert row_of(switch, "agent.list", "anna")["activity"] == "idle"


def test_a_priority_moves_a_waiting_caller_ahead_at_once() -> None:
    switch = WholeSwitch()
    switch.hear(invite())
    switch.wait(5)
    switch.hear(invite(call="second", caller="<sip:+46822222222@carrier.example>"))
    second = rows(switch, "call.list")[1]["id"]
    assert switch.command("call.priority", id=second, priority_s=60) == {"id": second, "priority_s": 60}
    callers = shown(switch, "queue.show", name="support")["callers"]
    assert isinstance(callers, list)
    assert [(caller["caller"], caller["priority_s"]) for caller in callers] == [
        ("+46822222222", 60),
        ("+46811111111", 0),
    ]


def test_a_hot_prompt_is_switched_on_until_a_time_and_off() -> None:
    switch = WholeSwitch()
    until = datetime.fromtimestamp(WALL_S + 3600, UTC).isoformat()
    answer = switch.command("queue.prompt", name="support", sound="closed", until=until)
    assert answer == {"queue": "support", "sound": "closed", "until": until}
    switch.command("queue.prompt", name="support", sound=None)
    changes = [record for record in switch.journal if isinstance(record, events.HotPromptChanged)]
    assert [(change.sound, change.until) for change in changes] == [("closed", WALL_S + 3600), (None, None)]


def test_a_pause_needs_one_of_the_reasons_that_there_are() -> None:
    office = replace(offices.office(), pause_reasons=("lunch", "meeting"))
    switch = WholeSwitch(offices.settings_of(office))
    for reason in (None, "lnch"):
        with pytest.raises(CommandRefused):
            switch.command("agent.pause", name="anna", reason=reason)
    switch.command("agent.pause", name="anna", reason="lunch")
    assert row_of(switch, "agent.list", "anna")["pause_reason"] == "lunch"


# What is refused.


@pytest.mark.parametrize(
    ("command", "arguments", "named"),
    [
        ("call.fly", {}, "call.fly"),
        ("call.show", {"id": "nobody"}, "nobody"),
        ("call.why", {"id": "nobody"}, "nobody"),
        ("call.ladder", {"id": "nobody"}, "nobody"),
        ("call.hangup", {"id": "nobody"}, "nobody"),
        ("queue.show", {"name": "suport"}, "suport"),
        ("agent.pause", {"name": "ana"}, "ana"),
        ("agent.login", {}, "name"),
        ("agent.ready", {"name": ""}, "name"),
        ("call.show", {"id": 7}, "id"),
        ("call.priority", {"id": "nobody", "priority_s": 5}, "nobody"),
        ("call.priority", {"id": "nobody", "priority_s": "5"}, "priority_s"),
        ("call.priority", {"id": "nobody", "priority_s": float("nan")}, "priority_s"),
        ("queue.prompt", {"name": "suport", "sound": "closed"}, "suport"),
        ("queue.prompt", {"name": "support", "sound": "closd"}, "closd"),
        ("queue.prompt", {"name": "support", "sound": "closed", "until": "2026-01-01"}, "no time"),
        ("queue.prompt", {"name": "support", "sound": "closed", "until": "1999-01-01T00:00:00+00:00"}, "over"),
        ("agent.queue", {"name": "anna", "queue": "sales", "on": True}, "sales"),
        ("agent.queue", {"name": "anna", "queue": "support", "on": "on"}, "on"),
        ("agent.number", {"name": "anna", "number": "0701234567"}, "0701234567"),
        ("agent.wrap-up", {"name": "anna", "extend_s": 5}, "not in wrap-up"),
        ("agent.wrap-up", {"name": "anna", "extend_s": -5}, "-5 s"),
        ("agent.wrap-up", {"name": "anna", "extend_s": 3601}, "3601 s"),
        ("agent.classify", {"name": "anna", "code": "sale"}, "no queue call"),
    ],
)
def test_what_cannot_be_is_refused_with_what_where_and_what_to_do_and_changes_nothing(
    command: str, arguments: Row, named: str
) -> None:
    switch = WholeSwitch()
    with pytest.raises(CommandRefused) as refused:
        switch.node.command(command, arguments, switch.now)
    assert named in refused.value.what
    assert refused.value.where
    assert refused.value.mend
    switch.drain()
    assert not switch.turn


@pytest.mark.parametrize(
    ("command", "wrong", "right"), [("queue.show", "suport", "support"), ("agent.pause", "ana", "anna")]
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(command: str, wrong: str, right: str) -> None:
    with pytest.raises(CommandRefused) as refused:
        WholeSwitch().command(command, name=wrong)
    assert repr(right) in refused.value.mend
