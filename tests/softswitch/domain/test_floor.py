from dataclasses import replace
from types import MappingProxyType

from softswitch.domain import events, inputs
from softswitch.domain.doctor import examine
from softswitch.domain.floor import DEVICE_OUT_S
from softswitch.domain.hours import Hours, Period
from softswitch.domain.leg import Leg
from softswitch.domain.office import Device, ToAgent, ToNumber, ToPhone, ToQueue
from tests.softswitch.domain.small_office import (
    ANNA,
    BO,
    DIRECT_NUMBER,
    MOBILE,
    NUMBER,
    OFFICE,
    WALL_OFFSET_S,
    Stage,
    office_with,
)

PHONE = ToPhone("102")


def test_a_phone_is_reachable_while_it_is_registered() -> None:
    stage = Stage(registered=())
    floor = stage.switch.floor
    assert not floor.is_reachable(PHONE, 0.0)
    stage.tell(inputs.PhoneRegistrationChanged("102", is_registered=True))
    assert floor.is_reachable(PHONE, 0.0)
    stage.tell(inputs.PhoneRegistrationChanged("102", is_registered=False))
    assert not floor.is_reachable(PHONE, 0.0)


def test_a_device_that_was_left_out_comes_back_by_time() -> None:
    stage = Stage()
    floor = stage.switch.floor
    floor.leave_out(PHONE, stage.now)
    stage.wait(DEVICE_OUT_S - 0.1)
    assert not floor.is_reachable(PHONE, stage.now)
    stage.wait(0.1)
    assert floor.is_reachable(PHONE, stage.now)
    assert floor.devices_out == {}


def test_a_device_is_in_use_while_any_leg_is_up_with_it() -> None:
    floor = Stage().switch.floor
    for name in ("l1", "l2"):
        floor.add_leg(Leg(name, "c", "dialling", PHONE, floor.people(PHONE)), 0.0)
    floor.drop_leg("l1", 0.0)
    assert floor.is_in_use(PHONE)
    assert floor.agents["bo"].activity == "ringing"
    assert floor.drop_leg("l1", 0.0) is None
    floor.drop_leg("l2", 0.0)
    assert not floor.is_in_use(PHONE)
    assert not floor.agents["bo"].engagements


def test_a_number_that_is_nobodys_device_takes_any_number_of_calls() -> None:
    floor = Stage().switch.floor
    stranger, mobile = ToNumber("+4790000000"), ToNumber(MOBILE)
    floor.add_leg(Leg("l1", "c", "dialling", stranger), 0.0)
    floor.add_leg(Leg("l2", "c", "dialling", mobile), 0.0)
    assert not floor.is_in_use(stranger)
    assert floor.is_in_use(mobile)


def test_who_answers_at_a_number_of_her_own_shares_her_telephones_with_nobody() -> None:
    both = {"anna": replace(ANNA, may_answer_at=("+46",)), "bo": replace(BO, answers_at=ANNA.answers_at)}
    stage = Stage(replace(OFFICE, agents=MappingProxyType(both)))
    assert stage.switch.floor.sharing == {"anna": ("bo",), "bo": ("anna",)}
    stage.tell(inputs.SetAgentNumber("anna", "+46731111111"))
    assert stage.switch.floor.sharing == {}
    stage.tell(inputs.SetAgentNumber("anna", None))
    assert stage.switch.floor.sharing == {"anna": ("bo",), "bo": ("anna",)}


def with_a_shared_mobile() -> Stage:
    """bo is called by name at a mobile that anna, too, has said she answers at."""
    agents = {"anna": replace(ANNA, may_answer_at=("+46",)), "bo": BO}
    numbers = {NUMBER: ToQueue("support"), DIRECT_NUMBER: ToAgent("bo")}
    stage = Stage(replace(OFFICE, agents=MappingProxyType(agents), numbers=MappingProxyType(numbers)))
    stage.tell(inputs.SetAgentNumber("anna", MOBILE))
    stage.ring_in(DIRECT_NUMBER)
    assert [stage.presence(name)[1] for name in ("anna", "bo")] == ["ringing", "ringing"]
    return stage


def test_who_answers_elsewhere_by_now_is_kept_by_no_call_at_the_telephone_that_she_had() -> None:
    stage = with_a_shared_mobile()
    stage.tell(inputs.SetAgentNumber("anna", None))
    assert [stage.presence(name)[1] for name in ("anna", "bo")] == ["idle", "ringing"]
    stage.ring_in()
    assert stage.one(events.CallPresented).agent == "anna"
    assert examine(stage.switch.floor, stage.now) == []


def test_who_loses_a_telephone_by_a_reload_is_kept_by_no_call_at_it() -> None:
    stage = with_a_shared_mobile()
    elsewhere = {**stage.switch.floor.office.agents, "bo": replace(BO, answers_at=(Device(ToPhone("103")),))}
    stage.tell(inputs.OfficeChanged(replace(stage.switch.floor.office, agents=MappingProxyType(elsewhere))))
    assert stage.presence("bo")[1] == "ringing", "this call asks for bo"
    stage.hang_up("in-1")
    assert stage.presence("bo")[1] == "idle"


def test_her_own_talk_goes_on_at_the_telephone_that_she_had() -> None:
    agents = {"anna": replace(ANNA, may_answer_at=("+46",)), "bo": replace(BO, is_ready_at_start=False)}
    stage = Stage(replace(OFFICE, agents=MappingProxyType(agents)))
    stage.tell(inputs.SetAgentNumber("anna", "+46731111111"))
    stage.ring_in()
    leg = stage.dialled()["number:+46731111111"]
    stage.answer(leg)
    stage.tell(inputs.DigitPressed(leg, "1"))
    assert stage.presence("anna")[1] == "talking"
    stage.tell(inputs.SetAgentNumber("anna", None))
    assert stage.presence("anna")[1] == "talking"
    stage.hang_up("in-1")
    assert stage.presence("anna")[1] == "wrap-up"


def test_of_a_queue_that_a_reload_took_away_nothing_falls_due() -> None:
    always = Hours("day", "Europe/Stockholm", ((Period(0, 43_200),),) * 7)
    stage = Stage(office_with(hours=always))
    stage.tell(inputs.SetHotPrompt("support", "outage", WALL_OFFSET_S + 3600))
    assert len(stage.switch.floor.deadlines) == 2
    stage.tell(inputs.OfficeChanged(replace(OFFICE, version="v2", queues=MappingProxyType({}))))
    assert len(stage.switch.floor.deadlines) == 0


def test_a_device_named_twice_is_rung_once() -> None:
    floor = Stage().switch.floor
    assert floor.devices_to_ring((Device(PHONE), Device(PHONE, confirm=True)), 0.0) == [Device(PHONE)]
