from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from sip_stack.event_packages import DialogInfo, DialogShown, MessageSummary

NAMESPACE = "{urn:ietf:params:xml:ns:dialog-info}"


def test_messages_that_nobody_has_heard_light_the_lamp() -> None:
    """RFC 3842 §5.2: the status line comes first, then the account, then a line for each class."""
    assert MessageSummary("sip:alice@vmail.example.com", 2, 8).body(0) == (
        b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/0)\r\n"
    )


def test_messages_that_were_all_heard_do_not() -> None:
    first, *_ = MessageSummary("sip:alice@vmail.example.com", 0, 8).body(0).split(b"\r\n")
    assert first == b"Messages-Waiting: no"


@pytest.mark.parametrize("state", ["terminated", "early", "confirmed"])
def test_a_dialog_info_says_of_whom_it_is_which_version_and_in_what_state(state: DialogShown) -> None:
    """RFC 4235 §4.1."""
    root = ET.fromstring(DialogInfo("sip:101@office.example", "101", state).body(7))
    assert root.tag == f"{NAMESPACE}dialog-info"
    assert root.attrib == {"version": "7", "state": "full", "entity": "sip:101@office.example"}
    (dialog,) = root
    assert (dialog.tag, dialog.attrib) == (f"{NAMESPACE}dialog", {"id": "101", "direction": "recipient"})
    assert [(part.tag, part.text) for part in dialog] == [(f"{NAMESPACE}state", state)]


@pytest.mark.parametrize("name", ["a\"b'c", "<&>", "]]>", "Åsa", "tab\tand\nline"])
def test_any_name_is_carried_unharmed_and_cannot_become_markup(name: str) -> None:
    root = ET.fromstring(DialogInfo(name, name, "early").body(0))
    assert root.attrib["entity"] == name
    assert [each.attrib["id"] for each in root.iter(f"{NAMESPACE}dialog")] == [name]


def test_what_xml_cannot_carry_is_left_out() -> None:
    root = ET.fromstring(DialogInfo("a\x00b\x1b\ud800c\ufffe", "x", "early").body(0))
    assert root.attrib["entity"] == "abc"
