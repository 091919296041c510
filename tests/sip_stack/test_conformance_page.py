"""The conformance page says of each RFC what is spoken and which test shows it; here it is held that they exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "sip_stack" / "README.md"
VERDICTS = {"yes", "partly", "no", "not yet"}
RFCS = (
    2046, 3261, 3262, 3263, 3264, 3311, 3323, 3325, 3326, 3327, 3515, 3581, 3608, 3665, 3842, 3891, 3966, 4028, 4235,
    4317, 4475, 4488, 4566, 4733, 5118, 5621, 5626, 5806, 6026, 6665, 7044, 7616, 8760, 8866,
)  # fmt: skip
_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row[0] != "What" and not row[0].startswith("---")]


ROWS = _rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_a_verdict_and_a_test_that_exists(row: list[str]) -> None:
    assert len(row) == 4
    assert row[1] in VERDICTS
    named = _TEST.findall(row[3])
    assert named
    for path, name in named:
        text = (TESTS / path).read_text()
        assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"no {name} in {path}"


def test_every_rfc_has_its_row() -> None:
    page = PAGE.read_text()
    assert [rfc for rfc in RFCS if f"RFC {rfc}" not in page] == []
    assert len(ROWS) > len(RFCS)


def test_the_same_thing_is_said_once() -> None:
    names = [row[0] for row in ROWS]
    assert len(names) == len(set(names))
