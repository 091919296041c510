"""Tests of softswitch.settings.queue_relations: what is wrong, or hardly meant, only as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.softswitch.settings.offices import (
    ADDED,
    change,
    error_of,
    office_with,
    read,
    warnings_of,
)


def steps_to(queue: str) -> str:
    return f'overflow = [{{ after_s = 60, when = "no_agents", to = "queue:{queue}" }}]'


def second(overflow: str = "") -> str:
    return f'[queue.second]\nagents = ["anna"]\nmax_wait_s = 60\n{overflow}\n'


def test_steps_that_lead_round_in_a_circle_are_refused_once(tmp_path: Path) -> None:
    error = error_of(office_with(tmp_path, second(steps_to("support")), queue=steps_to("second")))
    assert error.key == "queue.support.overflow"
    assert "support → second → support" in error.what


def test_a_circle_that_other_queues_lead_into_is_named_by_itself(tmp_path: Path) -> None:
    third = '[queue.third]\nagents = ["anna"]\nmax_wait_s = 60\noverflow_to = "queue:second"\n'
    error = error_of(office_with(tmp_path, second(steps_to("third")) + third, queue=steps_to("second")))
    assert "second → third → second" in error.what


def test_keys_may_lead_back_because_a_caller_presses_them(tmp_path: Path) -> None:
    back = 'keys = { 1 = "queue:support" }'
    read(office_with(tmp_path, second(back), queue=steps_to("second")))


@pytest.mark.parametrize(("queues", "is_right"), [(7, True), (8, False)])
def test_steps_count_for_the_longest_chain(tmp_path: Path, queues: int, is_right: bool) -> None:
    tables = [
        f'[queue.q{index}]\nagents = ["anna"]\nmax_wait_s = 9\n{steps_to(f"q{index + 1}")}\n'
        for index in range(2, queues)
    ]
    last = f'[queue.q{queues}]\nagents = ["anna"]\nmax_wait_s = 9\n'
    office = office_with(tmp_path, "".join([*tables, last]), queue=steps_to("q2"))
    if is_right:
        read(office)
    else:
        assert "OVERFLOW_QUEUES_MAX = 7" in error_of(office).what


def test_many_queues_that_lead_to_the_same_ones_are_looked_at_quickly(tmp_path: Path) -> None:
    """Two ways from each of seven layers, and 400 queues in the first: all ways one by one would be 50,000."""
    layers = [
        f'[queue.l{layer}{side}]\nagents = ["anna"]\nmax_wait_s = 9\noverflow_to = "queue:l{layer + 1}a"\n'
        f'overflow = [{{ after_s = 1, when = "no_agents", to = "queue:l{layer + 1}b" }}]\n'
        for layer in range(1, 6)
        for side in "ab"
    ]
    ends = [f'[queue.l6{side}]\nagents = ["anna"]\nmax_wait_s = 9\n' for side in "ab"]
    first = [
        f'[queue.f{index}]\nagents = ["anna"]\nmax_wait_s = 9\noverflow_to = "queue:l1a"\n' for index in range(400)
    ]
    assert len(read(office_with(tmp_path, "".join([*layers, *ends, *first]))).queues) == 413


def test_a_service_level_is_judged_only_where_there_is_a_goal(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", queue='overflow = [{ when = "service_level < 0.7", to = "busy" }]')
    read(office)
    change(office, "queues.toml", "service_level = { share = 0.8, within_s = 20 }", "")
    error = error_of(office)
    assert error.key == "queue.support.overflow"
    assert "no service level" in error.what


def test_calling_back_needs_a_trunk(tmp_path: Path) -> None:
    keys = 'callback = { may_call = ["+46"] }\nkeys = { 1 = "callback" }'
    office = office_with(tmp_path, "", queue=keys)
    read(office)
    (office / "trunks.toml").unlink()
    change(office, "agents.toml", ', { to = "number:+46701234567", confirm = false }', "")
    error = error_of(office)
    assert (error.key, error.what) == ("queue.support.callback", "there is no trunk to call anybody back by")


@pytest.mark.parametrize(
    ("queue", "anna", "said"),
    [
        ("skills = { swedish = 5 }", "skills = { swedish = 4 }", "(swedish 5): nobody is ever rung"),
        ("skills = { swedish = 5 }\nskills_relax_every_s = 30", "", "(swedish 5): nobody is rung until"),
        ("next_tier_after_s = 30", "", "there is no next one"),
        ('overflow = [{ after_s = 900, to = "busy" }]', "", "max_wait_s is 900 s"),
        ('overflow = [{ after_s = 0, to = "busy" }]', "", "nobody ever waits"),
        ('callback = { may_call = ["+46"] }', "", "ever offered a call-back"),
    ],
)
def test_what_is_hardly_meant_is_a_warning(tmp_path: Path, queue: str, anna: str, said: str) -> None:
    warnings = warnings_of(office_with(tmp_path, "", queue=queue, anna=anna))
    assert len(warnings) == 1
    assert said in warnings[0]


def test_a_skill_that_one_agent_has_is_enough(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", queue="skills = { swedish = 5 }", bo="skills = { swedish = 5 }")
    assert warnings_of(office) == []


def test_a_number_may_ask_for_more_than_its_queue_has(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", bo="skills = { it = 2 }", number="skills = { it = 3 }")
    (warning,) = warnings_of(office)
    assert "callers of +46850010000 ask for (it 3)" in warning


@pytest.mark.parametrize(
    ("agents", "keys", "said"),
    [
        ('[{ agent = "bo", tier = 2 }]', "next_tier_after_s = 30", "nobody is of tier 1"),
        ('["anna", { agent = "bo", weight = 3 }]', "", "weighted only"),
    ],
)
def test_terms_of_agents_that_are_hardly_meant_are_a_warning(tmp_path: Path, agents: str, keys: str, said: str) -> None:
    office = office_with(tmp_path, "", queue=keys)
    change(office, "queues.toml", '["anna", "bo"]', agents)
    (warning,) = warnings_of(office)
    assert said in warning


@pytest.mark.parametrize(("after_s", "is_late"), [(19, False), (20, True)])
def test_a_telephone_that_would_ring_after_ring_s_never_rings(tmp_path: Path, after_s: int, is_late: bool) -> None:
    office = office_with(tmp_path, "")
    change(office, "agents.toml", "confirm = false", f"after_s = {after_s}")
    warnings = warnings_of(office)
    assert any("never rings for queue support" in warning for warning in warnings) == is_late


def test_delays_count_from_the_first_telephone(tmp_path: Path) -> None:
    office = office_with(tmp_path, "")
    change(office, "agents.toml", "confirm = false", "after_s = 25")
    change(office, "agents.toml", '"phone:102"', '{ to = "phone:102", after_s = 10 }')
    assert warnings_of(office) == []


def test_who_wants_no_call_back_after_max_wait_waits_for_ever(tmp_path: Path) -> None:
    office = office_with(tmp_path, "", queue='callback = { may_call = ["+46"] }')
    change(office, "queues.toml", 'overflow_to = "say:queue-full"', 'overflow_to = "callback"')
    (warning,) = warnings_of(office)
    assert "waits on for ever" in warning


def test_a_step_for_all_is_an_end_of_waiting(tmp_path: Path) -> None:
    queue = '[queue.third]\nagents = ["anna"]\noverflow = [{ after_s = 60, to = "busy" }]\n'
    assert warnings_of(office_with(tmp_path / "all", queue)) == []
    some = queue.replace("after_s = 60", 'after_s = 60, when = "no_agents"')
    office = office_with(tmp_path / "some", some)
    assert any("queue third may wait for ever" in warning for warning in warnings_of(office))
    assert (office / ADDED).exists()


@pytest.mark.parametrize(("last_port", "is_enough"), [(20007, True), (20005, False)])
def test_ring_all_needs_a_port_for_every_telephone_that_rings(tmp_path: Path, last_port: int, is_enough: bool) -> None:
    """The caller, anna's phone, bo's phone and mobile: four even ports."""
    office = office_with(tmp_path, "")
    change(office, "softswitch.toml", "20000-20999", f"20000-{last_port}")
    read(office)
    change(office, "queues.toml", '"longest-idle"', '"ring-all"')
    if is_enough:
        read(office)
    else:
        assert "3 telephones that ring together" in error_of(office).what
