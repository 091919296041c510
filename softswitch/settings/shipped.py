"""Where the files that come with the program are: `sounds` and the small office in `config`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped_folder(name: Literal["sounds", "config"]) -> Path:
    """In an installed wheel inside the package, in a checkout beside the packages."""
    installed = _PACKAGE / "shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
