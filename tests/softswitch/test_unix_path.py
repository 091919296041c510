"""Unix sockets at paths that no socket address holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch import unix_path


def test_a_path_of_any_length_is_bound_and_connected(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    folder.mkdir(parents=True)
    path = folder / "s.sock"
    with unix_path.bind(path) as listener:
        listener.listen()
        assert path.stat().st_mode & 0o777 == 0o600
        with unix_path.connect(path) as near, listener.accept()[0] as far:
            near.sendall(b"hello")
            assert far.recv(16) == b"hello"


def test_a_socket_that_was_left_over_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    unix_path.bind(path).close()
    with pytest.raises(ConnectionRefusedError):
        unix_path.connect(path)
    with unix_path.bind(path) as listener:
        listener.listen()
        unix_path.connect(path).close()


def test_nobody_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unix_path.connect(tmp_path / "s.sock")
    with pytest.raises(FileNotFoundError):
        unix_path.bind(tmp_path / "none" / "s.sock")
