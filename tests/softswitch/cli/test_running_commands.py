"""Tests of softswitch.cli.running_commands: what is asked for each command, and how the answer is shown."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from softswitch.cli.main import main
from tests.softswitch.cli.answering import answering, result

OFFICE = '[node]\ndata_dir = "var"\ntimezone = "Europe/Stockholm"\n'


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "office.toml").write_text(OFFICE)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "command", "arguments"),
    [
        ("status", "status", {}),
        ("reload", "reload", {}),
        ("call list", "call.list", {}),
        ("call show c-7", "call.show", {"id": "c-7"}),
        ("call hangup c-7", "call.hangup", {"id": "c-7"}),
        ("call why c-7 --json", "call.why", {"id": "c-7"}),
        ("call ladder c-7 --json", "call.ladder", {"id": "c-7"}),
        ("queue list", "queue.list", {}),
        ("queue show support", "queue.show", {"name": "support"}),
        ("queue forecast support", "queue.forecast", {"name": "support"}),
        ("agent list", "agent.list", {}),
        ("agent login anna", "agent.login", {"name": "anna"}),
        ("agent logout anna", "agent.logout", {"name": "anna"}),
        ("agent ready anna", "agent.ready", {"name": "anna"}),
        ("agent pause anna", "agent.pause", {"name": "anna", "reason": None}),
        ("agent pause anna --reason lunch", "agent.pause", {"name": "anna", "reason": "lunch"}),
        ("agent queue anna support off", "agent.queue", {"name": "anna", "queue": "support", "on": False}),
        ("agent queue anna support on", "agent.queue", {"name": "anna", "queue": "support", "on": True}),
        ("agent number anna +46701234567", "agent.number", {"name": "anna", "number": "+46701234567"}),
        ("agent number anna --own", "agent.number", {"name": "anna", "number": None}),
        ("agent wrap-up anna --extend 30", "agent.wrap-up", {"name": "anna", "extend_s": 30.0}),
        ("agent wrap-up anna --end", "agent.wrap-up", {"name": "anna", "extend_s": None}),
        ("agent classify anna sale", "agent.classify", {"name": "anna", "code": "sale"}),
        ("call priority c-7 120", "call.priority", {"id": "c-7", "priority_s": 120.0}),
        ("queue prompt support outage", "queue.prompt", {"name": "support", "sound": "outage", "until": None}),
        ("queue prompt support --off", "queue.prompt", {"name": "support", "sound": None, "until": None}),
        (
            "queue prompt support outage --until 2099-01-01T12:00",
            "queue.prompt",
            {"name": "support", "sound": "outage", "until": "2099-01-01T12:00:00+01:00"},
        ),
        ("phone list", "phone.list", {}),
        ("trunk list", "trunk.list", {}),
        ("history", "history", {"queue": None, "since": None}),
        (
            "history --queue support --since 2026-07-01",
            "history",
            {"queue": "support", "since": "2026-07-01T00:00:00+02:00"},
        ),
        ("recording list", "recording.list", {}),
        ("recording path r-1", "recording.path", {"id": "r-1"}),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_each_command_asks_one_question(
    typed: str,
    command: str,
    arguments: dict[str, object],
    as_json: bool,
    office: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(office / "var", result([{"a": 1}])) as peer:
        assert main([*typed.split(), *(["--json"] if as_json else []), "--config", str(office)]) == 0
    assert peer.asked == [{"command": command, "arguments": arguments}]
    shown = capsys.readouterr()
    assert shown.err == ""
    assert not as_json or json.loads(shown.out) == [{"a": 1}]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("agent number anna", "exactly one of NUMBER or --own"),
        ("agent number anna +4670 --own", "exactly one of NUMBER or --own"),
        ("agent wrap-up anna", "exactly one of --extend S or --end"),
        ("agent wrap-up anna --end --extend 5", "exactly one of --extend S or --end"),
        ("agent queue anna support maybe", "on"),
        ("queue prompt support", "exactly one of SOUND or --off"),
        ("queue prompt support outage --until yesterday", "'yesterday' is over"),
        ("call priority c-7 -5", "-5"),
        ("call priority c-7 much", "SECONDS"),
    ],
)
def test_what_is_half_typed_is_wrong_usage_and_asks_nothing(
    typed: str, said: str, office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(office / "var", result({})) as peer:
        assert main([*typed.split(), "--config", str(office)]) == 2
    assert peer.asked == []
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 3


def test_a_list_is_aligned_text_in_a_pipe(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"queue": "support", "waiting": 12, "longest_wait_s": 3.25},
        {"queue": "a", "waiting": 0, "longest_wait_s": None},
    ]
    with answering(office / "var", result(rows)):
        main(["queue", "list", "--config", str(office)])
    assert capsys.readouterr().out.split("\n") == [
        "queue    waiting  longest_wait_s",
        "support  12       3.25",
        "a        0        -",
        "",
    ]


def test_one_thing_is_shown_with_its_parts(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = {"queue": "support", "media": {"load": 0.5}, "callers": [{"id": "c-1"}], "agents": []}
    with answering(office / "var", result(shown)):
        main(["queue", "show", "support", "--config", str(office)])
    assert capsys.readouterr().out.split("\n") == [
        "queue       support",
        "media.load  0.5",
        "agents      -",
        "",
        "callers",
        "id",
        "c-1",
        "",
    ]


def test_a_recordings_path_stands_alone_so_that_a_script_can_use_it(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for answer in ("/data/r-1.wav", {"id": "r-1", "path": "/data/r-1.wav"}):
        with answering(office / "var", result(answer)):
            main(["recording", "path", "r-1", "--config", str(office)])
        assert capsys.readouterr().out == "/data/r-1.wav\n"


def test_why_is_told_a_sentence_a_line_with_its_time_of_day(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reasons = [
        {"at": "2026-03-01T10:00:01.234+01:00", "text": "+461 called +462 by trunk carrier."},
        {"at": "2026-03-01T10:00:09.900+01:00", "text": "anna was\nbusy."},
    ]
    with answering(office / "var", result({"id": "c-1", "outcome": None, "reasons": reasons})):
        main(["call", "why", "c-1", "--config", str(office)])
    assert capsys.readouterr().out.splitlines() == [
        "10:00:01.2  +461 called +462 by trunk carrier.",
        "10:00:09.9  anna was\\x0abusy.",
    ]


def test_a_ladder_is_drawn_with_messages_where_they_are_asked_for(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = {
        "at": "2026-03-01T10:00:01.234+01:00", "kind": "sip", "from": "trunk:carrier", "to": "switch", "text": "BYE",
        "message": "BYE sip:1@h SIP/2.0\r\nX: \x1b[2J\r\n",
    }  # fmt: skip
    ladder = {"id": "c-1", "parties": ["trunk:carrier", "switch", "media"], "steps": [step], "steps_dropped": 0}
    shown = []
    for options in ([], ["--messages"]):
        with answering(office / "var", result(ladder)):
            main(["call", "ladder", "c-1", *options, "--config", str(office)])
        shown.append(capsys.readouterr().out)
    assert all("- BYE -" in text and "\x1b" not in text for text in shown)
    assert ["sip:1@h" in text for text in shown] == [False, True]


def test_what_callers_wrote_cannot_act_on_the_terminal(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    caller = "\x1b]0;owned\x07[red]\u202eevil\x9b2J\r\n"
    with answering(office / "var", result([{"caller": caller}])):
        main(["call", "list", "--config", str(office)])
        plain = capsys.readouterr().out
        main(["call", "list", "--json", "--config", str(office)])
        as_json = capsys.readouterr().out
    for text in (plain, as_json):
        assert not any(char in text for char in "\x1b\x07\u202e\x9b\r")
    assert "[red]" in plain
    assert len(plain.split("\n")) == 3
    assert json.loads(as_json) == [{"caller": caller}]


def test_since_is_an_instant_with_the_offices_zone(office: Path) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    before = datetime.now(zone)
    with answering(office / "var", result([])) as peer:
        main(["history", "--since", "2h", "--config", str(office)])
    (asked,) = peer.asked
    assert isinstance(asked, dict)
    since = datetime.fromisoformat(asked["arguments"]["since"])
    assert before - timedelta(hours=2) <= since <= datetime.now(zone) - timedelta(hours=2)
    assert since.utcoffset() == before.utcoffset()
