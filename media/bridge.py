"""Who hears whom. Two in a bridge are a copy each way; more are the saturated sum of the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.rows import NOBODY, Rows

MEMBERS_MAX = 32


class Bridges:
    """Members by bridge, in order of joining. `rows.partner` holds the other of each two-party bridge."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._members: dict[str, list[int]] = {}
        self._crowded: dict[str, list[int]] = {}

    def members(self, bridge: str) -> list[int]:
        return self._members.get(bridge, [])

    def join(self, bridge: str, row: int) -> None:
        if self._rows.bridge_of[row] == bridge or len(self.members(bridge)) >= MEMBERS_MAX:
            return
        self.leave(row)
        self._members.setdefault(bridge, []).append(row)
        self._rows.bridge_of[row] = bridge
        self._rows.is_bridged[row] = True
        self._pair(bridge)

    def leave(self, row: int) -> None:
        bridge = self._rows.bridge_of[row]
        if bridge is None:
            return
        self._rows.bridge_of[row] = None
        self._rows.is_bridged[row] = False
        self._rows.partner[row] = NOBODY
        members = self._members[bridge]
        members.remove(row)
        if members:
            self._pair(bridge)
        else:
            del self._members[bridge]
            self._crowded.pop(bridge, None)

    def mix(self, rows: NDArray[np.int64], out: NDArray[np.int16]) -> None:
        """Writes what each row in a bridge hears to `out[row]`."""
        partner = self._rows.partner[rows]
        paired = rows[partner != NOBODY]
        out[paired] = self._rows.sound_in[self._rows.partner[paired]]
        for members in self._crowded.values():
            self._mix_many(members, rows, out)

    def others(self, bridge: str, row: int) -> NDArray[np.int16] | None:
        """The saturated sum of all members but one; None when there is nobody else."""
        others = [member for member in self.members(bridge) if member != row]
        if not others:
            return None
        return _saturated(self._rows.sound_in[others].sum(axis=0, dtype=np.int32))

    def _mix_many(self, members: list[int], rows: NDArray[np.int64], out: NDArray[np.int16]) -> None:
        total = self._rows.sound_in[members].sum(axis=0, dtype=np.int32)
        due = set(rows.tolist())
        for member in members:
            if member in due:
                out[member] = _saturated(total - self._rows.sound_in[member])

    def _pair(self, bridge: str) -> None:
        members = self._members[bridge]
        for member in members:
            self._rows.partner[member] = NOBODY
        if len(members) == 2:
            one, other = members
            self._rows.partner[one], self._rows.partner[other] = other, one
        if len(members) > 2:
            self._crowded[bridge] = members
        else:
            self._crowded.pop(bridge, None)


def _saturated(total: NDArray[np.int32]) -> NDArray[np.int16]:
    return np.clip(total, -32768, 32767).astype(np.int16)
