"""What falls due: for each kind of deadline, what is to be done and where.

A deadline is named by its kind and by what it is about: a call, leg, agent, queue, presentation, call-back, recording.
Whoever sets one drops it when it has no more meaning, so what falls due is always there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from softswitch.domain import (
    announcing,
    calling_back,
    confirming,
    direct,
    joining,
    opening,
    presence,
    presenting,
    promising,
    queueing,
    recording,
    rostering,
    routing,
    serving,
    transferring,
    voicemail,
    wrapping_up,
)
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor


def fall_due(floor: Floor, kind: str, key: str, now: float) -> None:
    """Does what the deadline was set for."""
    _DUE[kind](floor, key, now)


def _devices_back(floor: Floor, now: float) -> None:
    for device in [device for device, until_at in floor.devices_out.items() if until_at <= now]:
        floor.take_back(device)


_Due = Callable[[Floor, str, float], None]

_DUE: Final[Mapping[str, _Due]] = {
    "device": lambda floor, _key, now: _devices_back(floor, now),
    "max-wait": lambda floor, key, now: routing.waited_too_long(floor, floor.calls[key], now),
    "overflow": lambda floor, key, now: routing.overflow_due(floor, floor.calls[key], now),
    "chances": lambda floor, key, now: queueing.chances_change(floor, floor.calls[key], now),
    "announce": lambda floor, key, now: announcing.due(floor, floor.calls[key], "position", now),
    "message-due": lambda floor, key, now: announcing.due(floor, floor.calls[key], "message", now),
    "hot": lambda floor, key, now: announcing.switch_hot_prompt(floor, key, None, now, by="its end"),
    "ring": presenting.expired,
    "ring-next": presenting.device_due,
    "confirm": confirming.overdue,
    "late": lambda floor, key, now: joining.let_late_go(floor, floor.calls[key], now),
    "taken": joining.told_late,
    "consult": lambda floor, key, now: transferring.consult_expired(floor, floor.calls[key], now),
    "callback-ring": lambda floor, key, now: calling_back.not_reached(floor, floor.calls[key], Cause.NO_ANSWER, now),
    "callback-again": lambda floor, key, now: promising.come_into_line(floor, floor.callbacks[key], now),
    "callback-keep": lambda floor, key, now: calling_back.too_old(floor, floor.callbacks[key], now),
    "message": lambda floor, key, now: voicemail.too_long(floor, floor.calls[key], now),
    "shift": lambda floor, key, now: rostering.due(floor, floor.agents[key], now),
    "check": lambda floor, key, now: rostering.check(floor, floor.agents[key], now),
    "check-ring": lambda floor, key, now: rostering.not_reached(floor, floor.calls[key], now),
    "hours": lambda floor, _key, now: opening.begin(floor, now),
    "key": lambda floor, key, now: serving.silent(floor, floor.calls[key], now),
    "dialogue-end": lambda floor, key, now: serving.overdue(floor, floor.calls[key], now),
    "direct": lambda floor, key, now: direct.expired(floor, floor.calls[key], now),
    "say": lambda floor, key, now: routing.said(floor, floor.calls[key], now),
    "wrap-up": lambda floor, key, now: wrapping_up.end(floor, floor.agents[key], now),
    "backoff": lambda floor, key, _now: presence.end_back_off(floor, floor.agents[key]),
    "guard": lambda floor, key, _now: presence.end_guard(floor, floor.agents[key]),
    "recording": recording.overdue,
}
