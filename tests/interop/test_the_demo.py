"""The newcomer's first minute, as a newcomer runs it."""

from __future__ import annotations

import subprocess
import sys

DEMO_S_MAX = 75


def test_the_demo_tells_its_story_to_the_end() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "softswitch.cli.main", "demo"],
        capture_output=True,
        text=True,
        timeout=DEMO_S_MAX,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    text = ran.stdout
    records = [line.split("│")[2:5] for line in text.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in record] for record in records] == [
        ["+46812345603", "anna", "answered"],
        ["+46812345602", "bo", "answered"],
        ["+46812345604", "–", "abandoned"],
        ["+46812345601", "anna", "answered"],
    ]
    assert 'Bo\'s desk phone stops ringing (SIP;cause=200;text="Call completed elsewhere")' in " ".join(text.split())
    assert "Caller 4 heard “You are number two in the queue.”" in text
    assert text.count("Recording of") == 3
    levels = [float(line.split()[-2]) for line in text.splitlines() if line.endswith("dBov")]
    assert len(levels) == 6
    assert all(-30 < level < -10 for level in levels)
