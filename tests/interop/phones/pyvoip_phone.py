"""A telephone made with pyVoIP, run as a program of its own by the interpreter of `.venv-peers`.

It registers, picks up by itself, plays a WAV (8 kHz) to the far end and keeps what it hears in a raw file of unsigned
8-bit samples. A line on its standard input ends it; each thing that happens is a line on its output.
"""

from __future__ import annotations

import audioop
import sys
import threading
import time
import wave
from pathlib import Path

from pyVoIP.VoIP import CallState, InvalidStateError, VoIPCall, VoIPPhone

FRAME = 160


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    user, password, port, switch_port, said, heard = sys.argv[1:]
    with wave.open(said) as file:
        linear = file.readframes(file.getnframes())
    speech = audioop.bias(audioop.lin2lin(linear, 2, 1), 1, 128)

    def talk(call: VoIPCall) -> None:
        try:
            call.answer()
            say("talking")
            begun = time.monotonic()
            with Path(heard).open("wb") as file:
                frame = 0
                while call.state == CallState.ANSWERED:
                    place = frame * FRAME % (len(speech) - FRAME)
                    call.write_audio(speech[place : place + FRAME])
                    file.write(call.read_audio(FRAME, blocking=False))
                    file.flush()
                    frame += 1
                    time.sleep(max(0.0, begun + frame * 0.02 - time.monotonic()))
        except InvalidStateError:
            pass
        say("ended")

    def called(call: VoIPCall) -> None:
        threading.Thread(target=talk, args=(call,), daemon=True).start()

    rtp_first = int(port) + 2
    phone = VoIPPhone(
        "127.0.0.1", int(switch_port), user, password, myIP="127.0.0.1", sipPort=int(port),
        rtpPortLow=rtp_first, rtpPortHigh=rtp_first + 20, callCallback=called,
    )  # fmt: skip
    phone.start()
    say("started")
    sys.stdin.readline()
    phone.stop()


if __name__ == "__main__":
    main()
