"""A dialogue: the switch speaks to somebody on the telephone and hears keys, one question after the other.

Mailboxes, the agents' line and the call-back question are dialogues. Each is a step by name, what was keyed so far, and
what was found out; the rooms that lead them say what each step does with its keys. Keys count as soon as a question is
begun, and end what is spoken. A question takes one key, or keys up to `#`; who says nothing for KEY_S after the last
sound or key is asked again, and after TRIES_MAX the room decides how it ends. Everything it knows is a value.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain.call import Call, Dialogue
from softswitch.domain.floor import Floor

KEY_S: Final = 8.0
TRIES_MAX: Final = 3
KEYED_MAX: Final = 32
DIALOGUE_S_MAX: Final = 600.0
"""No dialogue lasts longer; recording a message has its own limit."""

END_KEY: Final = "#"


def begin(floor: Floor, call: Call, kind: str, now: float) -> Dialogue:
    """The switch begins to talk with the caller."""
    call.dialogue = Dialogue(kind)
    floor.deadlines.set("dialogue-end", call.call, now + DIALOGUE_S_MAX)
    return call.dialogue


def ask(
    floor: Floor,
    call: Call,
    step: str,
    sounds: tuple[str, ...],
    now: float,
    *,
    is_one_key: bool = False,
    at_once: str = "",
) -> None:
    """Asks the question of a step: keys are its answer."""
    dialogue = of(call)
    if dialogue.step != step:
        dialogue.tries = 0
    dialogue.step, dialogue.sounds = step, sounds
    dialogue.is_one_key, dialogue.at_once = is_one_key, at_once
    dialogue.keyed, dialogue.is_listening = "", True
    floor.play(call, once=sounds)
    if not sounds:
        floor.deadlines.set("key", call.call, now + KEY_S)
    else:
        floor.deadlines.drop("key", call.call)


def say(floor: Floor, call: Call, step: str, sounds: tuple[str, ...]) -> None:
    """Says something; keys are overheard, and `spoken` of the room follows when it is through."""
    dialogue = of(call)
    dialogue.step, dialogue.sounds, dialogue.is_listening = step, sounds, False
    floor.deadlines.drop("key", call.call)
    floor.play(call, once=sounds)


def take_key(floor: Floor, call: Call, digit: str, now: float) -> str | None:
    """One key of the caller; the whole answer when it is complete, without the `#`."""
    dialogue = of(call)
    if not dialogue.is_listening:
        return None
    floor.stop_playing(call)
    floor.deadlines.set("key", call.call, now + KEY_S)
    is_whole = dialogue.is_one_key or (not dialogue.keyed and digit in dialogue.at_once)
    if is_whole or digit == END_KEY:
        answer = digit if is_whole else dialogue.keyed
        dialogue.keyed, dialogue.is_listening = "", False
        floor.deadlines.drop("key", call.call)
        return answer
    dialogue.keyed = (dialogue.keyed + digit)[:KEYED_MAX]
    return None


def wait_for_key(floor: Floor, call: Call, now: float) -> None:
    """What was to be said of the question is through: now the caller has KEY_S."""
    if of(call).is_listening:
        floor.deadlines.set("key", call.call, now + KEY_S)


def ask_again(floor: Floor, call: Call, now: float, first: tuple[str, ...] = ()) -> bool:
    """Asks the question once more, after saying `first`; False when it was asked TRIES_MAX times."""
    dialogue = of(call)
    dialogue.tries += 1
    if dialogue.tries >= TRIES_MAX:
        return False
    sounds = dialogue.sounds
    ask(floor, call, dialogue.step, (*first, *sounds), now, is_one_key=dialogue.is_one_key, at_once=dialogue.at_once)
    dialogue.sounds = sounds
    return True


def close(floor: Floor, call: Call) -> None:
    """The dialogue is over."""
    if call.dialogue is not None:
        call.dialogue = None
        for kind in ("key", "dialogue-end"):
            floor.deadlines.drop(kind, call.call)


def of(call: Call) -> Dialogue:
    """The dialogue that the call is in."""
    assert call.dialogue is not None
    return call.dialogue
