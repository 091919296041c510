"""Dialogs from both ends (RFC 3261 §12.1, §12.2.1.1), the two routing examples of §16.12 among them."""

import pytest

from sip_stack.dialog import DialogState, dialog_of_request, dialog_of_response, request_in, with_target
from sip_stack.errors import MalformedMessage
from sip_stack.flow import Flow
from sip_stack.message import Request, Response
from sip_stack.parser import parse_message
from tests.sip_stack.pair import ALICE, BOB, answer, request

FLOW = Flow("udp", BOB, ALICE)


def _request(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def _invite(*lines: str, cseq: int = 7) -> Request:
    return _request(request("INVITE", cseq=cseq, lines=lines or ("Contact: <sip:alice@192.0.2.1>",)))


def _response(*lines: str, status: int = 200) -> Response:
    message = parse_message(answer(_invite(), status, lines=lines or ("Contact: <sip:desk@198.51.100.7>",)))
    assert isinstance(message, Response)
    return message


def _dialog(route_set: tuple[str, ...] = (), remote_target: str = "sip:desk@198.51.100.7") -> DialogState:
    return DialogState(
        call_id="call-1", local_tag="mine", remote_tag="theirs", local_cseq=7, remote_cseq=0,
        local_uri="<sip:alice@example.org>", remote_uri="<sip:bob@example.org>", remote_target=remote_target,
        route_set=route_set, flow=FLOW, is_uac=True,
    )  # fmt: skip


def test_the_callers_dialog_comes_from_its_invite_and_the_answer() -> None:
    """§12.1.2."""
    dialog = dialog_of_response(_invite(), _response(), FLOW)
    assert (dialog.call_id, dialog.local_tag, dialog.remote_tag) == ("call-1", "phone", "far")
    assert dialog.local_cseq == 7
    assert (dialog.local_uri, dialog.remote_uri) == ("<sip:alice@example.org>", "<sip:bob@example.org>")
    assert dialog.remote_target == "sip:desk@198.51.100.7"
    assert dialog.is_uac
    assert dialog.flow == FLOW


def test_the_callees_dialog_comes_from_the_invite_and_its_own_tag() -> None:
    """§12.1.1."""
    dialog = dialog_of_request(_invite(), "chosen", FLOW)
    assert (dialog.call_id, dialog.local_tag, dialog.remote_tag) == ("call-1", "chosen", "phone")
    assert dialog.remote_cseq == 7
    assert (dialog.local_uri, dialog.remote_uri) == ("<sip:bob@example.org>", "<sip:alice@example.org>")
    assert dialog.remote_target == "sip:alice@192.0.2.1"
    assert not dialog.is_uac


def test_the_caller_reverses_the_record_route_and_the_callee_keeps_it() -> None:
    lines = ("Contact: <sip:x@h>", "Record-Route: <sip:p3;lr>, <sip:p2;lr>", "Record-Route: <sip:p1;lr>")
    assert dialog_of_response(_invite(), _response(*lines), FLOW).route_set == (
        "<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>",
    )  # fmt: skip
    assert dialog_of_request(_invite(*lines), "t", FLOW).route_set == ("<sip:p3;lr>", "<sip:p2;lr>", "<sip:p1;lr>")


def test_an_answer_without_a_tag_has_an_empty_one() -> None:
    """§12.1.2: as RFC 2543 had it; requests to it have no tag (§12.2.1.1)."""
    response = _response()
    response.headers.replace("To", "<sip:bob@example.org>")
    dialog = dialog_of_response(_invite(), response, FLOW)
    assert dialog.remote_tag == ""
    assert request_in(dialog, "BYE", 8).to.tag is None


def test_an_invite_without_a_from_tag_has_an_empty_one() -> None:
    """§12.1.1."""
    invite = _invite()
    invite.headers.replace("From", "<sip:alice@example.org>")
    assert dialog_of_request(invite, "t", FLOW).remote_tag == ""


def test_an_invite_without_a_contact_makes_no_dialog() -> None:
    with pytest.raises(MalformedMessage):
        dialog_of_request(_invite("Subject: none"), "t", FLOW)


def test_an_answer_without_a_contact_is_reached_where_the_invite_went() -> None:
    assert dialog_of_response(_invite(), _response("Subject: none"), FLOW).remote_target == "sip:bob@198.51.100.2"


def test_a_request_inside_carries_both_tags_and_the_number_given() -> None:
    """§12.2.1.1."""
    made = request_in(_dialog(), "BYE", 8, b"body")
    assert (made.method, made.uri_text, made.max_forwards, made.body) == ("BYE", "sip:desk@198.51.100.7", 70, b"body")
    assert (made.from_.tag, made.to.tag, made.call_id) == ("mine", "theirs", "call-1")
    assert str(made.from_.uri) == "sip:alice@example.org"
    assert str(made.to.uri) == "sip:bob@example.org"
    assert str(made.cseq) == "8 BYE"
    assert made.routes == ()


def test_names_in_quotes_survive() -> None:
    invite = _invite()
    invite.headers.replace("From", '"Ek, \\"K\\"" <sip:alice@example.org>;tag=phone')
    made = request_in(dialog_of_request(invite, "t", FLOW), "BYE", 1)
    assert made.to.display_name == 'Ek, "K"'
    assert made.to.tag == "phone"


def test_loose_routes_stand_as_route_and_the_target_as_request_uri() -> None:
    """§12.2.1.1, §16.12.1.1."""
    made = request_in(_dialog(("<sip:p1.example;lr>", "<sip:p2.example;lr>")), "BYE", 8)
    assert made.uri_text == "sip:desk@198.51.100.7"
    assert [str(route) for route in made.routes] == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]


def test_a_strict_first_route_becomes_the_request_uri_and_the_target_the_last_route() -> None:
    """§12.2.1.1, the RFC's own figures: remote target user@remoteua, routes proxy1 to proxy4, the first strict."""
    routes = ("<sip:proxy1>", "<sip:proxy2>", "<sip:proxy3;lr>", "<sip:proxy4>")
    made = request_in(_dialog(routes, "sip:user@remoteua"), "BYE", 8)
    assert made.uri_text == "sip:proxy1"
    assert [str(route) for route in made.routes] == [
        "<sip:proxy2>", "<sip:proxy3;lr>", "<sip:proxy4>", "<sip:user@remoteua>",
    ]  # fmt: skip


def test_a_new_contact_is_the_new_target_and_nothing_else_changes() -> None:
    """§12.2.2: the route set stays as it was."""
    before = _dialog(("<sip:p1;lr>",))
    moved = _invite("Contact: <sip:bob@203.0.113.5:5070>", "Record-Route: <sip:other;lr>")
    after = with_target(before, moved)
    assert after.remote_target == "sip:bob@203.0.113.5:5070"
    assert after.route_set == before.route_set
    assert with_target(before, _invite("Subject: none")) == before
