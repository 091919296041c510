"""The framing of the link between signalling and a media process, as pure bytes: no socket, no asyncio, no numpy.

Both ends use it: signalling writes commands and reads facts, the media process the other way round. A frame that is too
long or cannot be decoded raises LinkFault: nothing behind it can be trusted, so the link has to be closed.
"""

from __future__ import annotations

import struct
from typing import Final, Generic, TypeVar

import msgspec

from media.protocol import FRAME_BYTES_MAX, Command, Fact

T = TypeVar("T")

_LENGTH: Final = struct.Struct("!I")


class LinkFault(Exception):
    """The peer sent what is no frame of ours."""


class FrameWriter:
    """Numbers items and turns them into frames."""

    def __init__(self) -> None:
        self._number = 0
        self._encoder = msgspec.msgpack.Encoder()

    def frame(self, item: Command | Fact) -> bytes:
        self._number += 1
        payload = self._encoder.encode((self._number, item))
        return _LENGTH.pack(len(payload)) + payload


class FrameReader(Generic[T]):
    """Takes bytes as they come and gives whole items; an item whose number was seen already is left out."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[tuple[int, T]]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()
        self._last_number = 0

    def feed(self, data: bytes) -> list[T]:
        """The items that are complete now. Raises LinkFault."""
        self._buffer += data
        items: list[T] = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > FRAME_BYTES_MAX:
                raise LinkFault(f"a frame of more than FRAME_BYTES_MAX = {FRAME_BYTES_MAX}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            payload = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            try:
                number, item = self._decoder.decode(payload)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise LinkFault(f"a frame that is no item of the protocol: {error}") from None
            if number > self._last_number:
                self._last_number = number
                items.append(item)
        return items


def fact_reader() -> FrameReader[Fact]:
    """For the signalling side."""
    return FrameReader(msgspec.msgpack.Decoder(tuple[int, Fact]))


def command_reader() -> FrameReader[Command]:
    """For the media side."""
    return FrameReader(msgspec.msgpack.Decoder(tuple[int, Command]))
