"""A call's trace as a ladder: who said what to whom, in order, as plain values that a terminal or a page can draw.

The parties are the columns: the caller, the switch, every device that was rung, and the media process. What nobody but
the two ends of a conversation may know is blacked out here, on the way out: the secrets of digest authentication
(RFC 7616) and of media encryption (RFC 4568, RFC 8839), and every key that was pressed.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final, TypeAlias

from media import protocol
from softswitch.domain.events import Event
from softswitch.domain.views import rfc3339
from softswitch.signalling.traces import EventStep, MediaStep, Message, Trace

Row: TypeAlias = dict[str, object]

SWITCH: Final = "switch"
MEDIA: Final = "media"
BLACK: Final = "■"
MESSAGE_CHARS_MAX: Final = 16_384

_CREDENTIALS: Final = re.compile(
    r"^((?:proxy-)?authorization|(?:proxy-)?authenticate|www-authenticate|authentication-info)([ \t]*:[ \t]*)"
    r"([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_SECRET_PARAMETER: Final = re.compile(
    r'\b(response|cnonce|nextnonce|rspauth)[ \t]*=[ \t]*("[^"]*"?|[^,\s]*)', re.IGNORECASE
)
_MEDIA_KEY: Final = re.compile(r"^(a=crypto:|a=ice-pwd:|k=)[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_SIGNAL: Final = re.compile(r"^([ \t]*signal[ \t]*=[ \t]*)[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_IS_DTMF: Final = re.compile(r"^(?:content-type|c)[ \t]*:[ \t]*application/dtmf", re.IGNORECASE | re.MULTILINE)
_CSEQ_METHOD: Final = re.compile(r"^cseq[ \t]*:[ \t]*[0-9]+[ \t]+([A-Za-z]+)", re.IGNORECASE | re.MULTILINE)
_HAS_SDP: Final = re.compile(r"^(?:content-type|c)[ \t]*:[ \t]*application/sdp", re.IGNORECASE | re.MULTILINE)

_TOLD_OF_EVENTS: Final = (
    "destination", "rule", "queue", "position", "agent", "to", "outcome", "ended_by", "cause", "seconds", "failure",
)  # fmt: skip


def ladder(trace: Trace, timezone: str) -> Row:
    """The columns and the steps; `message` is a SIP message whole, None for all else."""
    parties = list(dict.fromkeys(trace.parties.values()))
    seen: set[tuple[str | None, str, bytes]] = set()
    steps: list[Row] = []
    for step in trace.steps:
        at = rfc3339(step.at, timezone)
        match step:
            case Message(leg=leg, direction=direction, data=data):
                far_end = trace.parties.get(leg or "", "unknown")
                text = blacken(data)
                again = " again" if (leg, direction, data) in seen else ""
                seen.add((leg, direction, data))
                ends = (far_end, SWITCH) if direction == "in" else (SWITCH, far_end)
                steps.append(_row(at, "sip", ends, summary(text) + again, text))
            case MediaStep(leg=leg, item=item):
                ends = (SWITCH, MEDIA) if isinstance(item, protocol.Command) else (MEDIA, SWITCH)
                whom = f" for {trace.parties[leg]}" if leg in trace.parties else ""
                steps.append(_row(at, "media", ends, _of_media(item) + whom))
            case EventStep(event=event):
                steps.append(_row(at, "event", (SWITCH, SWITCH), _of_event(event)))
    columns = [*parties[:1], SWITCH, *parties[1:], MEDIA]
    return {"id": trace.call, "parties": columns, "steps": steps, "steps_dropped": trace.dropped}


def summary(message: str) -> str:
    """A message in a few words: `INVITE (SDP)`, `200 OK (BYE)`."""
    first = message.partition("\n")[0].strip()
    cseq = _CSEQ_METHOD.search(message)
    extra = ["SDP"] if _HAS_SDP.search(message) else []
    if first.startswith("SIP/2.0 "):
        name = first[len("SIP/2.0 ") :]
        extra[:0] = [cseq.group(1)] if cseq is not None else []
    else:
        name = first.partition(" ")[0]
    return f"{name} ({', '.join(extra)})" if extra else name


def blacken(data: bytes) -> str:
    """The message as text without anyone's secrets; bytes that are no UTF-8 are marked, length is bounded."""
    text = data[:MESSAGE_CHARS_MAX].decode("utf-8", "replace")
    text = _CREDENTIALS.sub(_blacken_credentials, text)
    text = _MEDIA_KEY.sub(rf"\1{BLACK}", text)
    if _IS_DTMF.search(text):
        head, gap, body = _halves(text)
        text = head + gap + (_SIGNAL.sub(rf"\1{BLACK}", body) if _SIGNAL.search(body) else BLACK if body else "")
    return text


def _blacken_credentials(found: re.Match[str]) -> str:
    """Digest shows who tried and against which nonce; of any other scheme nothing is shown but its name."""
    name, gap, value = found.groups()
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "digest" or name.lower().endswith("info"):
        return name + gap + _SECRET_PARAMETER.sub(rf"\1={BLACK}", value)
    return name + gap + (f"{scheme} {BLACK}" if rest else BLACK)


def _halves(text: str) -> tuple[str, str, str]:
    for gap in ("\r\n\r\n", "\n\n"):
        if gap in text:
            head, _, body = text.partition(gap)
            return head, gap, body
    return text, "", ""


def _of_media(item: protocol.Command | protocol.Fact) -> str:
    name = type(item).__name__
    match item:
        case protocol.OpenPort(udp_port=udp_port):
            return f"{name} {udp_port}"
        case protocol.SetStream(codec=codec, remote=remote, sends=sends, receives=receives):
            where = "nobody yet" if remote is None else f"{remote[0]}:{remote[1]}"
            held = "" if sends and receives else ", held"
            return f"{name} {codec} with {where}{held}"
        case protocol.Play(once=once, loop=loop):
            said = ", ".join(PurePath(file).stem for file in once)
            looped = ", ".join(PurePath(file).stem for file in loop)
            return f"{name} {said}{', then ' if said and looped else ''}{looped}"
        case protocol.SendDigits(digits=digits):
            return f"{name} {BLACK * len(digits)}"
        case protocol.DigitPressed():
            return f"{name} {BLACK}"
        case protocol.PortReport():
            counts = f"{item.packets_received} in, {item.packets_sent} out, {item.packets_lost} lost"
            return f"{name} {counts}, {item.packets_from_strangers} from strangers"
        case protocol.RecordingEnded(seconds=seconds, failure=failure):
            return f"{name} {seconds:.1f} s{'' if failure is None else f', {failure}'}"
        case protocol.PortSilent(silent_s=silent_s):
            return f"{name} {silent_s:.0f} s"
        case protocol.PortFailed(reason=reason):
            return f"{name} {reason}"
        case _:
            return name


def _of_event(event: Event) -> str:
    found = ((key, getattr(event, key, None)) for key in _TOLD_OF_EVENTS)
    return " ".join([type(event).__name__, *(_told(value) for _, value in found if value is not None)])


def _told(value: object) -> str:
    return f"{value:.1f} s" if isinstance(value, float) else str(value)


def _row(at: str | None, kind: str, ends: tuple[str, str], text: str, message: str | None = None) -> Row:
    return {"at": at, "kind": kind, "from": ends[0], "to": ends[1], "text": text, "message": message}
