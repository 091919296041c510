"""The shipped sounds: all there, all readable by the loader, even in loudness, loopable where they loop."""

from __future__ import annotations

import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from media.loader import LoadDone, Loader, SoundLoaded
from media.sound_bank import SoundBank
from softswitch.domain import agent_line, announcing, asking_callback, joining, voicemail
from softswitch.domain.forecast import wording
from softswitch.settings.feature_sounds import MESSAGES_SOUNDS
from tools.sounds.loudness import integrated_lufs, true_peak_dbfs

SOUNDS: Final = Path(__file__).resolve().parent.parent / "sounds"
WAIT_STEPS: Final = (
    (1, 2), (1, 3), (2, 4), (3, 5), (3, 6), (4, 8), (5, 10), (8, 15), (10, 20), (15, 30), (20, 40), (30, 60),
)  # fmt: skip
"""Minutes between which a wait is said to be."""
PROMPTS: Final = (
    "welcome", "please-wait", "queue-full", "no-agents", "closed", "goodbye", "transfer-hold",
    "queue-position-beyond", *(f"queue-position-{place}" for place in range(1, 21)),
    "wait-under-1", "wait-over-60", "wait-longer", "wait-staff", *(f"wait-{low}-{high}" for low, high in WAIT_STEPS),
    "callback-confirm", "callback-registered", "callback-number-wrong", "callback-hello",
    "voicemail-greeting", "voicemail-saved", "voicemail-full", "voicemail-none", "voicemail-new-messages",
    "voicemail-old-messages", "voicemail-next", "voicemail-deleted", "voicemail-end", "voicemail-mailbox",
    "confirm-call", "already-taken", "confirm-ready",
    "agent-id", "agent-pin", "agent-wrong", "agent-menu", "agent-ready", "agent-paused", "agent-logged-out",
    "agent-taken-over", "agent-blocked", "agent-number", "agent-number-set", "agent-queues", "agent-queue-on",
    "agent-queue-off", "press-hash",
    *(f"digit-{digit}" for digit in range(10)), *(f"number-{number}" for number in (*range(21), *range(30, 101, 10))),
)  # fmt: skip
SAID_BY_ITSELF: Final = (
    *announcing.sounds(), *wording.sounds(), *asking_callback.SOUNDS, *voicemail.SOUNDS, *MESSAGES_SOUNDS,
    *agent_line.SOUNDS, joining.TAKEN,
)  # fmt: skip
"""What the switch says without being told which sound."""
SPOKEN: Final = [
    *(SOUNDS / language / f"{name}.wav" for language in ("en", "sv") for name in PROMPTS),
    SOUNDS / "demo/caller.wav",
    SOUNDS / "demo/agent.wav",
]
TONES: Final = [SOUNDS / f"{name}.wav" for name in ("beep", "ringback", "busy")]
MUSIC: Final = SOUNDS / "music/calm.flac"
FOLDER_BYTES_MAX: Final = 20_000_000
LOADED_S_MAX: Final = 900


def samples_of(path: Path) -> tuple[NDArray[np.float64], int]:
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert samples.shape[1] == 1, "mono"
    return samples[:, 0], rate


def dbfs(value: float) -> float:
    return float(20 * np.log10(value))


def frame_levels(samples: NDArray[np.float64], frame: int) -> NDArray[np.float64]:
    """RMS (1 = full scale) of each whole frame."""
    levels: NDArray[np.float64] = np.sqrt(np.mean(samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2, 1))
    return levels


def share_at(samples: NDArray[np.float64], rate: int, hz: float) -> float:
    """How much of the sound's power lies within 15 Hz of one frequency."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    return float(power[np.abs(np.fft.rfftfreq(len(samples), 1 / rate) - hz) < 15].sum() / power.sum())


def by_name(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(SOUNDS)))


def test_the_loader_reads_every_shipped_sound() -> None:
    files = tuple(str(path) for path in (*SPOKEN, *TONES, MUSIC))
    *notices, done = Loader(SoundBank.create(LOADED_S_MAX)).load(files)
    assert done == LoadDone()
    assert [notice.file for notice in notices if isinstance(notice, SoundLoaded)] == list(files)


def test_the_wording_names_exactly_the_spoken_files_and_the_readme_shows_it() -> None:
    wording = tomllib.loads((SOUNDS / "wording.toml").read_text(encoding="utf-8"))
    readme = (SOUNDS / "README.md").read_text(encoding="utf-8")
    named = [SOUNDS / "demo" / f"{name}.wav" for name in wording["demo"]]
    for language in ("en", "sv"):
        texts = wording[language]["texts"]
        numbers = {text.strip(".").lower() for name, text in texts.items() if name.startswith("number-")} | {"en"}
        blank = partial(re.compile(rf"\b({'|'.join(numbers)})\b").sub, "…")
        named += [SOUNDS / language / f"{name}.wav" for name in texts]
        for name, text in texts.items():
            assert name.startswith(("digit-", "number-")) or f" {text} |" in readme or f" {blank(text)} |" in readme
            assert name.startswith(("digit-", "number-", "queue-position-")) or f"`{name}`" in readme
        assert all(section["voice"] in readme for section in (wording[language], *wording["demo"].values()))
    assert set(wording["en"]["texts"]) == set(wording["sv"]["texts"])
    assert set(named) == set(SPOKEN)


def test_all_that_the_switch_says_by_itself_is_shipped() -> None:
    assert set(SAID_BY_ITSELF) <= {*PROMPTS, *(path.stem for path in TONES)}


def test_nothing_is_shipped_that_is_not_listed_and_the_whole_stays_small() -> None:
    files = {path for path in SOUNDS.rglob("*") if path.is_file()}
    assert files == {*SPOKEN, *TONES, MUSIC, SOUNDS / "README.md", SOUNDS / "wording.toml"}
    assert sum(path.stat().st_size for path in files) < FOLDER_BYTES_MAX


@by_name(SPOKEN)
def test_speech_is_even_in_loudness_unclipped_trimmed_and_short(path: Path) -> None:
    samples, rate = samples_of(path)
    assert (rate, soundfile.info(path).subtype) == (16_000, "PCM_16")
    assert integrated_lufs(samples, rate) == pytest.approx(-19.0, abs=1.5)
    assert true_peak_dbfs(samples, rate) < -1.5
    assert len(samples) / rate <= 12.0
    levels = frame_levels(samples, rate // 100)
    first, last = np.flatnonzero(levels > levels.max() * 10 ** (-35 / 20))[[0, -1]]
    assert 0.05 <= first / 100 <= 0.15
    assert 0.05 <= len(samples) / rate - (last + 1) / 100 <= 0.15


@by_name(SPOKEN)
def test_speech_begins_and_ends_without_a_click(path: Path) -> None:
    samples, rate = samples_of(path)
    sounding = np.flatnonzero(samples)[[0, -1]]
    for edge in (samples[sounding[0] : sounding[0] + rate // 500], samples[sounding[1] - rate // 500 : sounding[1]]):
        assert dbfs(float(np.abs(edge).max())) < -40.0


@by_name(SPOKEN)
def test_speech_has_words_in_it(path: Path) -> None:
    samples, rate = samples_of(path)
    levels = frame_levels(samples, rate // 100)
    loud = levels > levels.max() / 10
    words = 1 if path.stem.startswith(("digit-", "number-")) else 2
    assert np.count_nonzero(np.diff(loud.astype(int)) == 1) >= words, "syllables"
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / rate)
    assert power[(hz > 300) & (hz < 3400)].sum() > 0.6 * power.sum(), "heard through a telephone"


@pytest.mark.parametrize("name", ["caller", "agent"])
def test_the_people_of_the_demo_speak_for_about_ten_seconds(name: str) -> None:
    assert 8.0 < soundfile.info(SOUNDS / f"demo/{name}.wav").duration < 13.0


@pytest.mark.parametrize(
    ("name", "hz", "on_s", "off_s"), [("beep", 1000, 0.3, 0.0), ("ringback", 425, 1.0, 4.0), ("busy", 425, 0.25, 0.25)]
)
def test_a_tone_has_its_frequency_cadence_and_level(name: str, hz: float, on_s: float, off_s: float) -> None:
    samples, rate = samples_of(SOUNDS / f"{name}.wav")
    on, off = samples[: round(on_s * rate)], samples[round(on_s * rate) :]
    assert len(samples) / rate == pytest.approx(on_s + off_s)
    assert not off.any()
    assert share_at(on, rate, hz) > 0.99
    middle = on[len(on) // 10 : -len(on) // 10]
    dbm0 = dbfs(float(np.sqrt(np.mean(middle**2)))) + 3.01 + 3.14
    assert dbm0 == pytest.approx(-10.0, abs=0.2)
    assert max(abs(samples[0]), abs(samples[-1])) < 0.001, "no click where it is looped"


def test_the_music_is_gentle_even_and_of_the_length_of_a_wait() -> None:
    samples, rate = samples_of(MUSIC)
    assert rate == 16_000
    assert 60.0 <= len(samples) / rate <= 90.0
    assert dbfs(float(np.sqrt(np.mean(samples**2)))) == pytest.approx(-23.0, abs=0.5)
    assert dbfs(float(np.abs(samples).max())) < -3.0
    seconds = frame_levels(samples, rate)[:-2]
    assert dbfs(float(seconds.min())) > -29.0
    assert dbfs(float(seconds.max())) < -17.0


def test_the_music_loops_without_a_click_or_a_hole() -> None:
    samples, rate = samples_of(MUSIC)
    seam = np.concatenate((samples[-rate:], samples[:rate]))
    assert np.abs(np.diff(seam)).max() <= np.abs(np.diff(samples[rate:-rate])).max()
    assert max(abs(samples[0]), abs(samples[-1])) < 0.001
    audible = np.flatnonzero(np.abs(np.concatenate((samples[-2 * rate :], samples[: 2 * rate]))) > 10 ** (-50 / 20))
    assert np.diff(audible).max() / rate < 0.8


def test_the_music_fits_a_telephone() -> None:
    samples, rate = samples_of(MUSIC)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / rate)
    assert power[hz > 3400].sum() < 1e-4 * power.sum()
    assert power[(hz > 300) & (hz < 3400)].sum() > 0.7 * power.sum()
