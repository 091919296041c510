"""A configuration as a whole, before it is known to be right: what the checks across its tables look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from softswitch.domain.hours import Hours
from softswitch.domain.office import (
    AgentPlan,
    Destination,
    FeatureCodes,
    MailboxPlan,
    OutgoingPlan,
    PhonePlan,
    QueuePlan,
    Terms,
)
from softswitch.domain.shifts import Shift
from softswitch.settings.faults import Place
from softswitch.settings.model import AcceptFrom, Api, Media, Sip, Trunk
from softswitch.settings.section import Placed


@dataclass(frozen=True, slots=True)
class Whole:
    """All values, with the place of each key by dotted path.

    `sources` are the members of all trunks' `accept_from`: trunk, value and place; `vips` the callers of all lists
    with what they count for more. `is_complete` is false when a file could not be read at all.
    """

    sip: Sip
    media: Media
    api: Api | None
    trunks: Mapping[str, Trunk]
    phones: Mapping[str, PhonePlan]
    agents: Mapping[str, AgentPlan]
    queues: Mapping[str, QueuePlan]
    numbers: Mapping[str, Destination]
    terms: Mapping[str, Terms]
    vips: Sequence[tuple[Placed[str], float]]
    mailboxes: Mapping[str, MailboxPlan]
    features: FeatureCodes
    outgoing: OutgoingPlan
    hours: Mapping[str, Hours]
    shifts: Mapping[str, Shift]
    places: Mapping[tuple[str, ...], Place]
    sources: Sequence[tuple[str, AcceptFrom, Place]]
    is_complete: bool

    def place(self, *path: str) -> Place:
        """The place of a key, or of what it is in where it is left out."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path]

    def destinations(self) -> list[tuple[Destination, Place]]:
        """All that numbers and queues lead to."""
        found = [(to, self.place("number", name, "to")) for name, to in self.numbers.items()]
        for name, queue in self.queues.items():
            found.append((queue.overflow_to, self.place("queue", name, "overflow_to")))
            found.append((queue.closed_to, self.place("queue", name, "closed_to")))
            found += [(step.to, self.place("queue", name, "overflow")) for step in queue.overflow]
            found += [(to, self.place("queue", name, "keys")) for to in queue.keys.values()]
        return found
