"""What the switch says of itself where a feature is switched on: every such sound must be there before a call needs it.

A feature that the configuration asks for needs all its sentences. What the switch may come to say without being asked
(of several telephones that ring, two may be picked up at once) is taken where it is there, and is silence where an
office in a language of its own has not recorded it.
"""

from __future__ import annotations

from typing import Final

from softswitch.domain import agent_line, asking_callback, holding, joining, messages, rostering, voicemail
from softswitch.domain.forecast import wording
from softswitch.domain.office import ToAgentLine, ToMessages, ToNumber
from softswitch.settings.people_relations import feature_codes
from softswitch.settings.sounds import SoundSearch
from softswitch.settings.whole import Whole

MESSAGES_SOUNDS: Final = (
    *messages.SOUNDS,
    *(f"number-{count}" for count in range(1, messages.NUMBERS_RECORDED + 1)),
)


def use_feature_sounds(whole: Whole, sounds: SoundSearch) -> None:
    """Notes all of them; refuses features whose sounds are missing, each at the key that switches it on."""
    _use_confirmation(whole, sounds)
    if sounds.is_there(holding.MUSIC):
        sounds.use(holding.MUSIC, whole.place("node", "language"), may_be_folder=True)
    for name, queue in whole.queues.items():
        if queue.callback is not None:
            place = whole.place("queue", name, "callback")
            sounds.use_series(asking_callback.SOUNDS, place, otherwise="offer no call-back")
        if queue.announce_wait and queue.announce_position_every_s:
            sounds.use_series(wording.sounds(), whole.place("queue", name, "announce_wait"), otherwise="write false")
    for name, mailbox in whole.mailboxes.items():
        place = whole.place("voicemail", name)
        sounds.use_series((mailbox.greeting, *voicemail.SOUNDS), place, otherwise="take the mailbox out")
    for to, place in whole.destinations():
        if isinstance(to, ToMessages):
            sounds.use_series(MESSAGES_SOUNDS, place, otherwise="lead elsewhere")
        elif isinstance(to, ToAgentLine):
            sounds.use_series(agent_line.SOUNDS, place, otherwise="lead elsewhere")
    for name, shift in whole.shifts.items():
        agents = [whole.agents[agent] for agent in shift.agents if agent in whole.agents]
        if any(all(isinstance(device.to, ToNumber) for device in agent.answers_at) for agent in agents):
            place = whole.place("shift", name, "agents")
            sounds.use_series(rostering.SOUNDS, place, otherwise="give each agent a phone that registers here")
        else:
            sounds.use_if_there(rostering.SOUNDS, whole.place("shift", name))
    for key, code in feature_codes(whole.features).items():
        sounds.use_series(agent_line.SOUNDS, whole.place("features", key), otherwise=f"take {code} out")


def _use_confirmation(whole: Whole, sounds: SoundSearch) -> None:
    asking = {}
    for name, agent in whole.agents.items():
        if any(device.confirm for device in agent.answers_at):
            asking[name] = whole.place("agent", name, "answers_at"), "set confirm = false"
        elif agent.may_answer_at:
            asking[name] = whole.place("agent", name, "may_answer_at"), "take it out"
    for name, queue in whole.queues.items():
        needed = (queue.confirm_sound, joining.TAKEN)
        place, otherwise = next((asking[agent] for agent in queue.agents if agent in asking), (None, ""))
        if place is not None:
            sounds.use_series(needed, place, otherwise=otherwise)
        else:
            sounds.use_if_there(needed, whole.place("queue", name))
