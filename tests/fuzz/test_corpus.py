"""Every input of the fuzzer's corpus is read or refused; what the fuzzer finds is put there and stays."""

from pathlib import Path

import pytest

from tests.fuzz.target import read

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_an_input_of_the_corpus_is_read_or_refused(path: Path) -> None:
    read(path.read_bytes())


def test_the_corpus_has_messages_and_session_descriptions() -> None:
    kinds = {path.read_bytes()[:2] == b"v=" for path in CORPUS}
    assert kinds == {True, False}
