"""People, mailboxes and callers seen as a whole: what is keyed or dialled must mean one thing."""

from __future__ import annotations

from collections.abc import Mapping

from softswitch.domain.office import Destination, FeatureCodes, ToAgentLine, ToMessages, ToPhone
from softswitch.settings.faults import Faults, Place
from softswitch.settings.whole import Whole


def check_people(whole: Whole, faults: Faults) -> None:
    """All checks of people, in no order that matters."""
    agents = {name: plan.number for name, plan in whole.agents.items() if plan.number is not None}
    mailboxes = {name: plan.number for name, plan in whole.mailboxes.items() if plan.number is not None}
    _check_unique("agent", agents, whole, faults)
    _check_unique("voicemail", mailboxes, whole, faults)
    _check_vips(whole, faults)
    _check_features(whole, faults)
    _check_lines(whole, faults)
    for name, agent in whole.agents.items():
        if agent.may_answer_at and not whole.trunks and whole.is_complete:
            faults.refuse(
                whole.place("agent", name, "may_answer_at"),
                "there is no trunk to reach outside numbers by",
                "define one: [trunk.NAME]",
            )
        if agent.rings_one_at_a_time and not any(device.after_s for device in agent.answers_at):
            faults.warn(
                whole.place("agent", name, "rings_one_at_a_time"),
                "all her telephones ring at the same time, because none of them has after_s",
                'write { to = "number:+…", after_s = 15 } in answers_at',
            )


def _check_unique(kind: str, numbers: Mapping[str, str], whole: Whole, faults: Faults) -> None:
    """What is keyed names one of them."""
    first: dict[str, str] = {}
    for name, number in numbers.items():
        other = first.setdefault(number, name)
        if other != name:
            faults.refuse(
                whole.place(kind, name, "number"),
                f'"{number}" is the number of {kind} {other}, at {whole.place(kind, other, "number")}',
                "give one of them another number",
            )


def _check_vips(whole: Whole, faults: Faults) -> None:
    first: dict[str, Place] = {}
    for caller, _ in whole.vips:
        other = first.setdefault(caller.value, caller.place)
        if other is not caller.place:
            faults.refuse(
                caller.place, f'"{caller.value}" is in another list too, at {other}', "take it out of one of them"
            )


def feature_codes(features: FeatureCodes) -> dict[str, str]:
    """The codes that there are, by key."""
    codes = {"ready": features.ready, "pause": features.pause, "log_out": features.log_out}
    return {key: code for key, code in codes.items() if code is not None}


def _check_features(whole: Whole, faults: Faults) -> None:
    codes = feature_codes(whole.features)
    for key, code in codes.items():
        dialled = {"number": whole.numbers, "phone": whole.phones, "agent": whole.agents, "queue": whole.queues}
        owner = next((kind for kind, names in dialled.items() if code in names), None)
        if owner is not None:
            faults.refuse(whole.place("features", key), f'"{code}" dials {owner} {code}', 'choose a code such as "*72"')
    shared: dict[str, list[str]] = {}
    for name, agent in whole.agents.items():
        for device in agent.answers_at if codes else ():
            if isinstance(device.to, ToPhone):
                shared.setdefault(device.to.phone, []).append(name)
    for phone, names in shared.items():
        if len(names) > 1:
            faults.warn(
                whole.place("features"),
                f"codes dialled at phone {phone} do nothing: {' and '.join(names)} answer there, and none is meant",
                "give each agent a phone of her own, or let them log in by agent-line",
            )


def _check_lines(whole: Whole, faults: Faults) -> None:
    """Whoever calls the agents' line or listens to messages must be able to prove who she is."""
    can_log_in = [plan for plan in whole.agents.values() if plan.number is not None and plan.pin is not None]
    line = _first(whole, ToAgentLine)
    if line is not None and not can_log_in and whole.is_complete:
        faults.refuse(
            line, "no agent could log in there: none has a number and a PIN", 'add number = "17" and pin to an agent'
        )
    messages = _first(whole, ToMessages)
    can_be_opened = [plan for plan in whole.mailboxes.values() if plan.number is not None or plan.lamps]
    if messages is not None and not can_be_opened and whole.is_complete:
        faults.refuse(
            messages, "no mailbox can be listened to there", "add a number and pin, or lamps, to a [voicemail.NAME]"
        )
    for name, plan in whole.agents.items():
        if line is not None and plan.number is not None and plan.pin is None:
            faults.warn(
                whole.place("agent", name, "number"),
                f"{name} cannot log in by telephone: there is no PIN",
                'add pin = "…", digits in quotes',
            )


def _first(whole: Whole, kind: type[Destination]) -> Place | None:
    return next((place for to, place in whole.destinations() if isinstance(to, kind)), None)
