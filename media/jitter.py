"""From packets to 20 ms of sound a row, for all packets and all rows at once.

Each row has a ring of samples addressed by the RTP timestamp (extended to 64 bits), so reordering, duplicates and any
packet length are one scatter. A cursor runs 60 ms behind the first packet and reads 20 ms each tick, clearing what it
read: what did not come is silence. A new SSRC, a jump of the clock, or packets that keep coming late begin it anew.
The ring's lines are where the cursor goes, a whole number of ticks from the first packet, so packets of 20 ms, which
nearly all are, fall on lines too and are moved line by line; any other packet is moved sample by sample. Concealment of
loss and an adaptive depth are left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.codecs.g711 import DECODE
from media.rows import RING_SAMPLES, RING_TICKS, TICK_SAMPLES, Rows

PLAYOUT_SAMPLES: Final = 480
AHEAD_SAMPLES_MAX: Final = 2400
PACKET_SAMPLES_MAX: Final = 480
LATE_IN_A_ROW_MAX: Final = 3
HEADER_BYTES: Final = 12
RTCP_TYPES: Final = (72, 76)
"""Packet types 200 to 204 of RTCP, as they look where RTP has its payload type (RFC 5761 §4)."""

_DECODE_FLAT: Final = DECODE.reshape(-1)

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


def take_packets(rows: Rows, arena: Bytes, lengths: Ints, row: Ints, now: float) -> Ints:
    """Scatters audio into the rings; returns the indexes of packets that are telephone events instead.

    `arena` [n, bytes] holds packets, `lengths` [n] their sizes, `row` [n] their rows; all in order of arrival.
    """
    first = arena[:, 0].astype(np.int64)
    payload_type = arena[:, 1] & 0x7F
    start = HEADER_BYTES + 4 * (first & 15)
    has_extension = (first & 0x10) != 0
    if has_extension.any():
        start = _past_extension(arena, start, has_extension)
    end = lengths.copy()
    has_padding = (first & 0x20) != 0
    if has_padding.any():
        end -= np.where(has_padding, arena[np.arange(len(end)), np.maximum(lengths - 1, 0)], 0)
    size = end - start
    is_rtp = (first >> 6 == 2) & (lengths >= HEADER_BYTES) & (size > 0) & (size <= PACKET_SAMPLES_MAX)
    is_rtp &= rows.receives[row] & ((payload_type < RTCP_TYPES[0]) | (payload_type > RTCP_TYPES[1]))
    is_event = is_rtp & (payload_type == rows.event_type[row])
    chosen = np.flatnonzero(is_rtp & (payload_type == rows.payload_type[row]))
    if len(chosen) == len(row):
        _scatter(rows, arena, start, size, row)
    elif len(chosen):
        _scatter(rows, arena[chosen], start[chosen], size[chosen], row[chosen])
    seen = np.flatnonzero(is_rtp)
    rows.heard_at[row[seen]] = now
    np.add.at(rows.packets_in, row[seen], 1)
    return np.flatnonzero(is_event)


def read_tick(rows: Rows, chosen: Ints) -> None:
    """Moves 20 ms of each chosen row from its ring to `sound_in`."""
    started = chosen[rows.is_started[chosen]]
    lines = (started, rows.cursor_ts[started] // TICK_SAMPLES % RING_TICKS)
    rows.sound_in[chosen] = 0
    rows.sound_in[started] = rows.ring[lines]
    rows.ring[lines] = 0
    rows.cursor_ts[started] += TICK_SAMPLES


def _past_extension(arena: Bytes, start: Ints, has_extension: NDArray[np.bool_]) -> Ints:
    each = np.arange(len(start))
    words = arena[each, start + 2].astype(np.int64) << 8 | arena[each, start + 3]
    return np.where(has_extension, start + 4 + 4 * np.minimum(words, 300), start)


def _scatter(rows: Rows, arena: Bytes, start: Ints, size: Ints, row: Ints) -> None:
    head = np.ascontiguousarray(arena[:, 4:12]).view(">u4").astype(np.int64)
    ts, ssrc = head[:, 0], head[:, 1].astype(np.uint32)
    extended = _extend(rows, row, ts)
    ahead = extended - rows.cursor_ts[row]
    is_new = ~rows.is_started[row] | (rows.ssrc_in[row] != ssrc) | (ahead > AHEAD_SAMPLES_MAX) | (ahead < -RING_SAMPLES)
    is_new |= rows.late_in_a_row[row] >= LATE_IN_A_ROW_MAX
    if is_new.any():
        fresh, index = np.unique(row[is_new], return_index=True)
        at = np.flatnonzero(is_new)[index]
        rows.ring[fresh] = 0
        rows.is_started[fresh] = True
        rows.ssrc_in[fresh] = ssrc[at]
        rows.newest_ts[fresh] = ts[at]
        rows.cursor_ts[fresh] = ts[at] - PLAYOUT_SAMPLES
        rows.late_in_a_row[fresh] = 0
        extended = _extend(rows, row, ts)
        ahead = extended - rows.cursor_ts[row]
    is_late = ahead < 0
    rows.late_in_a_row[row] = np.where(is_late, rows.late_in_a_row[row] + 1, 0)
    np.add.at(rows.packets_late, row[is_late], 1)
    fits = ~is_late & (ahead <= AHEAD_SAMPLES_MAX)
    np.maximum.at(rows.newest_ts, row[fits], extended[fits])
    place = extended - rows.cursor_ts[row] % TICK_SAMPLES
    is_line = fits & (size == TICK_SAMPLES) & (start == HEADER_BYTES) & (place % TICK_SAMPLES == 0)
    lines = np.flatnonzero(is_line)
    data = arena[lines, HEADER_BYTES : HEADER_BYTES + TICK_SAMPLES]
    rows.ring[row[lines], place[lines] // TICK_SAMPLES % RING_TICKS] = _decoded(data, rows.codec[row[lines]])
    if len(lines) < np.count_nonzero(fits):
        _scatter_samples(rows, arena, start, size, row, place, fits & ~is_line)


def _scatter_samples(
    rows: Rows, arena: Bytes, start: Ints, size: Ints, row: Ints, place: Ints, chosen: NDArray[np.bool_]
) -> None:
    """Packets of other lengths, or off the lines, or behind longer headers."""
    ring = rows.ring.reshape(rows.count, RING_SAMPLES)
    for length in np.unique(size[chosen]):
        same = np.flatnonzero(chosen & (size == length))
        span = np.arange(int(length))
        sound = _decoded(arena[same[:, None], start[same, None] + span], rows.codec[row[same]])
        ring[row[same, None], (place[same, None] + span) % RING_SAMPLES] = sound


def _decoded(data: Bytes, codec: Ints) -> NDArray[np.int16]:
    """The samples of `data` [n, bytes], each packet by its own codec."""
    sound: NDArray[np.int16]
    if len(codec) and (codec == codec[0]).all():
        sound = np.take(DECODE[int(codec[0])], data, mode="clip")
    else:
        sound = np.take(_DECODE_FLAT, data + 256 * codec[:, None], mode="clip")
    return sound


def _extend(rows: Rows, row: Ints, ts: Ints) -> Ints:
    """32-bit timestamps extended to the neighbourhood of the row's newest."""
    newest = rows.newest_ts[row]
    difference = (ts - newest) & 0xFFFFFFFF
    return newest + np.where(difference >= 1 << 31, difference - (1 << 32), difference)
