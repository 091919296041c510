"""The call-back question: a caller is asked whether, and at which number, he wants to be called.

He keeps his place in line while he is asked: if an agent picks up first, the two are joined and the question is
forgotten; if he is done first, the agent who rings is rung anew for the call-back. 1 takes the number that he calls
from; any other number is keyed and ended with `#`. A number that may not be called is asked for again. Who does not
answer waits on, and is not asked again by the queue; at the door of a queue that cannot take him, he is refused.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import announcing, dialogue, events, presenting, promising, queueing
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.ending import end
from softswitch.domain.floor import Floor
from softswitch.domain.numbers import outside_number
from softswitch.domain.outgoing import Principal

KIND: Final = "callback"
CONFIRM: Final = "callback-confirm"
REGISTERED: Final = "callback-registered"
WRONG: Final = "callback-number-wrong"
SOUNDS: Final = (CONFIRM, REGISTERED, WRONG)
THIS_NUMBER: Final = "1"


def ask(floor: Floor, call: Call, now: float) -> None:
    """Asks a caller in line."""
    call.is_callback_asked = True
    if len(floor.callbacks) < promising.CALLBACKS_MAX:
        _ask(floor, call, now)


def ask_at_door(floor: Floor, call: Call, queue: str, now: float) -> None:
    """Asks a caller whom the queue does not take; he counts there with what comes of it."""
    if len(floor.callbacks) >= promising.CALLBACKS_MAX:
        end(floor, call, Cause.QUEUE_FULL, "switch", now, outcome="overflowed")
        return
    call.at_door = queue
    call.visit_at = call.entered_at = now
    queueing.answer(floor, call, now)
    call.change("serving", now)
    _ask(floor, call, now)


def answered(floor: Floor, call: Call, keyed: str, now: float) -> None:
    """A number, or the key for the one that he calls from."""
    queue = call.at_door or call.queue
    assert queue is not None
    plan = floor.plan(queue).callback if queue in floor.queues else None
    wanted = call.caller if keyed == THIS_NUMBER else keyed
    number = outside_number(floor.office, Principal("queue", queue), () if plan is None else plan.may_call, wanted)
    if number is not None:
        _promise(floor, call, queue, number, now)
    elif not dialogue.ask_again(floor, call, now, (WRONG,)):
        _leave_it(floor, call, now)


def spoken(floor: Floor, call: Call, now: float) -> None:
    """He knows that he will be called."""
    end(floor, call, Cause.CALLBACK, "switch", now)


def silent(floor: Floor, call: Call, now: float) -> None:
    """He keyed nothing."""
    if not dialogue.ask_again(floor, call, now):
        _leave_it(floor, call, now)


def _ask(floor: Floor, call: Call, now: float) -> None:
    dialogue.begin(floor, call, KIND, now)
    dialogue.ask(floor, call, "number", (CONFIRM,), now, at_once=THIS_NUMBER)


def _promise(floor: Floor, call: Call, queue: str, number: str, now: float) -> None:
    entered_at = call.entered_at
    if call.at_door is None:
        presenting.close_for(floor, call, "withdrawn", Cause.CALLER_GONE, now)
        queueing.leave(floor, call, "to-callback", Cause.CALLBACK, now)
        call.change("serving", now)
    else:
        call.at_door = None
        floor.tell(
            events.QueueLeft(
                floor.wall(now), call.call, queue, "to-callback", Cause.CALLBACK, wait_s=now - call.visit_at
            )
        )
    call.overflow = Cause.CALLBACK
    promising.promise(floor, call, queue, number, entered_at, now)
    dialogue.begin(floor, call, KIND, now)
    dialogue.say(floor, call, "registered", (REGISTERED,))


def _leave_it(floor: Floor, call: Call, now: float) -> None:
    """No number came of it: he waits on where he is."""
    if call.at_door is not None:
        end(floor, call, Cause.QUEUE_FULL, "switch", now)
    else:
        dialogue.close(floor, call)
        announcing.resume(floor, call, now)
