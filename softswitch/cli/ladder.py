"""A call as a ladder of text: a column for each party, an arrow for each message, a line for each event.

Plain characters in plain lines, so that it reads the same on a terminal, in a pipe and in a mail to the carrier. The
text of an arrow stands in it, or after it where it is too long; parties that an arrow passes are drawn over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

COLUMN_CHARS_MIN: Final = 18
GUTTER: Final = " " * 10
"""Room for the seconds since the first step."""

Step = Mapping[str, object]


def drawn(ladder: Mapping[str, object], *, are_messages_whole: bool = False) -> Iterator[str]:
    """The lines; times are seconds since the first step."""
    parties, steps = _texts(ladder["parties"]), _steps(ladder["steps"])
    width = max([COLUMN_CHARS_MIN, *(len(party) + 2 for party in parties)])
    posts = [GUTTER + " " * (width // 2 + width * index) for index in range(len(parties))]
    places = {party: len(post) for party, post in zip(parties, posts, strict=True)}
    began = _instant(steps[0]) if steps else None
    if began is not None:
        yield f"call {ladder['id']}, from {began.isoformat(timespec='milliseconds')}"
    yield (GUTTER + "".join(party.center(width) for party in parties)).rstrip()
    for step in steps:
        assert began is not None
        seconds = (_instant(step) - began).total_seconds()
        yield _line(step, places, len(GUTTER) + width * len(parties), f"{seconds:8.3f}  ")
        message = step.get("message")
        if are_messages_whole and isinstance(message, str):
            yield from (f"{GUTTER}    {line}".rstrip() for line in message.splitlines())
            yield ""
    if ladder.get("steps_dropped"):
        yield f"{ladder['steps_dropped']} more steps were not kept"


def _line(step: Step, places: Mapping[str, int], width: int, time: str) -> str:
    line = list(" " * width)
    for place in places.values():
        line[place] = "|"
    text = str(step["text"])
    left, right = places.get(str(step["from"]), 0), places.get(str(step["to"]), 0)
    if left == right:
        line[left] = "*"
        return time + "".join(line)[len(time) : left + 2] + text
    is_leftward, (left, right) = left > right, sorted((left, right))
    line[left + 1 : right] = "-" * (right - left - 1)
    line[left + 1 if is_leftward else right - 1] = "<" if is_leftward else ">"
    room = right - left - 5
    drawn_line = "".join(line)
    if len(text) <= room:
        start = left + 3 + (room - len(text)) // 2
        drawn_line = f"{drawn_line[: start - 1]} {text} {drawn_line[start + len(text) + 1 :]}"
        return time + drawn_line[len(time) :].rstrip()
    return f"{time}{drawn_line[len(time) :].rstrip()}  {text}"


def _instant(step: Step) -> datetime:
    return datetime.fromisoformat(str(step["at"]))


def _texts(value: object) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _steps(value: object) -> Sequence[Step]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
