"""A small program that tries to read sound files: names come in one a line, verdicts go out as one line of JSON each.

`check` must know whether the media process will be able to play a sound, so the file is opened with the library that it
will be opened with. That library brings numpy and parses foreign bytes in C; both are kept out of the switch by doing
it in a process of its own, run by path so that it imports nothing else of ours.
"""

from __future__ import annotations

import json
import sys
from typing import Final

import soundfile

BLOCK_FRAMES: Final = 65_536
CHANNELS_MAX: Final = 8
RATE_MIN_HZ: Final = 4_000
RATE_MAX_HZ: Final = 384_000


def verdict(path: str) -> dict[str, object]:
    """`seconds` that it lasts and `fault`, one of them null."""
    try:
        with soundfile.SoundFile(path) as sound:
            sound.read(BLOCK_FRAMES, dtype="int16")
            if sound.frames <= 0:
                return _fault("it holds no sound")
            if sound.channels > CHANNELS_MAX:
                return _fault(f"it has more than CHANNELS_MAX = {CHANNELS_MAX} channels")
            if not RATE_MIN_HZ <= sound.samplerate <= RATE_MAX_HZ:
                return _fault(f"its rate of {sound.samplerate} Hz is outside {RATE_MIN_HZ} to {RATE_MAX_HZ} Hz")
            return {"seconds": sound.frames / sound.samplerate, "fault": None}
    except (OSError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        return _fault(f"it cannot be read as sound: {error}")


def _fault(text: str) -> dict[str, object]:
    return {"seconds": None, "fault": text}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(verdict(line.rstrip("\n"))), flush=True)
