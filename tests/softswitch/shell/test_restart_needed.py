"""A reload applies everything or says what it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.settings import load
from softswitch.shell.restart_needed import restart_needed
from tests.softswitch.settings.offices import change
from tests.softswitch.shell.running import office


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("softswitch.toml", '"udp:127.0.0.1:5060"', '"udp:127.0.0.1:5062"', "[sip] listen"),
        ("softswitch.toml", "20000-20999", "22000-22999", "[media] udp_ports"),
        ("softswitch.toml", "127.0.0.1:9710", "127.0.0.1:9711", "[api] listen"),
        ("softswitch.toml", '"office.example"', '"other.example"', "[sip] domain"),
        ("softswitch.toml", "Europe/Stockholm", "Europe/Helsinki", "[node] timezone"),
        ("softswitch.toml", '"var"', '"elsewhere"', "[node] data_dir"),
        ("softswitch.toml", '["PCMA", "PCMU"]', '["PCMU", "PCMA"]', None),
        ("queues.toml", "ring_s = 20", "ring_s = 30", None),
        ("phones.toml", '"anna-desk-7yQ2"', '"another"', None),
    ],
)
def test_what_is_fixed_at_the_start_is_named(tmp_path: Path, file: str, old: str, new: str, key: str | None) -> None:
    folder = office(tmp_path)
    before = load(folder, are_sounds_tried=False)
    assert restart_needed(before, load(folder, are_sounds_tried=False)) is None
    change(folder, file, old, new)
    assert restart_needed(before, load(folder, are_sounds_tried=False)) == key
