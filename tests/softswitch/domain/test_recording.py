from datetime import UTC, datetime

from softswitch.domain import actions, events, inputs
from softswitch.domain.recording import COMPLETION_S_MAX, path_of
from tests.softswitch.domain.small_office import Stage


def test_the_path_is_of_the_offices_date() -> None:
    late = datetime(2026, 7, 1, 22, 30, tzinfo=UTC).timestamp()
    assert path_of("x-1-r1", late, "Europe/Stockholm") == "2026-07-02/x-1-r1.wav"
    assert path_of("x-1-r1", late, "UTC") == "2026-07-01/x-1-r1.wav"


def recorded() -> tuple[Stage, str, str]:
    stage = Stage()
    caller = stage.ring_in()
    stage.answer(stage.dialled()["phone:101"])
    return stage, caller, stage.one(actions.StartRecording).recording


def test_the_caller_is_on_the_left_and_the_file_ends_with_the_call() -> None:
    stage, caller, recording = recorded()
    started = stage.one(actions.StartRecording)
    assert (started.left, started.bridge) == (caller, "t-1")
    assert started.path == stage.one(events.RecordingStarted).path
    stage.hang_up(caller)
    assert stage.one(actions.StopRecording).recording == recording
    stage.tell(inputs.RecordingCompleted(recording, 12.5, "ab", None))
    ended = stage.one(events.RecordingEnded)
    assert (ended.call, ended.seconds, ended.sha256, ended.failure) == ("t-1", 12.5, "ab", None)
    stage.wait(COMPLETION_S_MAX + 60)
    assert len(stage.ever(events.RecordingEnded)) == 1


def test_a_recording_of_which_nothing_is_heard_is_closed_with_that_failure() -> None:
    stage, caller, recording = recorded()
    stage.wait(7.0)
    stage.hang_up(caller)
    stage.wait(COMPLETION_S_MAX)
    ended = stage.one(events.RecordingEnded)
    assert (ended.recording, ended.seconds) == (recording, 7.0)
    assert ended.failure is not None
