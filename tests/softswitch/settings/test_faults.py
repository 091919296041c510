"""Errors as people read them: in order, each once, with the nearest right spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.settings.faults import ConfigurationError, ConfigurationErrors, Faults, Place, nearest, suggestion

QUEUES = Place(Path("config/queues.toml"), 9, "queue.support.ring_s")


def error(file: str, line: int, what: str = "wrong") -> ConfigurationError:
    return ConfigurationError(Path(file), line, "", what, "mend it")


@pytest.mark.parametrize(
    ("line", "key", "where"),
    [
        (9, "queue.support.ring_s", "config/queues.toml:9: queue.support.ring_s"),
        (9, "", "config/queues.toml:9"),
        (0, "", "config/queues.toml"),
    ],
)
def test_where_names_file_line_and_key_as_far_as_there_are_any(line: int, key: str, where: str) -> None:
    assert ConfigurationError(Path("config/queues.toml"), line, key, "what", "mend").where == where


def test_errors_stand_in_the_order_of_files_and_lines() -> None:
    errors = ConfigurationErrors([error("b.toml", 2), error("b.toml", 1), error("a.toml", 7)])
    assert [(str(each.file), each.line) for each in errors.errors] == [("a.toml", 7), ("b.toml", 1), ("b.toml", 2)]


def test_three_lines_are_those_of_the_first_with_the_count_of_the_others() -> None:
    one = ConfigurationErrors([error("a.toml", 1)])
    three = ConfigurationErrors([error("a.toml", 1), error("b.toml", 1), error("c.toml", 1)])
    assert one.in_three_lines() == ("wrong", "a.toml:1", "mend it")
    assert three.in_three_lines() == ("wrong", "a.toml:1", "mend it (and 2 more: softswitch check)")


def test_the_same_words_about_the_same_place_are_kept_once() -> None:
    faults = Faults()
    for _ in range(2):
        faults.refuse(QUEUES, "what", "mend")
        faults.warn(QUEUES, "what", "mend")
    faults.refuse(QUEUES, "something else", "mend")
    assert (len(faults.errors), len(faults.warnings)) == (2, 1)


@pytest.mark.parametrize(
    ("wrong", "right"), [("suport", "support"), ("SUPPORT", "support"), ("sales", "sale"), ("xyz", None), ("", None)]
)
def test_the_nearest_name_is_found_whatever_its_capitals(wrong: str, right: str | None) -> None:
    assert nearest(wrong, ["support", "sale", "night"]) == right


def test_a_suggestion_names_the_nearest_else_all_there_are_else_something_else() -> None:
    assert suggestion("suport", ["support", "night"], otherwise="define it") == 'did you mean "support"?'
    assert suggestion("xyz", ["support", "night"], otherwise="define it") == "there is: support, night"
    assert suggestion("xyz", [], otherwise="define it") == "define it"
    assert suggestion("xyz", [f"queue{number}" for number in range(50)], otherwise="define it") == "define it"
