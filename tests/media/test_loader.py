"""The loader: any format and rate becomes 8000 Hz mono of the same level, bad files become reasons."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from media import loader
from media.loader import LoadDone, Loader, LoadFiles, Notice, SoundFailed, SoundLoaded
from media.sound_bank import SoundBank

TONE_HZ = 440
AMPLITUDE = 0.5


def tone(rate: int, seconds: float = 1.0, hz: float = TONE_HZ) -> NDArray[np.float64]:
    return AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)


def amplitude_at(samples: NDArray[np.int16], hz: float) -> float:
    """Amplitude (1 = full scale) of one frequency, over the middle of the sound, by correlation."""
    middle = samples[len(samples) // 10 : -len(samples) // 10] / 32768
    phases = 2j * np.pi * hz * np.arange(len(middle)) / 8000
    window = np.hanning(len(middle))
    return float(2 * abs(np.sum(middle * window * np.exp(-phases))) / window.sum())


def load_one(bank: SoundBank, file: Path) -> Notice:
    notice, done = Loader(bank).load((str(file),))
    assert done == LoadDone()
    return notice


def loaded_samples(file: Path) -> NDArray[np.int16]:
    bank = SoundBank.create(20)
    notice = load_one(bank, file)
    assert isinstance(notice, SoundLoaded), notice
    return bank.samples[notice.offset : notice.offset + notice.length]


def failure_of(file: Path, seconds: int = 2) -> str:
    notice = load_one(SoundBank.create(seconds), file)
    assert isinstance(notice, SoundFailed), notice
    return notice.reason


@pytest.mark.parametrize(
    ("name", "file_format", "subtype", "rate"),
    [
        ("a.wav", "WAV", "PCM_U8", 8000),
        ("a.wav", "WAV", "PCM_16", 16000),
        ("a.wav", "WAV", "PCM_24", 44100),
        ("a.wav", "WAV", "PCM_32", 48000),
        ("a.wav", "WAV", "FLOAT", 11025),
        ("a.wav", "WAV", "DOUBLE", 96000),
        ("a.wav", "WAV", "ALAW", 8000),
        ("a.flac", "FLAC", "PCM_16", 22050),
        ("a.ogg", "OGG", "VORBIS", 32000),
        ("a.opus", "OGG", "OPUS", 48000),
        ("a.mp3", "MP3", "MPEG_LAYER_III", 44100),
        ("a.aiff", "AIFF", "PCM_16", 44100),
        ("a.al", "RAW", "ALAW", 8000),
        ("A.UL", "RAW", "ULAW", 8000),
    ],
)
def test_a_tone_keeps_pitch_level_and_length_in_any_format(
    tmp_path: Path, name: str, file_format: str, subtype: str, rate: int
) -> None:
    file = tmp_path / name
    soundfile.write(file, tone(rate), rate, format=file_format, subtype=subtype)
    samples = loaded_samples(file)
    assert amplitude_at(samples, TONE_HZ) == pytest.approx(AMPLITUDE, rel=0.03)
    assert amplitude_at(samples, 2 * TONE_HZ) < 0.02
    assert len(samples) == pytest.approx(8000, abs=400 if subtype.startswith("MPEG") else 2)


def test_samples_of_a_16_bit_file_at_8000_hz_are_taken_over_exactly(tmp_path: Path) -> None:
    every_value = np.arange(-32768, 32768).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", every_value, 8000, subtype="PCM_16")
    assert np.array_equal(loaded_samples(tmp_path / "a.wav"), every_value)


def test_stereo_is_mixed_to_one_channel_at_the_mean(tmp_path: Path) -> None:
    both = np.column_stack((tone(8000, hz=440), tone(8000, hz=1000)))
    soundfile.write(tmp_path / "a.wav", both, 8000)
    samples = loaded_samples(tmp_path / "a.wav")
    assert amplitude_at(samples, 440) == pytest.approx(AMPLITUDE / 2, rel=0.01)
    assert amplitude_at(samples, 1000) == pytest.approx(AMPLITUDE / 2, rel=0.01)


def test_what_telephony_cannot_carry_is_filtered_and_not_folded_back(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(48000, hz=7000), 48000)
    assert amplitude_at(loaded_samples(tmp_path / "a.wav"), 1000) < 0.001


def test_a_file_beyond_full_scale_is_lowered_and_not_clipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 8 * tone(8000, hz=500), 8000, subtype="FLOAT")
    samples = loaded_samples(tmp_path / "a.wav")
    assert amplitude_at(samples, 500) == pytest.approx(1.0, rel=0.001)
    assert amplitude_at(samples, 1500) < 0.001


def test_the_overshoot_of_resampling_a_full_scale_square_is_not_clipped(tmp_path: Path) -> None:
    square = np.where(np.arange(16000) % 40 < 20, 0.999, -0.999)
    soundfile.write(tmp_path / "a.wav", square, 16000)
    samples = loaded_samples(tmp_path / "a.wav")[200:-200]
    assert np.count_nonzero(np.abs(samples.astype(int)) >= 32767) < len(samples) // 50


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    wild = tone(8000).astype(np.float32)
    wild[100:200] = np.nan
    wild[300:400] = np.inf
    soundfile.write(tmp_path / "a.wav", wild, 8000, subtype="FLOAT")
    samples = loaded_samples(tmp_path / "a.wav")
    assert not samples[100:200].any()
    assert not samples[300:400].any()
    assert samples[450:].max() == pytest.approx(AMPLITUDE * 32768, rel=0.01)


def test_a_sound_longer_than_one_block_is_seamless(tmp_path: Path) -> None:
    seconds = 2.5 * loader.BLOCK_SAMPLES / 48000
    soundfile.write(tmp_path / "a.wav", tone(48000, seconds, hz=400), 48000)
    samples = loaded_samples(tmp_path / "a.wav").astype(int)[100:-100]
    steepest = AMPLITUDE * 32768 * 2 * np.pi * 400 / 8000
    assert np.abs(np.diff(samples)).max() <= steepest + 2


def test_bad_files_fail_with_a_reason_and_good_ones_beside_them_load(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("not a sound")
    (tmp_path / "nothing.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    soundfile.write(tmp_path / "short.wav", np.zeros(0), 8000)
    soundfile.write(tmp_path / "slow.wav", np.zeros(100), 500)
    soundfile.write(tmp_path / "good.wav", tone(8000), 8000)
    names = ("text", "nothing", "folder", "pipe", "short", "slow", "absent", "good")
    notices = list(Loader(SoundBank.create(2)).load(tuple(str(tmp_path / f"{name}.wav") for name in names)))
    reasons = {Path(notice.file).stem: notice.reason for notice in notices if isinstance(notice, SoundFailed)}
    assert list(reasons) == list(names[:-1])
    assert reasons["folder"] == reasons["pipe"] == "not a file"
    assert "no sound" in reasons["short"]
    assert "SOURCE_RATE_MIN" in reasons["slow"]
    assert reasons["absent"] == "No such file or directory"
    assert isinstance(notices[-2], SoundLoaded)
    assert notices[-1] == LoadDone()


def test_a_truncated_file_yields_what_is_there_or_a_reason(tmp_path: Path) -> None:
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        soundfile.write(tmp_path / name, tone(44100), 44100)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        assert isinstance(load_one(SoundBank.create(2), tmp_path / name), SoundLoaded | SoundFailed)


def test_a_full_arena_refuses_by_name_and_still_takes_what_fits(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", tone(8000, 1.5), 8000)
    soundfile.write(tmp_path / "short.wav", tone(8000, 0.5), 8000)
    bank = SoundBank.create(1)
    long, short, _ = Loader(bank).load((str(tmp_path / "long.wav"), str(tmp_path / "short.wav")))
    assert isinstance(long, SoundFailed)
    assert "SOUND_SECONDS_MAX=1" in long.reason
    assert short == SoundLoaded(str(tmp_path / "short.wav"), 0, 4000)


def test_more_files_than_the_limit_are_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loader, "SOUND_FILES_MAX", 1)
    soundfile.write(tmp_path / "a.wav", tone(8000), 8000)
    first, second, _ = Loader(SoundBank.create(2)).load((str(tmp_path / "a.wav"),) * 2)
    assert isinstance(first, SoundLoaded)
    assert isinstance(second, SoundFailed)
    assert "SOUND_FILES_MAX=1" in second.reason


def test_an_unchanged_file_keeps_its_place_and_a_changed_one_gets_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    soundfile.write(file, tone(8000), 8000)
    bank = SoundBank.create(4)
    reader = Loader(bank)
    first, _ = reader.load((str(file),))
    again, _ = reader.load((str(file),))
    assert first == again == SoundLoaded(str(file), 0, 8000)
    before = bank.samples[:8000].copy()
    soundfile.write(file, tone(8000, 0.5), 8000)
    changed, _ = reader.load((str(file),))
    assert changed == SoundLoaded(str(file), 8000, 4000)
    assert np.array_equal(bank.samples[:8000], before)


def test_a_long_list_is_split_into_messages_that_fit_and_flagged_at_its_end() -> None:
    files = tuple(f"/{'x' * 4094}{number}" for number in range(100))
    messages = list(loader.load_messages(files))
    assert max(map(len, messages)) <= loader.MESSAGE_BYTES_MAX
    orders = [msgspec.msgpack.decode(message, type=LoadFiles) for message in messages]
    assert tuple(file for order in orders for file in order.files) == files
    assert [order.is_last for order in orders] == [False] * (len(orders) - 1) + [True]
    assert len(list(loader.load_messages(()))) == 1


@pytest.fixture
def forked() -> Iterator[tuple[SoundBank, socket.socket, int]]:
    bank = SoundBank.create(10)
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        here.close()
        loader.run(bank, there)
        os._exit(0)
    there.close()
    here.settimeout(20)
    yield bank, here, child
    here.close()
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_loader_fills_the_arena_and_ends_with_its_link(
    tmp_path: Path, forked: tuple[SoundBank, socket.socket, int]
) -> None:
    bank, link, _ = forked
    files = tuple(str(tmp_path / f"{number}.wav") for number in range(30))
    for file in files[1:]:
        soundfile.write(file, tone(16000, 0.1), 16000)
    for message in loader.load_messages(files):
        link.send(message)
    while (notice := loader.decode_notice(link.recv(loader.MESSAGE_BYTES_MAX))) != LoadDone():
        if isinstance(notice, SoundLoaded):
            bank.add(notice.file, notice.offset, notice.length)
        else:
            assert notice == SoundFailed(files[0], "No such file or directory")
    for file in files[1:]:
        place = bank.find(file)
        assert place is not None
        offset, length = place
        assert amplitude_at(bank.samples[offset : offset + length], TONE_HZ) == pytest.approx(AMPLITUDE, rel=0.05)
