"""What legs are played: names of sounds turned into files, and recordings loaded before they are played.

The shipped and the office's own sounds are loaded when the media process starts. A recording, such as a message in a
mailbox, is loaded when it is first to be heard; what is to be played with it waits for that, a few tenths of a second.
Whatever else the leg is played meanwhile takes its place.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from media.protocol import LoadSounds, Play, StopPlaying
from softswitch.domain.actions import PlayOnLeg
from softswitch.domain.messages import RECORDING_PREFIX
from softswitch.settings import Settings
from softswitch.signalling.outbox import Outbox


class Playing:
    """By media port."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self.settings = settings
        self._outbox = outbox
        self._loaded: dict[str, None] = {}
        self._waiting: dict[int, Play] = {}

    def play(self, port: int, action: PlayOnLeg) -> None:
        """Plays now, or as soon as the recordings among the sounds are loaded."""
        play = Play(port, action.tag, once=self._files(action.once), loop=self._files(action.loop))
        self._waiting.pop(port, None)
        missing = tuple(
            self._recording(name)
            for name in (*action.once, *action.loop)
            if name.startswith(RECORDING_PREFIX) and self._recording(name) not in self._loaded
        )
        if missing:
            self._waiting[port] = play
            self._outbox.media(LoadSounds(missing))
            self._loaded.update(dict.fromkeys(missing))
        else:
            self._outbox.media(play)

    def stop(self, port: int, tag: str) -> None:
        """Silences `tag`, also one that has not begun."""
        waiting = self._waiting.get(port)
        if waiting is not None and waiting.tag == tag:
            del self._waiting[port]
        self._outbox.media(StopPlaying(port, tag))

    def loaded(self) -> None:
        """Everything that was asked for is loaded, or cannot be."""
        waiting, self._waiting = self._waiting, {}
        for play in waiting.values():
            self._outbox.media(play)

    def forget(self, port: int) -> None:
        """The port is closed."""
        self._waiting.pop(port, None)

    def lost(self) -> None:
        """The media process is gone, and with it all that was loaded."""
        self._waiting.clear()
        self._loaded.clear()

    def _files(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            file
            for name in names
            for file in (
                (self._recording(name),) if name.startswith(RECORDING_PREFIX) else self.settings.sounds.files(name)
            )
        )

    def _recording(self, name: str) -> str:
        path = PurePosixPath(name.removeprefix(RECORDING_PREFIX))
        return str(self.settings.node.data_dir / "recordings" / path)
