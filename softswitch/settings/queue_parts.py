"""Those keys of a queue that hold tables: `agents`, `messages`, `overflow`, `keys`, `callback`, `service_level`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from softswitch.domain.conditions import Condition, NoCondition, condition
from softswitch.domain.office import (
    PREFERENCE_S_MAX,
    CallbackPlan,
    Destination,
    Member,
    Message,
    OverflowStep,
    ServiceGoal,
    ToBusy,
    ToCallback,
)
from softswitch.settings.destinations import DestinationReader, read_destination
from softswitch.settings.faults import Faults, Place, nearest
from softswitch.settings.naming import read_prefixes
from softswitch.settings.people import DAY_S
from softswitch.settings.section import Section, kind_of
from softswitch.settings.sounds import SoundSearch
from softswitch.settings.toml_tree import Leaf, Table

TIER_MAX: Final = 20
WEIGHT_MAX: Final = 1_000
MESSAGES_MAX: Final = 50
MESSAGE_GAP_S_MIN: Final = 5
OVERFLOW_STEPS_MAX: Final = 50
CALLBACK_TRIES_MAX: Final = 3
CALLBACK_PAUSE_S_MIN: Final = 10
CALLBACK_RING_S_MIN: Final = 5
CALLBACK_RING_S_MAX: Final = 120
CALLBACK_KEEP_S_MIN: Final = 60
CALLBACK_KEEP_S_MAX: Final = 7 * DAY_S
KEYS: Final = tuple("0123456789*#")


def read_members(section: Section, faults: Faults, destinations: DestinationReader) -> tuple[Member, ...]:
    """The agents, in order, each as a name or a table with her terms."""
    members: dict[str, tuple[Member, Place]] = {}
    for node, place in section.items("agents", example='["anna"]') or ():
        where = place
        if isinstance(node, Table):
            inner = section.inner("agents", node)
            name = inner.text("agent", needed='"anna"')
            where = inner.place_of("agent")
            tier = inner.whole("tier", low=1, high=TIER_MAX) or 1
            preference_s = inner.number("preference_s", low=0, high=PREFERENCE_S_MAX) or 0
            weight = inner.number("weight", low=0, high=WEIGHT_MAX, above_low=True) or 1
            inner.close()
            member = Member(name or "", tier, preference_s, weight)
        elif isinstance(node, Leaf) and isinstance(node.value, str):
            member = Member(section.text_of(node, place) or "")
        else:
            faults.refuse(
                place,
                f"this must be a text, not {kind_of(node)}",
                'write an agent\'s name in double quotes, or { agent = "anna", tier = 2 }',
            )
            continue
        if not member.agent or not destinations.expect("agent", member.agent, where):
            continue
        first = members.setdefault(member.agent, (member, place))
        if first[0] is not member:
            faults.refuse(
                where, f'"{member.agent}" stands twice in the list, first at {first[1]}', "take one of them out"
            )
    return tuple(member for member, _ in members.values())


def read_messages(section: Section, faults: Faults, sounds: SoundSearch) -> tuple[Message, ...]:
    """Sounds of the queue's own, in order, each some time after the one before it."""
    messages: list[Message] = []
    example = '{ sound = "please-wait", gap_s = 40 }'
    for inner in _tables(section, "messages", example, ("MESSAGES_MAX", MESSAGES_MAX), faults):
        sound = inner.text("sound", needed='"please-wait"')
        gap_s = inner.number("gap_s", low=MESSAGE_GAP_S_MIN, high=DAY_S, needed="40")
        inner.close()
        if sound is not None and sounds.use(sound, inner.place_of("sound")) and gap_s is not None:
            messages.append(Message(sound, gap_s))
    return tuple(messages)


def read_overflow(section: Section, faults: Faults, destinations: DestinationReader) -> tuple[OverflowStep, ...]:
    """The steps in order, none of them out of reach behind another."""
    steps: list[OverflowStep] = []
    example = '{ after_s = 60, when = "waiting > 10", to = "queue:NAME" }'
    for inner in _tables(section, "overflow", example, ("OVERFLOW_STEPS_MAX", OVERFLOW_STEPS_MAX), faults):
        to = read_destination(inner, "to", destinations, needed='"queue:NAME"', is_from_queue=True)
        after_s = inner.number("after_s", low=0, high=DAY_S) or 0
        text = inner.text("when", example='"waiting > 10 | no_agents"')
        when = None if text is None else _condition(text, inner.place_of("when"), faults)
        if not inner.has("after_s") and not inner.has("when"):
            faults.refuse(inner.place, "this step does not say when it is taken", "add after_s, when, or both")
        inner.close()
        step = OverflowStep(to or ToBusy(), after_s, when)
        before = next((earlier for earlier in steps if _is_end_of(earlier, step)), None)
        if before is not None:
            faults.refuse(
                inner.place,
                f"no caller comes to this step: after {before.after_s:g} s all of them went to {before.to}",
                "put it before that step, or give that one a condition",
            )
        steps.append(step)
    return tuple(steps)


def read_keys(section: Section, faults: Faults, destinations: DestinationReader) -> Mapping[str, Destination]:
    """What callers who wait are led to by a key."""
    inner = section.table("keys", example='{ "1" = "callback" }')
    found: dict[str, Destination] = {}
    for key in () if inner is None else inner.names():
        assert inner is not None
        to = read_destination(inner, key, destinations, is_from_queue=True)
        if key not in KEYS:
            faults.refuse(inner.place_of(key), f'"{key}" is no key of a telephone', "write one of 0 to 9, * and #")
        elif to is not None:
            found[key] = to
    return MappingProxyType(found)


def read_callback(section: Section, faults: Faults) -> CallbackPlan | None:
    """Whom the queue may call back, and how."""
    inner = section.table("callback", example='{ may_call = ["+46"] }')
    if inner is None:
        return None
    may_call = read_prefixes(inner, "may_call", faults, needed='["+46"]')
    if inner.is_empty_list("may_call"):
        faults.refuse(inner.place_of("may_call"), "nobody could be called back", 'add a country code: "+46"')
    standard = CallbackPlan(())
    plan = CallbackPlan(
        may_call=may_call,
        tries=inner.whole("tries", low=1, high=CALLBACK_TRIES_MAX) or standard.tries,
        pause_s=inner.number("pause_s", low=CALLBACK_PAUSE_S_MIN, high=DAY_S) or standard.pause_s,
        ring_s=inner.number("ring_s", low=CALLBACK_RING_S_MIN, high=CALLBACK_RING_S_MAX) or standard.ring_s,
        keep_s=inner.number("keep_s", low=CALLBACK_KEEP_S_MIN, high=CALLBACK_KEEP_S_MAX) or standard.keep_s,
    )
    inner.close()
    return plan


def read_service_goal(section: Section) -> ServiceGoal | None:
    inner = section.table("service_level", example="{ share = 0.8, within_s = 20 }")
    if inner is None:
        return None
    share = inner.number("share", low=0, high=1, needed="0.8")
    within_s = inner.number("within_s", low=0, high=DAY_S, above_low=True, needed="20")
    inner.close()
    return None if share is None or within_s is None else ServiceGoal(share, within_s)


def _tables(section: Section, key: str, example: str, most: tuple[str, int], faults: Faults) -> list[Section]:
    found: list[Section] = []
    items = section.items(key, example=f"[{example}]") or []
    for node, place in items:
        if isinstance(node, Table):
            found.append(section.inner(key, node))
        else:
            faults.refuse(place, f"this must be a table, not {kind_of(node)}", f"write {example}")
    if len(items) > most[1]:
        faults.refuse(section.place_of(key), f"there are more than {most[0]} = {most[1]} of them", "use fewer")
    return found


def _is_end_of(earlier: OverflowStep, later: OverflowStep) -> bool:
    """Whether every caller is gone by the earlier step when the later could be due. Who was offered a call-back in
    line and does not want it waits on."""
    is_for_all = earlier.when is None and (earlier.after_s == 0 or not isinstance(earlier.to, ToCallback))
    return is_for_all and earlier.after_s <= later.after_s


def _condition(text: str, place: Place, faults: Faults) -> Condition | None:
    try:
        found = condition(text)
    except NoCondition as error:
        faults.refuse(place, f'"{error.part}" is no condition', _mended(error))
        return None
    for comparison in found.comparisons:
        if comparison.quantity == "service_level" and comparison.value > 1:
            share = f"{comparison.value / 100:g}"
            faults.refuse(
                place, f"a service level is a share from 0 to 1, never {comparison.value:g}", f"did you mean {share}?"
            )
    return found


def _mended(error: NoCondition) -> str:
    word = re.match(r"\w*", error.part)
    assert word is not None
    near = nearest(word.group(), error.known)
    rest = error.part[word.end() :].strip()
    if near is not None and near != word.group():
        return f'did you mean "{f"{near} {rest}".strip()}"?'
    quantities = ", ".join(f"{known} > 10" if known == "waiting" else known for known in error.known)
    return f'write alternatives such as "waiting > 10 | no_agents"; there is: {quantities}'
