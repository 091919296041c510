"""How a ladder looks: posts under the parties' names, arrows from post to post, texts in or after them."""

from __future__ import annotations

from softswitch.cli.ladder import drawn


def step(seconds: float, from_: str, to: str, text: str, message: str | None = None) -> dict[str, object]:
    at = f"2026-03-01T10:00:{seconds:06.3f}+01:00"
    return {"at": at, "kind": "sip", "from": from_, "to": to, "text": text, "message": message}


def ladder(*steps: dict[str, object], dropped: int = 0) -> dict[str, object]:
    parties = ["trunk:carrier", "switch", "phone:101", "media"]
    return {"id": "c1", "parties": parties, "steps": list(steps), "steps_dropped": dropped}


def test_arrows_point_from_one_party_to_the_other() -> None:
    lines = list(
        drawn(
            ladder(
                step(1, "trunk:carrier", "switch", "INVITE"),
                step(1.5, "switch", "trunk:carrier", "BYE"),
                step(2, "switch", "media", "Join"),
                step(2.25, "switch", "switch", "CallEnded"),
            )
        )
    )
    assert lines[0] == "call c1, from 2026-03-01T10:00:01.000+01:00"
    assert lines[2:] == [
        "   0.000           |---- INVITE ---->|                 |                 |",
        "   0.500           |<----- BYE ------|                 |                 |",
        "   1.000           |                 |-------------- Join -------------->|",
        "   1.250           |                 * CallEnded",
    ]


def test_a_text_too_long_for_its_arrow_stands_after_it() -> None:
    *_, line = drawn(ladder(step(1, "switch", "phone:101", "183 Session Progress (INVITE, SDP)")))
    assert line.endswith("|  183 Session Progress (INVITE, SDP)")
    assert "|---------------->|" in line


def test_whole_messages_are_shown_when_asked_for() -> None:
    steps = ladder(step(1, "trunk:carrier", "switch", "ACK", "ACK sip:1@h SIP/2.0\r\nCSeq: 1 ACK\r\n\r\n"))
    assert not any("CSeq" in line for line in drawn(steps))
    assert "    CSeq: 1 ACK" in "\n".join(drawn(steps, are_messages_whole=True))


def test_what_was_not_kept_is_told() -> None:
    assert list(drawn(ladder(dropped=3)))[-1] == "3 more steps were not kept"


def test_an_unknown_party_breaks_nothing() -> None:
    assert list(drawn(ladder(step(1, "unknown", "switch", "INVITE"))))[-1]
