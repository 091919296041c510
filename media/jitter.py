"""From packets to 20 ms of sound a row, for all packets and all rows at once.

Each row has a ring of samples addressed by the RTP timestamp (extended to 64 bits), so reordering, duplicates and any
packet length are one scatter. A cursor runs 60 ms behind the first packet and reads 20 ms each tick, clearing what it
read: what did not come is silence. A new SSRC, a jump of the clock, or packets that keep coming late begin it anew.
Concealment of loss and an adaptive depth are left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.codecs.g711 import DECODE
from media.rows import RING_MASK, RING_SAMPLES, TICK_SAMPLES, Rows

PLAYOUT_SAMPLES: Final = 480
AHEAD_SAMPLES_MAX: Final = 2400
PACKET_SAMPLES_MAX: Final = 480
LATE_IN_A_ROW_MAX: Final = 3
HEADER_BYTES: Final = 12

_DECODE_FLAT: Final = DECODE.reshape(-1)
_TICK: Final = np.arange(TICK_SAMPLES)

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
    is_rtp &= rows.receives[row]
    is_event = is_rtp & (payload_type == rows.event_type[row])
    chosen = np.flatnonzero(is_rtp & (payload_type == rows.payload_type[row]))
    if len(chosen):
        _scatter(rows, arena[chosen], start[chosen], size[chosen], row[chosen])
    seen = np.flatnonzero(is_rtp)
    rows.heard_at[row[seen]] = now
    np.add.at(rows.packets_in, row[seen], 1)
    return np.flatnonzero(is_event)


def read_tick(rows: Rows, chosen: Ints) -> None:
    """Moves 20 ms of each chosen row from its ring to `sound_in`."""
    started = chosen[rows.is_started[chosen]]
    places = (rows.cursor_ts[started, None] + _TICK) & RING_MASK
    index = (started[:, None], places)
    rows.sound_in[chosen] = 0
    rows.sound_in[started] = rows.ring[index]
    rows.ring[index] = 0
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
    for length in np.unique(size[fits]):
        same = np.flatnonzero(fits & (size == length))
        span = np.arange(int(length))
        data = arena[same[:, None], start[same, None] + span]
        sound = np.take(_DECODE_FLAT, data + 256 * rows.codec[row[same], None], mode="clip")
        rows.ring[row[same, None], (extended[same, None] + span) & RING_MASK] = sound


def _extend(rows: Rows, row: Ints, ts: Ints) -> Ints:
    """32-bit timestamps extended to the neighbourhood of the row's newest."""
    newest = rows.newest_ts[row]
    difference = (ts - newest) & 0xFFFFFFFF
    return newest + np.where(difference >= 1 << 31, difference - (1 << 32), difference)
