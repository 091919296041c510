"""A call-back: a caller's place in a queue, kept without his line.

It ages like a caller who waits: his place is the one he had when he asked, he overtakes nobody and nobody overtakes
him. While it is in line, or somebody is being rung for it, a call stands for it; between two tries there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from softswitch.domain.inputs import CallId


@dataclass(slots=True)
class Callback:
    """One call-back, plain data. Times are `now` seconds; `entered_at` is when the caller's wait began.

    `tries`: how often the customer was rung; `call`: the call that stands for it now; `again_at`: when it comes into
    line again after a try that failed.
    """

    callback: str
    queue: str
    number: str
    requested_at: float
    entered_at: float
    priority_s: float = 0.0
    skills: Mapping[str, int] = field(default_factory=dict)
    tries: int = 0
    call: CallId | None = None
    again_at: float | None = None
