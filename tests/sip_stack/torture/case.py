"""One tormenting message, and what comes of it in the parser and in an endpoint."""

from dataclasses import dataclass

SILENCE = "silence"


@dataclass(frozen=True)
class Case:
    """`text` has LF line ends, which become CRLF; `status` is what the reading comes to, None means taken.

    `is_answerable`: a 4xx can be sent. `does` is what an endpoint makes of it: the status of its answer, the name of
    the event that its owner is told, or SILENCE; empty where that follows from `status`.
    """

    name: str
    text: str
    status: int | None = None
    is_answerable: bool = True
    does: str = ""

    @property
    def data(self) -> bytes:
        return self.text.replace("\n", "\r\n").encode()

    @property
    def is_response(self) -> bool:
        return self.text.startswith("SIP/2.0")

    @property
    def expected(self) -> str:
        if self.does:
            return self.does
        if self.is_response or not self.is_answerable:
            return SILENCE
        assert self.status is not None, "what is taken must say what comes of it"
        return str(self.status)


def message(start: str, *lines: str, method: str = "INVITE", without: tuple[str, ...] = ()) -> str:
    usual = {
        "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        "Max-Forwards": "70",
        "From": "sip:karl@example.org;tag=f1",
        "To": "sip:desk@example.org",
        "Call-ID": "torture.1",
        "CSeq": f"8 {method}",
    }
    if method == "INVITE":
        usual["Contact"] = "<sip:karl@192.0.2.1>"
    return "\n".join(
        [start, *(f"{name}: {value}" for name, value in usual.items() if name not in without), *lines, "", ""]
    )
