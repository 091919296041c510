"""Offices for the simulated switch: the contract's own, and pieces to build others from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sip_stack.flow import Address
from softswitch.domain import (
    agent_line,
    announcing,
    asking_callback,
    joining,
    messages,
    rostering,
    voicemail,
)
from softswitch.domain.forecast import wording
from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Device,
    Office,
    PhonePlan,
    QueuePlan,
    ServiceGoal,
    ToNumber,
    ToPhone,
    ToQueue,
    ToSay,
    TrunkPlan,
)
from softswitch.settings.model import AcceptFrom, Listen, Media, NodeSettings, Phone, Settings, Sip, Trunk
from softswitch.settings.sounds import SoundCatalogue

SWITCH: Final = ("10.0.0.1", 5060)
CARRIER: Final = ("10.0.1.1", 5080)
DOMAIN: Final = "office.example"
SUPPORT: Final = "+46850010000"
DIRECT_TO_101: Final = "+46850010001"
MOBILE: Final = "+46701234567"
SOUNDS: Final = (
    *("welcome", "music/calm", "queue-full", "closed", "ringback", "beep", "goodbye", "please-wait", "confirm-call"),
    *("voicemail-greeting", "agent-pin", "agent-wrong", "agent-blocked", joining.TAKEN),
    *(f"number-{number}" for number in range(21)),
    *announcing.sounds(),
    *wording.sounds(),
    *asking_callback.SOUNDS,
    *agent_line.SOUNDS,
    *messages.SOUNDS,
    *voicemail.SOUNDS,
    *rostering.SOUNDS,
)

SUPPORT_QUEUE: Final = QueuePlan(
    queue="support",
    name="Support",
    agents=("anna", "bo"),
    welcome="welcome",
    music="music/calm",
    ring_s=20,
    wrap_up_s=10,
    no_answer="pause",
    max_wait_s=900,
    max_waiting=50,
    overflow_to=ToSay("queue-full"),
    service_level=ServiceGoal(0.8, 20),
    record="always",
)
ANNA: Final = AgentPlan("anna", "Anna Berg", (Device(ToPhone("101")),), is_ready_at_start=True)
BO: Final = AgentPlan("bo", "Bo Ek", (Device(ToPhone("102")), Device(ToNumber(MOBILE))), is_ready_at_start=True)


def password_of(phone: str) -> str:
    return f"secret-of-{phone}"


def office(
    *,
    queues: Iterable[QueuePlan] = (SUPPORT_QUEUE,),
    agents: Iterable[AgentPlan] = (ANNA, BO),
    phones: Iterable[str] = ("101", "102", "103"),
    numbers: dict[str, Destination] | None = None,
    may_dial: dict[str, tuple[str, ...]] | None = None,
) -> Office:
    """The contract's office unless told otherwise. `may_dial`: by phone, where it is not the default."""
    plans = {phone: PhonePlan(phone, f"Phone {phone}") for phone in phones}
    for phone, entries in (may_dial or {}).items():
        plans[phone] = replace(plans[phone], may_dial=entries)
    contracts: dict[str, Destination] = {SUPPORT: ToQueue("support"), DIRECT_TO_101: ToPhone("101")}
    return Office(
        version="v1",
        node="office",
        timezone="Europe/Stockholm",
        language="en",
        queues=MappingProxyType({plan.queue: plan for plan in queues}),
        agents=MappingProxyType({plan.agent: plan for plan in agents}),
        phones=MappingProxyType(plans),
        trunks=MappingProxyType({"carrier": TrunkPlan("carrier", SUPPORT)}),
        numbers=MappingProxyType(contracts if numbers is None else numbers),
    )


def settings_of(plan: Office, *, udp_ports: int = 100, trunk: Mapping[str, object] | None = None) -> Settings:
    """The machine around an office, at the simulated addresses, with `udp_ports` even media ports; `trunk`: what else
    the carrier's entry says."""
    phones = {
        name: Phone(phone.name, password_of(name), may_dial=phone.may_dial) for name, phone in plan.phones.items()
    }
    carrier = Trunk(
        hosts=(Address(*CARRIER),),
        accept_from=(AcceptFrom(ipaddress.ip_network(CARRIER[0]), CARRIER[1]),),
        caller_id=SUPPORT,
        **(trunk or {}),  # type: ignore[arg-type]  # names and kinds are the test's to know
    )
    found = {("en", name): (f"/sounds/{name}.wav",) for name in SOUNDS}
    return Settings(
        folder=Path("/office"),
        node=NodeSettings("office", Path("/office/var"), "en", plan.timezone),
        sip=Sip((Listen("udp", *SWITCH),), DOMAIN),
        media=Media(SWITCH[0], 20000, 20000 + 2 * udp_ports - 1, ("PCMA", "PCMU")),
        api=None,
        trunks=MappingProxyType({"carrier": carrier} if "carrier" in plan.trunks else {}),
        phones=MappingProxyType(phones),
        office=plan,
        sounds=SoundCatalogue("en", MappingProxyType(found)),
    )
