"""A telephone made with pjsua2, run as a program of its own by the interpreter of `.venv-peers`.

It registers, picks up by itself, plays a WAV to the far end and keeps what it hears in another. Each line on its
standard input is a command (`hold`, `resume`, `hangup`, `dial NAME`, `transfer NAME`, `join`, `quit`); each thing that
happens is a line on its output. Whom it dials while it talks is asked first: `join` gives him the one it talked with.
"""

from __future__ import annotations

import select
import sys

import pjsua2 as pj

POLL_MS = 20
CODEC = "PCMA/8000"
STATES = {pj.PJSIP_INV_STATE_CONFIRMED: "talking", pj.PJSIP_INV_STATE_DISCONNECTED: "ended"}


def say(text: str) -> None:
    print(text, flush=True)


class PhoneCall(pj.Call):
    """One call; the sound is connected whenever the media is up."""

    def __init__(self, account: PhoneAccount, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.account = account

    def onCallState(self, _prm: pj.OnCallStateParam) -> None:
        state = self.getInfo().state
        if state in STATES:
            say(STATES[state])

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        say(f"transfer {prm.statusCode}")

    def onCallMediaState(self, _prm: pj.OnCallMediaStateParam) -> None:
        info = self.getInfo()  # its media live as long as it does
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                sound = self.getAudioMedia(index)
                self.account.player.startTransmit(sound)
                sound.startTransmit(self.account.recorder)


class PhoneAccount(pj.Account):
    """The registration, the call that commands are about, and the one before it."""

    player: pj.AudioMediaPlayer
    recorder: pj.AudioMediaRecorder
    call: PhoneCall | None = None
    before: PhoneCall | None = None
    switch: str = ""

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        say(f"registered {prm.code}")

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        self.call = PhoneCall(self, prm.callId)
        for status in (180, 200):
            answer = pj.CallOpParam()
            answer.statusCode = status
            self.call.answer(answer)


def endpoint(port: int) -> pj.Endpoint:
    made = pj.Endpoint()
    made.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    made.libInit(config)
    transport = pj.TransportConfig()
    transport.port = port
    transport.boundAddress = "127.0.0.1"
    made.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    made.libStart()
    made.audDevManager().setNullDev()
    for codec in made.codecEnum2():
        made.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith(CODEC) else 0)
    return made


def account(user: str, password: str, switch_port: int) -> PhoneAccount:
    config = pj.AccountConfig()
    config.idUri = f"sip:{user}@office.example"
    config.regConfig.registrarUri = f"sip:127.0.0.1:{switch_port}"
    config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
    config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    made = PhoneAccount()
    made.switch = f"127.0.0.1:{switch_port}"
    made.create(config)
    return made


def obey(phone: PhoneAccount, command: str) -> None:
    call, operation = phone.call, pj.CallOpParam(True)
    if call is None:
        return
    if command == "hold":
        call.setHold(operation)
    elif command == "resume":
        operation.opt.flag = pj.PJSUA_CALL_UNHOLD
        call.reinvite(operation)
    elif command == "hangup":
        call.hangup(operation)
    elif command.startswith("transfer "):
        call.xfer(f"sip:{command.removeprefix('transfer ')}@{phone.switch}", operation)
    elif command.startswith("dial "):
        phone.before, phone.call = call, PhoneCall(phone)
        phone.call.makeCall(f"sip:{command.removeprefix('dial ')}@{phone.switch}", operation)
    elif command == "join" and phone.before is not None:
        phone.before.xferReplaces(call, operation)


def main() -> None:
    user, password, port, switch_port, said, heard = sys.argv[1:]
    library = endpoint(int(port))
    phone = account(user, password, int(switch_port))
    phone.player, phone.recorder = pj.AudioMediaPlayer(), pj.AudioMediaRecorder()
    phone.player.createPlayer(said)
    phone.recorder.createRecorder(heard)
    command = ""
    while command != "quit":
        library.libHandleEvents(POLL_MS)
        command = ""
        if select.select([sys.stdin], [], [], 0)[0]:
            command = sys.stdin.readline().strip() or "quit"
            obey(phone, command)
    phone.recorder = phone.player = phone.call = phone.before = None
    phone.shutdown()
    library.libDestroy()


if __name__ == "__main__":
    main()
