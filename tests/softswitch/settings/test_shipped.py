"""What is shipped is found, and is what a newcomer starts from."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from softswitch.domain.office import (
    AgentPlan,
    CallbackPlan,
    Device,
    FeatureCodes,
    MailboxPlan,
    Member,
    OutgoingPlan,
    PhonePlan,
    QueuePlan,
    Terms,
)
from softswitch.settings import load
from softswitch.settings.shipped import shipped_folder
from tests.certificates import Authority
from tests.softswitch.settings.offices import write_sound

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def test_the_shipped_folders_are_there() -> None:
    assert (shipped_folder("sounds") / "en" / "welcome.wav").is_file()
    assert (shipped_folder("config") / "softswitch.toml").is_file()


def test_a_copy_of_the_shipped_office_finds_the_shipped_sounds(tmp_path: Path) -> None:
    for file in shipped_folder("config").glob("*.toml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    found = load(tmp_path, are_sounds_tried=False).sounds.all_files()
    assert str(shipped_folder("sounds") / "en" / "welcome.wav") in found


_EXAMPLE = re.compile(r'(\[[\w."+-]+\]$|[\w"+-]+ = |\s+[{#]|\]$)')
"""A comment that is TOML: a table, a key, or what goes on inside a list."""


def with_its_examples(text: str) -> str:
    """A file with everything that its comments show switched on."""
    lines = []
    for line in text.splitlines():
        shown = line[1:].removeprefix(" ") if line.startswith("#") else ""
        lines.append(shown if _EXAMPLE.match(shown) else line)
    return "\n".join(lines) + "\n"


def test_every_example_in_the_comments_is_right(tmp_path: Path) -> None:
    live_agents = 'agents = ["anna", "bo"]\n'
    for file in shipped_folder("config").glob("*.toml"):
        text = file.read_text(encoding="utf-8").replace(live_agents, "")
        (tmp_path / file.name).write_text(with_its_examples(text), encoding="utf-8")
    write_sound(tmp_path / "sounds" / "en" / "storm.wav")
    authority = Authority(tmp_path / "tls", "phones-ca").found()
    authority.vouch("office", "DNS:office.example")
    (tmp_path / "carrier-ca.pem").write_bytes(authority.file.read_bytes())
    office = load(tmp_path).office
    queue = office.queues["support"]
    assert (queue.members[1].tier, queue.misses, queue.join_needs, queue.codes[0]) == (2, 3, "logged-in", "sale")
    assert (len(queue.overflow), len(queue.keys), len(queue.messages)) == (3, 2, 2)
    assert queue.hours is not None
    assert queue.callback is not None
    assert (office.agents["anna"].number, office.agents["bo"].rings_one_at_a_time) == ("17", True)
    assert (list(office.mailboxes), list(office.shifts)) == (["support"], ["anna"])
    assert office.vips
    assert office.terms
    assert office.pause_reasons
    assert office.features.log_out == "*74"
    assert (office.outgoing.allow, office.outgoing.deny) == (("+46",), ("+46718",))
    assert (office.phones["103"].may_not_dial, office.phones["103"].calls_out_max) == (("+4676",), 2)


NAMED_BY_THEIR_TABLE = {"queue", "agent", "phone", "mailbox", "members", "is_ready_at_start"}


@pytest.mark.parametrize(
    "plan",
    [QueuePlan, AgentPlan, MailboxPlan, CallbackPlan, Member, FeatureCodes, Device, Terms, PhonePlan, OutgoingPlan],
)
def test_every_key_of_the_office_is_shown(plan: type[DataclassInstance]) -> None:
    """What the switch can be told stands in the shipped files, in use or in a comment."""
    text = "".join(file.read_text(encoding="utf-8") for file in shipped_folder("config").glob("*.toml"))
    for key in {field.name for field in fields(plan)} - NAMED_BY_THEIR_TABLE:
        assert f"{key} = " in text, key
