"""Tests of the `softswitch` program from outside: exit codes, three lines, options, and what it does not load."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from softswitch.cli.main import config_first, main
from tests.softswitch.cli.answering import answering, result
from tests.softswitch.settings.offices import change, copy_office, line_of


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SOFTSWITCH_CONFIG", raising=False)
    return copy_office(tmp_path)


def lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


@pytest.mark.parametrize(
    ("arguments", "moved"),
    [
        (["queue", "list", "--config", "x"], ["--config", "x", "queue", "list"]),
        (["queue", "--config=x", "list"], ["--config=x", "queue", "list"]),
        (["--config", "x", "status"], ["--config", "x", "status"]),
        (["call", "show", "--", "--config", "x"], ["call", "show", "--", "--config", "x"]),
        (["status", "--config"], ["--config", "status"]),
    ],
)
def test_the_folder_is_taken_wherever_it_is_named(arguments: list[str], moved: list[str]) -> None:
    assert config_first(arguments) == moved


@pytest.mark.parametrize("place", ["before", "after", "variable", "current folder"])
def test_every_way_to_name_the_office_leads_to_its_switch(
    place: str, office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["call", "list", "--json"]
    if place == "before":
        arguments = ["--config", str(office), *arguments]
    elif place == "after":
        arguments += ["--config", str(office)]
    elif place == "variable":
        monkeypatch.setenv("SOFTSWITCH_CONFIG", str(office))
    else:
        office.rename(office.with_name("config"))
        office = office.with_name("config")
        monkeypatch.chdir(office.parent)
    with answering(office / "var", result([])) as peer:
        assert main(arguments) == 0
    assert peer.asked == [{"command": "call.list", "arguments": {}}]
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["queue"],
        ["nonsense"],
        ["queue", "lsit"],
        ["queue", "show"],
        ["agent", "ready", "a", "b"],
        ["status", "--jsn"],
        ["--config"],
        ["history", "--since", "someday"],
        ["agent", "pause", "anna", "--reason"],
    ],
)
def test_wrong_usage_is_three_lines_and_2(
    arguments: list[str], office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = [] if "--config" in arguments else ["--config", str(office)]
    assert main([*config, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(lines(shown.err)) == 3
    assert all(line.strip() for line in lines(shown.err))


def test_no_running_switch_is_three_lines_and_3(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--config", str(office)]) == 3
    what, where, mend = lines(capsys.readouterr().err)
    assert what == "no switch is running"
    assert str(office / "var" / "control.sock") in where
    assert "softswitch serve" in mend


def test_a_dead_switchs_socket_is_no_running_switch(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket  # noqa: PLC0415  # only here

    (office / "var").mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(office / "var" / "control.sock"))
    left.close()
    assert main(["status", "--config", str(office)]) == 3
    assert len(lines(capsys.readouterr().err)) == 3


def test_where_no_switch_runs_a_wrong_configuration_is_told_first(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(office, "queues.toml", "ring_s = 20", "ring_s = 0")
    change(office, "queues.toml", "max_waiting = 50", "max_waiting = 0")
    assert main(["status", "--config", str(office)]) == 1
    what, where, mend = lines(capsys.readouterr().err)
    assert what == "0 cannot be"
    assert where.strip() == f"{office / 'queues.toml'}:{line_of(office, 'queues.toml', 'ring_s')}: queue.support.ring_s"
    assert "1 more" in mend


def test_a_running_switch_is_commanded_while_its_files_are_half_edited(office: Path) -> None:
    change(office, "queues.toml", "ring_s = 20", "ring_s = ")
    with answering(office / "var", result({"id": "c-1"})) as peer:
        assert main(["call", "hangup", "c-1", "--config", str(office)]) == 0
    assert peer.asked == [{"command": "call.hangup", "arguments": {"id": "c-1"}}]


def test_a_fault_of_the_program_is_three_lines_too(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The current folder is gone, so no relative path can be made absolute."""
    gone = office.parent / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["status", "--config", "office"]) in (1, 3)
    assert len(lines(capsys.readouterr().err)) == 3


def test_check_tells_what_callers_meet(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(office)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    for said in ("+46850010000 → queue:support", "+46850010001 → phone:101", "Anna Berg at phone 101", "for 20 s"):
        assert said in shown.out
    assert not (office / "var").exists()


def test_check_as_json(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--config", str(office)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [number["to"] for number in shown["numbers"]] == ["queue:support", "phone:101"]
    assert shown["warnings"] == []


def test_check_tells_every_error_in_three_lines(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(office, "numbers.toml", '"queue:support"', '"queue:suport"')
    change(office, "softswitch.toml", '"20000-20999"', '"20001-20999"')
    (office / "sounds" / "en" / "welcome.wav").write_text("no sound")
    assert main(["check", "--config", str(office)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    told = lines(shown.err)
    assert len(told) == 9
    assert [line.strip() for line in told[1::3]] == [
        f'{office / "numbers.toml"}:{line_of(office, "numbers.toml", "suport")}: number."+46850010000".to',
        f"{office / 'queues.toml'}:{line_of(office, 'queues.toml', 'welcome =')}: queue.support.welcome",
        f"{office / 'softswitch.toml'}:{line_of(office, 'softswitch.toml', '20001')}: media.udp_ports",
    ]
    assert told[0] == 'there is no queue "suport"'
    assert told[2].strip() == 'did you mean "queue:support"?'


def test_check_never_breaks_on_a_mutated_office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random("mutated offices for check")
    for round_ in range(12):
        office = copy_office(tmp_path / str(round_))
        file = chance.choice(sorted(office.glob("*.toml")))
        data = bytearray(file.read_bytes())
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(b'"[]{}=.,#\\ \n\x00\xff09a')
        file.write_bytes(data)
        code = main(["check", "--config", str(office)])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        assert "the program has a fault" not in shown.err
        assert (code, shown.err == "") in ((0, True), (1, False))
        assert code == 0 or len(lines(shown.err)) % 3 == 0


def softswitch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "softswitch.cli.main", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={name: value for name, value in os.environ.items() if name != "SOFTSWITCH_CONFIG"},
    )


def test_the_program_exits_with_the_commands_code(office: Path) -> None:
    assert softswitch("status", "--config", str(office)).returncode == 3
    assert softswitch("nonsense").returncode == 2
    assert softswitch("--version").stdout.startswith("softswitch ")


def test_a_reader_that_goes_away_is_no_failure(office: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "softswitch.cli.main", "check", "--config", str(office)],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=30,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_typed_by_people_load_nothing_heavy(office: Path) -> None:
    """The table of a queue is shown by a process of its own, which then tells what it had to load for that."""
    program = (
        "import sys; from softswitch.cli.main import main; code = main(sys.argv[1:]); "
        "heavy = {'numpy', 'sqlalchemy', 'soundfile', 'uvicorn', 'starlette', 'asyncio', 'softswitch.shell', 'media'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    for arguments in (["queue", "list"], ["check"]):
        with answering(office / "var", result([{"queue": "support", "waiting": 0}])):
            done = subprocess.run(
                [sys.executable, "-c", program, *arguments, "--config", str(office)],
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
            )
        assert (done.returncode, done.stderr) == (0, "[]\n")
