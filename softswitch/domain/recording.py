"""Recordings: their names, where they lie, and when they begin and end.

A recording is named by its call, and its path by the office's date and that name, so nothing that a caller can choose
is part of a path. The file ends when the media process says so; should it never say (it died with the file open), the
recording is closed in the journal with that failure after `COMPLETION_S_MAX`, so that nothing stays open for ever. A
true completion that comes still later is recorded too: the latest word counts.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from softswitch.domain import actions, events
from softswitch.domain.call import Call
from softswitch.domain.figures.spans import quarter_hours
from softswitch.domain.floor import Floor
from softswitch.domain.inputs import RecordingCompleted

COMPLETION_S_MAX = 30.0


def path_of(recording: str, wall_at: float, timezone: str) -> str:
    """Relative to the recordings folder: `YYYY-MM-DD/<id>.wav`, the date being the office's."""
    return f"{_date_of(quarter_hours(wall_at).begins_at, timezone)}/{recording}.wav"


@lru_cache(maxsize=8)
def _date_of(wall_at: float, timezone: str) -> date:
    return datetime.fromtimestamp(wall_at, ZoneInfo(timezone)).date()


def start(floor: Floor, call: Call, now: float) -> None:
    """Records the call's bridge from now on, the caller on the left."""
    begin(floor, call, call.call, now)


def begin(floor: Floor, call: Call, bridge: str, now: float) -> str:
    """Records a bridge of the call from now on, the caller on the left; returns the file's path."""
    connection = call.connection
    recording = call.next_recording()
    call.recording = recording
    floor.recordings[recording] = now
    path = path_of(recording, floor.wall(now), floor.office.timezone)
    agent, queue = (None, None) if connection is None else (connection.agent, connection.queue)
    floor.tell(events.RecordingStarted(floor.wall(now), call.call, recording, agent, queue, path))
    floor.ask(actions.StartRecording(recording, bridge, call.leg, path))
    return path


def stop(floor: Floor, call: Call, now: float) -> None:
    """Finishes the call's recording, if one runs."""
    if call.recording is not None:
        floor.ask(actions.StopRecording(call.recording))
        floor.deadlines.set("recording", call.recording, now + COMPLETION_S_MAX)
        call.recording = None


def completed(floor: Floor, fact: RecordingCompleted, now: float) -> None:
    """The file is whole, or as whole as it could be made."""
    floor.recordings.pop(fact.recording, None)
    floor.deadlines.drop("recording", fact.recording)
    _end(floor, fact, now)


def overdue(floor: Floor, recording: str, now: float) -> None:
    """The media process never said that the file is complete."""
    started_at = floor.recordings.pop(recording, None)
    if started_at is not None:
        seconds = now - COMPLETION_S_MAX - started_at
        failure = "the media process did not say that the file is complete"
        _end(floor, RecordingCompleted(recording, seconds, sha256=None, failure=failure), now)


def _end(floor: Floor, fact: RecordingCompleted, now: float) -> None:
    call = fact.recording.rpartition("-r")[0]
    floor.tell(events.RecordingEnded(floor.wall(now), call, fact.recording, fact.seconds, fact.sha256, fact.failure))
