"""What is shipped is found, and is what a newcomer starts from."""

from pathlib import Path

from softswitch.settings import load
from softswitch.settings.shipped import shipped_folder


def test_the_shipped_folders_are_there() -> None:
    assert (shipped_folder("sounds") / "en" / "welcome.wav").is_file()
    assert (shipped_folder("config") / "softswitch.toml").is_file()


def test_a_copy_of_the_shipped_office_finds_the_shipped_sounds(tmp_path: Path) -> None:
    for file in shipped_folder("config").glob("*.toml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    found = load(tmp_path, are_sounds_tried=False).sounds.all_files()
    assert str(shipped_folder("sounds") / "en" / "welcome.wav") in found
