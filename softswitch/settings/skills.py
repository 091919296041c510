"""Skills by level: what agents have, and what queues and numbers ask for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from softswitch.domain.office import SKILL_LEVEL_MAX
from softswitch.settings.faults import Faults
from softswitch.settings.naming import check_word
from softswitch.settings.section import Section

SKILLS_MAX: Final = 100
EXAMPLE: Final = "{ swedish = 5 }"

NO_SKILLS: Final[Mapping[str, int]] = MappingProxyType({})


def read_skills(section: Section, faults: Faults) -> Mapping[str, int]:
    """The key `skills`: a level from 1 to SKILL_LEVEL_MAX for each."""
    inner = section.table("skills", example=EXAMPLE)
    if inner is None:
        return NO_SKILLS
    skills: dict[str, int] = {}
    for name in inner.names():
        level = inner.whole(name, low=1, high=SKILL_LEVEL_MAX)
        if check_word("skill", name, inner.place_of(name), faults) and level is not None:
            skills[name] = level
    if len(skills) > SKILLS_MAX:
        faults.refuse(section.place_of("skills"), f"there are more than SKILLS_MAX = {SKILLS_MAX} skills", "use fewer")
    return MappingProxyType(skills)
