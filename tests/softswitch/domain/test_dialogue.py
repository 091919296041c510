"""Questions on the telephone: keys, silence, and asking again, with the parts of a dialogue played one by one."""

from __future__ import annotations

import pytest

from softswitch.domain import actions, dialogue
from softswitch.domain.call import Call
from softswitch.domain.dialogue import DIALOGUE_S_MAX, KEY_S, KEYED_MAX, TRIES_MAX
from softswitch.domain.floor import Floor
from tests.softswitch.domain.small_office import Stage


@pytest.fixture
def talk() -> tuple[Floor, Call]:
    """A caller in line with whom the switch begins to talk."""
    stage = Stage()
    for agent in ("anna", "bo"):
        stage.choose(agent, "paused")
    stage.ring_in()
    floor = stage.switch.floor
    call = floor.calls["t-1"]
    dialogue.begin(floor, call, "callback", 0.0)
    floor.drain()
    return floor, call


def asked(talk: tuple[Floor, Call], *, is_one_key: bool = False, at_once: str = "") -> tuple[Floor, Call]:
    dialogue.ask(*talk, "number", ("which",), 0.0, is_one_key=is_one_key, at_once=at_once)
    return talk


def keyed(talk: tuple[Floor, Call], keys: str) -> list[str | None]:
    return [dialogue.take_key(*talk, key, 1.0) for key in keys]


def test_keys_are_taken_up_to_the_hash_and_then_no_more(talk: tuple[Floor, Call]) -> None:
    assert keyed(asked(talk), "12#") == [None, None, "12"]
    assert keyed(talk, "3#") == [None, None]


def test_one_key_is_a_whole_answer_where_one_is_asked_for(talk: tuple[Floor, Call]) -> None:
    assert keyed(asked(talk, is_one_key=True), "7") == ["7"]


def test_a_hash_alone_is_an_empty_answer_and_a_star_is_a_key(talk: tuple[Floor, Call]) -> None:
    assert keyed(asked(talk), "#") == [""]
    assert keyed(asked(talk), "*1#") == [None, None, "*1"]


def test_an_answer_of_its_own_counts_only_when_it_comes_first(talk: tuple[Floor, Call]) -> None:
    assert keyed(asked(talk, at_once="1"), "1") == ["1"]
    assert keyed(asked(talk, at_once="1"), "01#") == [None, None, "01"]


def test_more_keys_than_anybody_needs_are_not_kept(talk: tuple[Floor, Call]) -> None:
    answers = keyed(asked(talk), "1" * (KEYED_MAX + 5) + "#")
    assert answers[-1] == "1" * KEYED_MAX


def test_a_key_silences_what_is_spoken_and_gives_time_for_the_next(talk: tuple[Floor, Call]) -> None:
    floor, call = asked(talk)
    (play,) = [thing for thing in floor.drain() if isinstance(thing, actions.PlayOnLeg)]
    assert play.once == ("which",)
    assert ("key", call.call) not in floor.deadlines
    keyed(talk, "1")
    assert floor.drain() == [actions.StopPlayingOnLeg(call.leg, play.tag)]
    assert ("key", call.call) in floor.deadlines
    assert floor.deadlines.pop_due(1.0 + KEY_S - 0.01) is None
    assert floor.deadlines.pop_due(1.0 + KEY_S) == ("key", call.call)


def test_the_answer_ends_the_waiting_for_keys(talk: tuple[Floor, Call]) -> None:
    floor, call = asked(talk)
    keyed(talk, "1#")
    assert ("key", call.call) not in floor.deadlines


def test_while_something_is_said_keys_are_overheard(talk: tuple[Floor, Call]) -> None:
    floor, call = asked(talk)
    dialogue.wait_for_key(floor, call, 2.0)
    dialogue.say(floor, call, "done", ("thanks",))
    assert keyed(talk, "1#") == [None, None]
    assert ("key", call.call) not in floor.deadlines
    dialogue.wait_for_key(floor, call, 5.0)
    assert ("key", call.call) not in floor.deadlines


def test_a_question_without_sounds_waits_for_keys_from_its_beginning(talk: tuple[Floor, Call]) -> None:
    floor, call = talk
    dialogue.ask(floor, call, "menu", (), 0.0)
    assert ("key", call.call) in floor.deadlines


def test_it_is_asked_again_as_it_was_with_the_keys_before_forgotten(talk: tuple[Floor, Call]) -> None:
    floor, call = asked(talk, at_once="1")
    keyed(talk, "47")
    floor.drain()
    assert dialogue.ask_again(floor, call, 3.0, ("wrong",))
    (play,) = [thing for thing in floor.drain() if isinstance(thing, actions.PlayOnLeg)]
    assert play.once == ("wrong", "which")
    assert dialogue.of(call).sounds == ("which",)
    assert keyed(talk, "1") == ["1"]


def test_after_its_tries_it_is_not_asked_again_but_another_question_has_tries_of_its_own(
    talk: tuple[Floor, Call],
) -> None:
    floor, call = asked(talk)
    assert [dialogue.ask_again(floor, call, 3.0) for _ in range(TRIES_MAX)] == [True] * (TRIES_MAX - 1) + [False]
    dialogue.ask(floor, call, "another", ("what",), 3.0)
    assert dialogue.ask_again(floor, call, 3.0)
    dialogue.ask(floor, call, "another", ("what",), 3.0)
    assert [dialogue.ask_again(floor, call, 3.0) for _ in range(TRIES_MAX - 1)] == [True] * (TRIES_MAX - 2) + [False]


def test_no_dialogue_lasts_for_ever(talk: tuple[Floor, Call]) -> None:
    floor, call = talk
    assert ("dialogue-end", call.call) in floor.deadlines
    floor.deadlines.drop("max-wait", call.call)
    assert floor.deadlines.pop_due(DIALOGUE_S_MAX - 0.01) is None
    assert floor.deadlines.pop_due(DIALOGUE_S_MAX) == ("dialogue-end", call.call)


def test_closing_leaves_nothing_due_and_may_be_done_twice(talk: tuple[Floor, Call]) -> None:
    floor, call = asked(talk)
    keyed(talk, "1")
    dialogue.close(floor, call)
    dialogue.close(floor, call)
    assert call.dialogue is None
    assert not [kind for kind in ("key", "dialogue-end") if (kind, call.call) in floor.deadlines]
