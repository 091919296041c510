"""Skills: what callers ask for, what agents have, and how the demand relaxes while a caller waits.

A queue, or the number that was dialled, asks for skills at levels 1 to SKILL_LEVEL_MAX; where both ask for one, the
higher level counts. After each `relax_every_s` of waiting every level that is asked for is one lower, and one that has
come to 0 is not asked for any more: so a caller is served by the best at first, and by anybody before he waits for
ever. Without `relax_every_s` the demand stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from softswitch.domain.waits import periods


def together(queue: Mapping[str, int], caller: Mapping[str, int]) -> dict[str, int]:
    """What is asked for in all."""
    return {skill: max(queue.get(skill, 0), caller.get(skill, 0)) for skill in dict.fromkeys((*queue, *caller))}


def relaxed(demand: Mapping[str, int], waited_s: float, relax_every_s: float | None) -> dict[str, int]:
    """What is left of the demand after this wait."""
    steps = 0 if relax_every_s is None else periods(waited_s, relax_every_s)
    return {skill: level - steps for skill, level in demand.items() if level > steps}


def has(skills: Mapping[str, int], demand: Mapping[str, int]) -> bool:
    """Whether somebody with these skills can serve the demand."""
    return all(skills.get(skill, 0) >= level for skill, level in demand.items())
