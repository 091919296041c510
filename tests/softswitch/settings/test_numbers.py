"""Tests of softswitch.settings.numbers: what callers bring with them, lists of callers, mailboxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.domain.office import MailboxPlan, Terms
from tests.softswitch.settings.offices import ADDED, error_of, line_of, office_with, read, warnings_of

SUPPORT = "+46850010000"


def test_a_number_brings_priority_and_skills(tmp_path: Path) -> None:
    keys = "priority_s = 120\nskills = { swedish = 3 }"
    office = read(office_with(tmp_path, "", anna="skills = { swedish = 3 }", number=keys))
    assert office.terms == {SUPPORT: Terms(120, {"swedish": 3})}


def test_a_number_without_terms_has_none(tmp_path: Path) -> None:
    assert read(office_with(tmp_path, "")).terms == {}


def test_callers_of_a_list_count_for_more(tmp_path: Path) -> None:
    added = (
        '[vip.gold]\nnumbers = ["+46701111111", "103"]\npriority_s = 300\n'
        '[vip.silver]\nnumbers = ["+46702222222"]\npriority_s = 60\n'
    )
    office = read(office_with(tmp_path, added))
    assert office.vips == {"+46701111111": 300, "103": 300, "+46702222222": 60}


def test_a_mailbox_is_what_its_table_says(tmp_path: Path) -> None:
    added = (
        '[voicemail.support]\nname = "Support"\ngreeting = "closed"\nnumber = "50"\npin = "8041"\n'
        'lamps = ["101", "102"]\n'
        "message_s_max = 60\nmessages_max = 20\n[voicemail.plain]\n"
    )
    office = read(office_with(tmp_path, added))
    assert office.mailboxes == {
        "support": MailboxPlan("support", "Support", "closed", "50", "8041", ("101", "102"), 60, 20),
        "plain": MailboxPlan("plain", "plain"),
    }


@pytest.mark.parametrize(
    ("keys", "key", "what", "mend"),
    [
        ("priority_s = 3601", "priority_s", "3601 cannot be", "to 3600"),
        ('skills = "swedish"', "skills", "a table, not a text", "{ swedish = 5 }"),
        ("priority = 5", "priority", "no key", '"priority_s"'),
    ],
)
def test_wrong_terms_of_a_number_are_one_error(tmp_path: Path, keys: str, key: str, what: str, mend: str) -> None:
    error = error_of(office_with(tmp_path, "", number=keys))
    assert error.key == f'number."{SUPPORT}".{key}'
    assert what in error.what
    assert mend in error.mend


@pytest.mark.parametrize(
    ("added", "key", "what", "mend"),
    [
        ("[vip.gold]\npriority_s = 5", "vip.gold", '"numbers" is missing', "+4670"),
        ('[vip.gold]\nnumbers = ["+4670123456"]', "vip.gold", '"priority_s" is missing', "300"),
        ('[vip.gold]\npriority_s = 5\nnumbers = ["Anna"]', "vip.gold.numbers", '"Anna" is no number', "country code"),
        ('[vip.gold]\npriority_s = 5\nnumbers = ["+4670123"]\n[vip.b]\npriority_s = 6\nnumbers = [\n  "+4670123",\n]',
         "vip.b.numbers", "in another list too", "take it out"),
        ('[voicemail.s]\nnumber = "5a"\npin = "1"', "voicemail.s.number", "is keyed", "only digits"),
        ('[voicemail.s]\nnumber = "50"', "voicemail.s.number", "needs a pin", "add pin"),
        ('[voicemail.s]\npin = "50"', "voicemail.s.pin", "needs a number", "add number"),
        ('[voicemail.s]\nlamps = ["1001"]', "voicemail.s.lamps", 'no phone "1001"', '"101"'),
        ('[voicemail.s]\ngreeting = "closd"', "voicemail.s.greeting", "no sound", '"closed"'),
        ("[voicemail.s]\nmessage_s_max = 4", "voicemail.s.message_s_max", "4 cannot be", "from 5 to 1800"),
        ("[voicemail.s]\nmessages_max = 0", "voicemail.s.messages_max", "0 cannot be", "from 1"),
        ('[voicemail.s]\nnumber = "5"\npin = "1"\n[voicemail.t]\nnumber = "5"\npin = "2"', "voicemail.t.number",
         '"5" is the number of voicemail s', "another number"),
        ('[number.56]\nto = "messages"', "number.56.to", "no mailbox can be listened to", "number and pin"),
        ('[number.56]\nto = "messages"\n[voicemail.s]', "number.56.to", "no mailbox can be listened to", "lamps"),
        ('[voicmail.s]', "voicmail", "no kind of table", 'did you mean "voicemail"?'),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_wrong_list_or_mailbox_is_one_error(tmp_path: Path, added: str, key: str, what: str, mend: str) -> None:
    error = error_of(office_with(tmp_path, added))
    assert (error.file.name, error.key) == (ADDED, key)
    assert what in error.what
    assert mend in error.mend


def test_a_double_in_a_list_has_its_own_line(tmp_path: Path) -> None:
    added = (
        '[vip.a]\npriority_s = 5\nnumbers = ["+4670123"]\n'
        '[vip.b]\npriority_s = 6\nnumbers = [\n  "+4670124",\n  "+4670123", # b\n]'
    )
    office = office_with(tmp_path, added)
    error = error_of(office)
    assert error.line == line_of(office, ADDED, "# b")
    assert f"{ADDED}:3" in error.what


def test_messages_can_be_listened_to_by_the_phones_of_a_mailbox(tmp_path: Path) -> None:
    read(office_with(tmp_path, '[number.56]\nto = "messages"\n[voicemail.s]\nlamps = ["101"]\n'))


def test_terms_where_no_queue_is_are_hardly_meant(tmp_path: Path) -> None:
    added = '[number.77]\nto = "phone:101"\npriority_s = 5\nskills = { it = 1 }\n'
    warnings = warnings_of(office_with(tmp_path, added))
    assert len(warnings) == 2
    assert all("counts in queues only" in warning and "phone:101" in warning for warning in warnings)
