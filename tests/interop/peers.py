"""SIPp as carrier and other people's phones, started with what they need and ended by pid."""

from __future__ import annotations

import array
import contextlib
import math
import os
import shutil
import subprocess
import wave
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).parent / "sipp"
PHONES = Path(__file__).parent / "phones"
BARESIP_MODULES = Path("/usr/lib/baresip/modules")
PEERS_PYTHON = Path(__file__).resolve().parents[2] / ".venv-peers/bin/python"

needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="SKIPPED: SIPp is not installed")
needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or not BARESIP_MODULES.is_dir(), reason="SKIPPED: baresip is not installed"
)
needs_other_phones = pytest.mark.skipif(
    not (PEERS_PYTHON.parents[1] / ".ready").is_file(), reason="SKIPPED: pjsua2 and pyVoIP are not installed"
)

needs_linphone = pytest.mark.skipif(shutil.which("linphonec") is None, reason="SKIPPED: linphonec is not installed")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program that is still there."""
    if process.poll() is None:
        process.terminate()
        process.wait(10)


class Sipp:
    """One run of a scenario against the switch, from the trunk's port; `start` it when it is not `is_started`."""

    def __init__(
        self, folder: Path, scenario: str, *, port: int, switch_port: int, calls: int = 1, rate: int = 10,
        keys: dict[str, str] | None = None, concurrent: int | None = None, stay_ms: int = 1000, is_started: bool = True,
        transport: str = "u1",
    ) -> None:  # fmt: skip
        self.output = folder / f"{scenario}-{port}.log"
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        words = [
            "sipp", f"127.0.0.1:{switch_port}", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", "127.0.0.1",
            "-p", str(port), "-m", str(calls), "-r", str(rate), "-l", str(concurrent or calls), "-d", str(stay_ms),
            "-nostdin", "-t", transport,
            "-timeout", "90", "-timeout_error", "-trace_err", "-error_file", str(folder / f"{scenario}-{port}.err"),
        ]  # fmt: skip
        for key, value in (keys or {}).items():
            words += ["-key", key, value]
        self._words = words
        if is_started:
            self.start()

    def start(self) -> None:
        """Begins to call."""
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                self._words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder, start_new_session=True
            )

    def finish(self, seconds: float = 60) -> int:
        """Waits for the end of the run; 0 when every call went as the scenario says."""
        assert self.process is not None
        return self.process.wait(seconds)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)


class Baresip:
    """A phone that registers, picks up by itself, speaks a tone and keeps what it hears in a file."""

    def __init__(self, folder: Path, *, user: str, password: str, switch_port: int, port: int, hz: int) -> None:
        home = folder / f"baresip-{user}"
        home.mkdir()
        self.home = home
        _write_tone(home / "tone.wav", hz)
        (home / "config").write_text(
            f"poll_method epoll\nsip_listen 127.0.0.1:{port}\ncall_max_calls 4\nsnd_path {home}\n"
            f"audio_source aufile,{home / 'tone.wav'}\naudio_alert aufile,{home / 'alert.wav'}\n"
            "ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"
            f"module_path {BARESIP_MODULES}\nmodule g711.so\n"
            "module aufile.so\nmodule sndfile.so\nmodule_app account.so\nmodule_app menu.so\nrtp_stats no\n"
        )
        (home / "accounts").write_text(
            f"<sip:{user}@office.example>;auth_user={user};auth_pass={password};"
            f'outbound="sip:127.0.0.1:{switch_port}";regint=60;answermode=auto\n'
        )
        (home / "contacts").write_text("")
        self.output = home / "output.log"
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                ["baresip", "-f", str(home)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def heard(self) -> Path:
        """The decoded sound of its last call, a WAV."""
        return max(self.home.glob("dump-*-dec.wav"))

    def stop(self) -> None:
        end(self.process)


class Linphone:
    """linphonec on its own folder: registers, speaks a tone from a file, and does what its console is told."""

    def __init__(self, folder: Path, *, user: str, password: str, switch_port: int, port: int, hz: int) -> None:
        home = folder / f"linphone-{user}"
        (home / ".local/share/linphone").mkdir(parents=True)
        _write_tone(home / "tone.wav", hz)
        (home / "linphonerc").write_text(
            f"[sip]\nsip_port={port}\nsip_tcp_port=0\nsip_tls_port=0\nbind_address=127.0.0.1\nuse_ipv6=0\n"
            "guess_hostname=0\ndefault_proxy=0\n[sound]\nechocancellation=0\n"
            f"[proxy_0]\nreg_proxy=<sip:127.0.0.1:{switch_port};transport=udp>\nreg_expires=60\nreg_sendregister=1\n"
            f"reg_identity=sip:{user}@office.example\npublish=0\n"
            f"[auth_info_0]\nusername={user}\npasswd={password}\nrealm=office.example\ndomain=office.example\n"
        )
        self.output = home / "output.log"
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                ["linphonec", "-c", str(home / "linphonerc"), "-l", str(home / "linphone.log")],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, cwd=home,
                env={**os.environ, "HOME": str(home)}, start_new_session=True,
            )  # fmt: skip
        self.tell("soundcard use files")
        self.tell(f"play {home / 'tone.wav'}")

    def tell(self, command: str) -> None:
        """A line at its console."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    def has_said(self, text: str) -> bool:
        return text in self.output.read_text(errors="replace")

    def stop(self) -> None:
        end(self.process)
        assert self.process.stdin is not None
        self.process.stdin.close()


class OtherPhone:
    """A phone made with somebody else's library, a program of `phones/`, in a process of its own.

    It plays a tone of `hz` to whoever it talks with and keeps what it hears in `heard`.
    """

    def __init__(
        self, folder: Path, program: str, *, user: str, password: str, switch_port: int, port: int, hz: int
    ) -> None:
        self.heard = folder / f"{program}-heard.wav"
        self.output = folder / f"{program}.log"
        said = folder / f"{program}-said.wav"
        _write_tone(said, hz)
        words = [str(PHONES / f"{program}.py"), user, password, str(port), str(switch_port), str(said), str(self.heard)]
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                [str(PEERS_PYTHON), *words], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, cwd=folder
            )

    @property
    def told(self) -> list[str]:
        """What has happened to it, a line each."""
        return self.output.read_text().splitlines()

    def tell(self, command: str) -> None:
        """Has it do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    def stop(self) -> None:
        """Lets it unregister and end; ends it where it does not."""
        if self.process.poll() is None:
            self.tell("quit")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            end(self.process)
        assert self.process.stdin is not None
        self.process.stdin.close()


def _write_tone(path: Path, hz: int) -> None:
    """A minute of a tone at 8 kHz, which is what baresip's file source plays at G.711's rate."""
    second = array.array("h", (round(8000 * math.sin(2 * math.pi * hz * n / 8000)) for n in range(8000)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(second.tobytes() * 60)
