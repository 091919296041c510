"""The table `queue`: who answers and in which order, what callers hear, and where they go when nobody answers.

Keys that hold a table or a list of tables are read in `queue_parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast, get_args

from softswitch.domain import announcing
from softswitch.domain.hours import Hours
from softswitch.domain.office import (
    WEIGHT_S_MAX,
    Destination,
    NoAnswerPolicy,
    QueuePlan,
    RecordPolicy,
    Staffing,
    Strategy,
    ToBusy,
    ToCallback,
)
from softswitch.settings.destinations import DestinationReader, read_destination
from softswitch.settings.faults import Faults
from softswitch.settings.outgoing import read_caller_id
from softswitch.settings.people import DAY_S, RING_S_MAX
from softswitch.settings.queue_parts import (
    read_callback,
    read_keys,
    read_members,
    read_messages,
    read_overflow,
    read_service_goal,
)
from softswitch.settings.section import Section
from softswitch.settings.skills import read_skills
from softswitch.settings.sounds import SoundSearch

CALLERS_MAX: Final = 100_000
ANNOUNCE_S_MIN: Final = 5
MISSES_MAX: Final = 20
CODES_MAX: Final = 200
CODE_S_MAX: Final = 3_600
SHORT_ABANDON_S_MAX: Final = 300
HOT_PROMPTS_MAX: Final = 50

_STANDARD: Final = QueuePlan("", "", ())


def read_queue(
    section: Section,
    name: str,
    faults: Faults,
    destinations: DestinationReader,
    sounds: SoundSearch,
    hours: Mapping[str, Hours],
) -> QueuePlan:
    """`hours`: all that the configuration defines."""
    members = read_members(section, faults, destinations)
    callback = read_callback(section, faults)
    overflow_to = read_destination(section, "overflow_to", destinations, is_from_queue=True)
    overflow = read_overflow(section, faults, destinations)
    keys = read_keys(section, faults, destinations)
    if callback is None and not section.has("callback"):
        leads: dict[str, list[Destination | None]] = {
            "overflow": [step.to for step in overflow],
            "keys": list(keys.values()),
            "overflow_to": [overflow_to],
        }
        for key, ends in leads.items():
            if any(isinstance(to, ToCallback) for to in ends):
                _refuse_without_callback(section, key, faults)
    _use_hot_prompts(section, faults, sounds)
    plan = QueuePlan(
        queue=name,
        name=section.text("name") or name,
        agents=tuple(member.agent for member in members),
        members=members,
        strategy=cast("Strategy", section.choice("strategy", get_args(Strategy), default="longest-idle")),
        next_tier_after_s=section.number("next_tier_after_s", low=1, high=DAY_S),
        skills=read_skills(section, faults),
        skills_relax_every_s=section.number("skills_relax_every_s", low=1, high=DAY_S),
        weight_s=section.number("weight_s", low=0, high=WEIGHT_S_MAX) or 0,
        welcome=_sound(section, "welcome", sounds, may_be_folder=False),
        music=_sound(section, "music", sounds, may_be_folder=True),
        announce_position_every_s=_announced_every_s(section, faults, sounds),
        announce_wait=section.flag("announce_wait", default=False),
        messages=read_messages(section, faults, sounds),
        ring_s=section.number("ring_s", low=1, high=RING_S_MAX) or 20,
        wrap_up_s=section.number("wrap_up_s", low=0, high=DAY_S) or 0,
        codes=_codes(section, faults),
        code_within_s=section.number("code_within_s", low=0, high=CODE_S_MAX) or 0,
        no_answer=cast("NoAnswerPolicy", section.choice("no_answer", get_args(NoAnswerPolicy), default="pause")),
        misses=section.whole("misses", low=1, high=MISSES_MAX) or 1,
        confirm_sound=_sound(section, "confirm_sound", sounds, may_be_folder=False) or _STANDARD.confirm_sound,
        join_needs=cast("Staffing", section.choice("join_needs", get_args(Staffing), default="nobody")),
        stay_needs=cast("Staffing", section.choice("stay_needs", get_args(Staffing), default="nobody")),
        hours=_hours(section, destinations, hours),
        closed_to=read_destination(section, "closed_to", destinations) or ToBusy(),
        max_wait_s=section.number("max_wait_s", low=0, high=DAY_S, above_low=True),
        max_waiting=section.whole("max_waiting", low=1, high=CALLERS_MAX),
        overflow=overflow,
        overflow_to=overflow_to or ToBusy(),
        keys=keys,
        callback=callback,
        service_level=read_service_goal(section),
        short_abandon_s=section.number("short_abandon_s", low=0, high=SHORT_ABANDON_S_MAX) or 0,
        record=cast("RecordPolicy", section.choice("record", get_args(RecordPolicy), default="never")),
        caller_id=read_caller_id(section, "caller_id", faults),
    )
    section.close()
    return plan


def _sound(section: Section, key: str, sounds: SoundSearch, *, may_be_folder: bool) -> str | None:
    name = section.text(key)
    if name is None or not sounds.use(name, section.place_of(key), may_be_folder=may_be_folder):
        return None
    return name


def _hours(section: Section, destinations: DestinationReader, hours: Mapping[str, Hours]) -> Hours | None:
    name = section.text("hours", example='the name of [hours.NAME], such as "office"')
    if name is None or not destinations.expect("hours", name, section.place_of("hours")):
        return None
    return hours.get(name)


def _announced_every_s(section: Section, faults: Faults, sounds: SoundSearch) -> float:
    given = section.number("announce_position_every_s", low=0, high=DAY_S)
    every_s = given or 0
    place = section.place_of("announce_position_every_s")
    if 0 < every_s < ANNOUNCE_S_MIN:
        faults.refuse(
            place,
            f"{every_s:g} s leaves no time for music",
            f"write at least ANNOUNCE_S_MIN = {ANNOUNCE_S_MIN}, or 0 for never",
        )
    elif every_s:
        sounds.use_series(announcing.sounds(), place)
    is_never_told = given == 0 or not section.has("announce_position_every_s")
    is_wait_wanted = section.flag("announce_wait", default=False)
    if is_never_told and is_wait_wanted:
        faults.refuse(
            section.place_of("announce_wait"),
            "the wait is told together with the place in the queue, and that is never told",
            "add announce_position_every_s = 60",
        )
    return every_s


def _codes(section: Section, faults: Faults) -> tuple[str, ...]:
    codes = section.texts("codes", example='["sale", "complaint"]') or []
    if len(codes) > CODES_MAX:
        faults.refuse(section.place_of("codes"), f"there are more than CODES_MAX = {CODES_MAX} codes", "use fewer")
    if section.has("code_within_s") and not section.has("codes"):
        faults.refuse(
            section.place_of("code_within_s"), "there are no codes to choose from", 'add codes = ["sale", "complaint"]'
        )
    return tuple(code.value for code in codes)


def _use_hot_prompts(section: Section, faults: Faults, sounds: SoundSearch) -> None:
    """Sounds that are only kept ready, for `softswitch queue prompt`."""
    prompts = section.texts("hot_prompts", example='["outage"]') or []
    for prompt in prompts:
        sounds.use(prompt.value, prompt.place)
    if len(prompts) > HOT_PROMPTS_MAX:
        faults.refuse(
            section.place_of("hot_prompts"),
            f"there are more than HOT_PROMPTS_MAX = {HOT_PROMPTS_MAX} of them",
            "keep fewer ready",
        )


def _refuse_without_callback(section: Section, key: str, faults: Faults) -> None:
    faults.refuse(
        section.place_of(key),
        "callers of this queue are offered a call-back, and it is not said whom it may call",
        'add callback = { may_call = ["+46"] }',
    )
