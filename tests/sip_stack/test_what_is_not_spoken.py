"""Extensions that this stack does not speak: who requires one is told so, who mentions one is served without it."""

import pytest

from sip_stack.events import SessionInvited
from tests.sip_stack.pair import ALICE, BOB, Party, request

CONTACT = "Contact: <sip:alice@192.0.2.1:5060>"
HEADERS = {
    "RFC 3608": "Service-Route: <sip:home.example.org;lr>",
    "RFC 5626": 'Supported: outbound, path, gruu, "odd',
}


@pytest.mark.parametrize("option", ["outbound", "gruu", "histinfo", "privacy", "from-change"])
def test_an_extension_that_is_required_and_not_spoken_is_named_in_a_420(option: str) -> None:
    """RFC 3261 §8.2.2.3."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=(CONTACT, f"Require: timer, {option}")))
    assert bob.labels() == ["420 INVITE"]
    assert bob.last_response().headers.all("Unsupported") == [option]


@pytest.mark.parametrize("rfc", HEADERS)
def test_a_header_of_an_extension_changes_nothing_and_is_there_for_the_owner(rfc: str) -> None:
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=(CONTACT, HEADERS[rfc])))
    (invited,) = bob.told(SessionInvited)
    name, _, value = HEADERS[rfc].partition(": ")
    assert invited.request.headers.get(name) == value


@pytest.mark.parametrize("method", ["MESSAGE", "PUBLISH", "NOTIFY"])
def test_a_method_that_is_not_spoken_is_refused_and_not_offered(method: str) -> None:
    """RFC 3261 §8.2.1."""
    bob = Party("b", BOB, ALICE)
    bob.hear(request(method))
    assert bob.labels() == [f"405 {method}"]
    assert method not in bob.last_response().headers.all("Allow")
