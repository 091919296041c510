"""Tests of softswitch.cli.control: one question, one answer, and everything that can come instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.cli import control
from softswitch.cli.failures import CommandFailed
from tests.softswitch.cli.answering import answering, result


def test_an_answer_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    rows = [{"queue": "kö", "waiting": 3, "longest_wait_s": 1.5, "agent": None}]
    with answering(tmp_path, result(rows)) as peer:
        assert control.ask(tmp_path, "queue.list", {"name": "ö\n"}) == rows
    assert peer.asked == [{"command": "queue.list", "arguments": {"name": "ö\n"}}]


def test_a_long_answer_arrives_whole(tmp_path: Path) -> None:
    rows = [{"id": f"c-{number}"} for number in range(50_000)]
    with answering(tmp_path, result(rows)):
        assert control.ask(tmp_path, "history", {}) == rows


def test_a_path_of_any_length_works(tmp_path: Path) -> None:
    data_dir = tmp_path.joinpath(*(["a" * 200] * 5))
    with answering(data_dir, result("here")):
        assert control.ask(data_dir, "status", {}) == "here"


def test_a_refusal_is_told_in_the_switchs_words(tmp_path: Path) -> None:
    line = b'{"refused": {"what": "there is no queue", "where": "here", "mend": "did you mean x?"}}\n'
    with answering(tmp_path, line), pytest.raises(CommandFailed) as caught:
        control.ask(tmp_path, "queue.show", {"name": "y"})
    failed = caught.value
    assert (failed.what, failed.where, failed.mend, failed.exit_code) == (
        "there is no queue",
        "here",
        "did you mean x?",
        1,
    )


@pytest.mark.parametrize("line", [b"", b"{", b"[]\n", b"{}\n", b'{"refused": "no"}\n', b"\xff\n", b'{"result": 1}'])
def test_an_answer_that_is_none_is_a_refusal(line: bytes, tmp_path: Path) -> None:
    with answering(tmp_path, line), pytest.raises(CommandFailed) as caught:
        control.ask(tmp_path, "status", {})
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("path", ["nowhere", "file", "empty"])
def test_without_a_socket_no_switch_is_running(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandFailed) as caught:
        control.ask(tmp_path / path, "status", {})
    assert caught.value.exit_code == 3
