"""The journal in memory: what a killed switch leaves behind, byte for byte as the real one would read it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from softswitch.node import JournalRecord

_DECODER: msgspec.msgpack.Decoder[JournalRecord] = msgspec.msgpack.Decoder(JournalRecord)
_ENCODER = msgspec.msgpack.Encoder()


class Journal:
    """Records in their encoded form, oldest first."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []

    def write(self, records: Iterable[JournalRecord]) -> None:
        self._frames.extend(_ENCODER.encode(record) for record in records)

    def read(self) -> Iterator[JournalRecord]:
        """Every record, decoded anew."""
        return (_DECODER.decode(frame) for frame in self._frames)

    @property
    def contents(self) -> bytes:
        """All of it; two runs with the same seed have the same."""
        return b"\n".join(self._frames)

    def __len__(self) -> int:
        return len(self._frames)
