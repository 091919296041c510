"""Tests of softswitch.settings.queues and queue_parts: what each key becomes, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.domain.conditions import condition
from softswitch.domain.office import (
    CallbackPlan,
    Member,
    Message,
    OverflowStep,
    QueuePlan,
    ToCallback,
    ToQueue,
    ToSay,
    ToVoicemail,
)
from tests.softswitch.settings.offices import change, error_of, errors_of, line_of, office_with, read

SECOND = '[queue.second]\nagents = ["anna"]\nmax_wait_s = 60\n[voicemail.box]\n'
CALLBACK = 'callback = { may_call = ["+46"] }\n'


def queue(folder: Path, keys: str) -> QueuePlan:
    return read(office_with(folder, SECOND, queue=keys)).queues["support"]


@pytest.mark.parametrize(
    ("keys", "attribute", "value"),
    [
        ("skills = { swedish = 5, it = 1 }", "skills", {"swedish": 5, "it": 1}),
        ("skills_relax_every_s = 30", "skills_relax_every_s", 30),
        ("next_tier_after_s = 15.5", "next_tier_after_s", 15.5),
        ("weight_s = 120", "weight_s", 120),
        ("announce_wait = true", "announce_wait", True),
        ('messages = [{ sound = "closed", gap_s = 40 }, { sound = "welcome", gap_s = 60 }]', "messages",
         (Message("closed", 40), Message("welcome", 60))),
        ('codes = ["sale", "complaint"]', "codes", ("sale", "complaint")),
        ('codes = ["sale"]\ncode_within_s = 60', "code_within_s", 60),
        ("misses = 3", "misses", 3),
        ('confirm_sound = "welcome"', "confirm_sound", "welcome"),
        ('join_needs = "logged-in"', "join_needs", "logged-in"),
        ('stay_needs = "ready"', "stay_needs", "ready"),
        ("short_abandon_s = 5", "short_abandon_s", 5),
        ('overflow = [{ after_s = 60, when = "waiting > 10 | no_agents", to = "queue:second" }]', "overflow",
         (OverflowStep(ToQueue("second"), 60, condition("waiting > 10 | no_agents")),)),
        ('overflow = [{ after_s = 30, to = "callback" }, { after_s = 60, to = "say:closed" }]\n' + CALLBACK, "overflow",
         (OverflowStep(ToCallback(), 30), OverflowStep(ToSay("closed"), 60))),
        ('keys = { 1 = "callback", "*" = "voicemail:box", "#" = "queue:second" }\n' + CALLBACK, "keys",
         {"1": ToCallback(), "*": ToVoicemail("box"), "#": ToQueue("second")}),
        (CALLBACK, "callback", CallbackPlan(("+46",))),
        ('callback = { may_call = ["+46", "+47"], tries = 2, pause_s = 60, ring_s = 20, keep_s = 3600 }', "callback",
         CallbackPlan(("+46", "+47"), 2, 60, 20, 3600)),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_key_becomes_the_value_that_it_says(tmp_path: Path, keys: str, attribute: str, value: object) -> None:
    assert getattr(queue(tmp_path, keys), attribute) == value


def test_without_the_keys_a_queue_is_as_before(tmp_path: Path) -> None:
    plain = queue(tmp_path, "")
    standard = QueuePlan("", "", ())
    words = "skills next_tier_after_s weight_s announce_wait messages codes misses keys callback overflow join_needs"
    for attribute in [*words.split(), "stay_needs", "short_abandon_s", "confirm_sound"]:
        assert getattr(plain, attribute) == getattr(standard, attribute), attribute
    assert plain.members == (Member("anna"), Member("bo"))


@pytest.mark.parametrize(
    "strategy",
    ["longest-idle", "ring-all", "round-robin", "fewest-calls", "least-talk", "random", "top-down", "weighted"],
)
def test_all_strategies_can_be_chosen(tmp_path: Path, strategy: str) -> None:
    office = office_with(tmp_path, "")
    change(office, "queues.toml", '"longest-idle"', f'"{strategy}"')
    assert read(office).queues["support"].strategy == strategy


def test_agents_are_names_or_tables_with_their_terms(tmp_path: Path) -> None:
    office = office_with(tmp_path, "")
    agents = '["anna", { agent = "bo", tier = 2, preference_s = 30, weight = 2.5 }]'
    change(office, "queues.toml", '["anna", "bo"]', agents)
    plan = read(office).queues["support"]
    assert plan.members == (Member("anna"), Member("bo", 2, 30, 2.5))
    assert plan.agents == ("anna", "bo")


@pytest.mark.parametrize(
    ("keys", "key", "what", "mend"),
    [
        ("skills = 5", "skills", "a table, not a whole number", "{ swedish = 5 }"),
        ("skills = { swedish = 11 }", "skills.swedish", "11 cannot be", "from 1 to 10"),
        ("skills = { swedish = 2.5 }", "skills.swedish", "whole", "from 1 to 10"),
        ('skills = { "på svenska" = 2 }', 'skills."på svenska"', "name of a skill", "letters"),
        ("skills_relax_every_s = 0", "skills_relax_every_s", "0 cannot be", "from 1"),
        ("next_tier_after_s = 0", "next_tier_after_s", "0 cannot be", "from 1"),
        ("weight_s = 3601", "weight_s", "3601 cannot be", "to 3600"),
        ("announce_wait = 1", "announce_wait", "true or false", "write true"),
        ('messages = ["closed"]', "messages", "a table, not a text", "gap_s"),
        ('messages = [{ sound = "closed" }]', "messages", '"gap_s" is missing', "gap_s = 40"),
        ('messages = [{ sound = "closed", gap_s = 1 }]', "messages.gap_s", "1 cannot be", "from 5"),
        ('messages = [{ sound = "closd", gap_s = 10 }]', "messages.sound", "no sound", '"closed"'),
        ('messages = [{ sound = "closed", gap = 10 }]', "messages.gap", "no key", '"gap_s"'),
        ('codes = ["sale", "sale"]', "codes", "stands twice", "take one"),
        ("code_within_s = 60", "code_within_s", "no codes", "add codes"),
        ("misses = 21", "misses", "21 cannot be", "from 1 to 20"),
        ('confirm_sound = "confirm-cal"', "confirm_sound", "no sound", '"confirm-call"'),
        ('join_needs = "loged-in"', "join_needs", "not one of", 'did you mean "logged-in"?'),
        ('stay_needs = "agents"', "stay_needs", "not one of", '"ready"'),
        ("short_abandon_s = -1", "short_abandon_s", "-1 cannot be", "from 0"),
        ('overflow = [{ after_s = 60, when = "waitng > 10", to = "busy" }]', "overflow.when", '"waitng > 10"',
         'did you mean "waiting > 10"?'),
        ('overflow = [{ when = "wait > 5 | no_agent", to = "busy" }]', "overflow.when", '"no_agent"',
         'did you mean "no_agents"?'),
        ('overflow = [{ when = "waiting = 10", to = "busy" }]', "overflow.when", '"waiting = 10"', "waiting > 10"),
        ('overflow = [{ when = "service_level < 80", to = "busy" }]', "overflow.when", "a share", "mean 0.8?"),
        ('overflow = [{ when = "wait > 10", to = "queue:secnd" }]', "overflow.to", 'no queue "secnd"', "queue:second"),
        ('overflow = [{ after_s = 10 }]', "overflow", '"to" is missing', "queue:NAME"),
        ('overflow = [{ to = "busy" }]', "overflow", "does not say when", "after_s, when"),
        ('overflow = [{ after = 10, to = "busy", when = "wait > 9" }]', "overflow.after", "no key", '"after_s"'),
        ('overflow = [{ after_s = 10, to = "menu:main" }]', "overflow.to", "not available yet", "queue:NAME"),
        ('overflow = [{ after_s = 10, to = "callback" }]', "overflow", "whom it may call", "callback = {"),
        ('keys = { 1 = "callback" }', "keys", "whom it may call", "callback = {"),
        ('keys = { 10 = "busy" }', "keys.10", '"10" is no key of a telephone', "0 to 9"),
        ('keys = { 1 = "voicemail:bax" }', "keys.1", 'no voicemail "bax"', "voicemail:box"),
        ('keys = ["1"]', "keys", "a table, not a list", '"callback"'),
        ("callback = true", "callback", "a table, not true or false", "may_call"),
        ("callback = {}", "callback", '"may_call" is missing', '["+46"]'),
        ("callback = { may_call = [] }", "callback.may_call", "nobody could be called", '"+46"'),
        ('callback = { may_call = ["46"] }', "callback.may_call", "nothing that numbers begin with", '"+46"'),
        ('callback = { may_call = ["+"] }', "callback.may_call", "nothing that numbers begin with", '"+46"'),
        ('callback = { may_call = ["+46"], tries = 4 }', "callback.tries", "4 cannot be", "from 1 to 3"),
        ('callback = { may_call = ["+46"], pause_s = 1 }', "callback.pause_s", "1 cannot be", "from 10"),
        ('callback = { may_call = ["+46"], rings_s = 20 }', "callback.rings_s", "no key", '"ring_s"'),
    ],
    ids=lambda value: value[:50],
)  # fmt: skip
def test_a_wrong_value_is_one_error_at_its_place(tmp_path: Path, keys: str, key: str, what: str, mend: str) -> None:
    office = office_with(tmp_path, SECOND, queue=keys)
    error = error_of(office)
    assert (error.file.name, error.key) == ("queues.toml", f"queue.support.{key}")
    assert error.line == line_of(office, "queues.toml", keys.split("\n", maxsplit=1)[0])
    assert what in error.what
    assert mend in error.mend


@pytest.mark.parametrize(
    ("agents", "key", "what", "mend"),
    [
        ('[{ agent = "boo" }]', "agents.agent", 'no agent "boo"', '"bo"'),
        ("[{ tier = 2 }]", "agents", '"agent" is missing', '"anna"'),
        ('[{ agent = "bo", tier = 0 }]', "agents.tier", "0 cannot be", "from 1 to 20"),
        ('[{ agent = "bo", preference_s = 601 }]', "agents.preference_s", "601 cannot be", "to 600"),
        ('[{ agent = "bo", weight = 0 }]', "agents.weight", "0 cannot be", "above 0"),
        ('[{ agent = "bo", teir = 2 }]', "agents.teir", "no key", '"tier"'),
        ('["bo", { agent = "bo", tier = 2 }]', "agents.agent", "stands twice", "take one"),
    ],
)
def test_a_wrong_term_of_an_agent_is_one_error(tmp_path: Path, agents: str, key: str, what: str, mend: str) -> None:
    office = office_with(tmp_path, "")
    change(office, "queues.toml", '["anna", "bo"]', agents)
    error = error_of(office)
    assert error.key == f"queue.support.{key}"
    assert what in error.what
    assert mend in error.mend


def test_the_wait_cannot_be_told_where_the_place_never_is(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", queue="announce_wait = true")
    change(office, "queues.toml", "announce_position_every_s = 30 ", "announce_position_every_s = 0 ")
    error = error_of(office)
    assert error.key == "queue.support.announce_wait"
    assert "announce_position_every_s" in error.mend


@pytest.mark.parametrize(
    ("steps", "is_right"),
    [
        ('{ after_s = 0, to = "busy" }, { after_s = 60, to = "say:closed" }', False),
        ('{ after_s = 60, to = "busy" }, { after_s = 60, when = "no_agents", to = "say:closed" }', False),
        ('{ after_s = 60, to = "busy" }, { after_s = 59, to = "say:closed" }', True),
        ('{ when = "no_agents", to = "busy" }, { after_s = 60, to = "say:closed" }', True),
        ('{ after_s = 30, to = "callback" }, { after_s = 60, to = "say:closed" }', True),
        ('{ after_s = 0, to = "callback" }, { after_s = 60, to = "say:closed" }', False),
    ],
)
def test_a_step_that_nobody_comes_to_is_refused(tmp_path: Path, steps: str, is_right: bool) -> None:
    """The first step that is due is taken, so one without condition ends the list for all who have waited so long.

    Whoever was offered a call-back in line and did not want it waits on, and comes to the next."""
    office = office_with(
        tmp_path, "", queue=f"overflow = [\n{steps.replace('}, {', '},{n}{')}]\n{CALLBACK}".replace("{n}", "\n")
    )
    if is_right:
        read(office)
        return
    error = error_of(office)
    assert "no caller comes to this step" in error.what
    assert error.line == line_of(office, "queues.toml", steps.split("}, ")[1])


def test_hot_prompts_are_kept_ready(tmp_path: Path) -> None:
    from softswitch.settings import load  # noqa: PLC0415  # only here

    office = office_with(tmp_path, "", queue='hot_prompts = ["closed"]')
    assert load(office, are_sounds_tried=False).sounds.files("closed")
    change(office, "queues.toml", '["closed"]', '["outage"]')
    assert error_of(office).key == "queue.support.hot_prompts"


def test_several_wrong_keys_are_all_told(tmp_path: Path) -> None:
    keys = 'misses = 0\nkeys = { 1 = "busy:x", 12 = "busy" }\ncallback = { may_call = ["46", "+46"], tries = 0 }'
    found = [error.key for error in errors_of(office_with(tmp_path, "", queue=keys))]
    assert sorted(found) == [
        "queue.support.callback.may_call",
        "queue.support.callback.tries",
        "queue.support.keys.1",
        "queue.support.keys.12",
        "queue.support.misses",
    ]
