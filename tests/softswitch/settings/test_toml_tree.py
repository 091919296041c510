"""Tests of softswitch.settings.toml_tree: the same values as tomllib, and the right lines."""

from __future__ import annotations

import string
import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from softswitch.settings.toml_tree import DEPTH_MAX, Array, Node, NotToml, Table, plain, read_toml

DOCUMENT = '''\
top = 1 # comment with = and [brackets]

[a]
text = "a # no comment"
"quoted key" = 'literal \\'
dotted.inner.deep = true
many = [
    "one",   # a comment, with a comma
    { x = 1, "y z" = [1, 2] },
    [], 3.5,
]
long = """
line one
"quoted" line ""two""\\
   joined"""
raw = \'\'\'
it's\'\'\'
when = 1979-05-27 07:32:00
after = 0x1F

[a.sub]
x = -inf

[[list]]
n = 1
[[list]]
n = 2
[list.inner]
z = 1_000
'''


def test_a_document_has_the_values_that_tomllib_gives() -> None:
    assert plain(read_toml(DOCUMENT).root) == tomllib.loads(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("a",), 3),
        (("a", "text"), 4),
        (("a", "quoted key"), 5),
        (("a", "dotted", "inner", "deep"), 6),
        (("a", "many"), 7),
        (("a", "many", 0), 8),
        (("a", "many", 1), 9),
        (("a", "many", 1, "y z", 1), 9),
        (("a", "many", 3), 10),
        (("a", "long"), 12),
        (("a", "raw"), 16),
        (("a", "when"), 18),
        (("a", "after"), 19),
        (("a", "sub"), 21),
        (("list", 1, "n"), 27),
        (("list", 1, "inner", "z"), 29),
    ],
)
def test_every_key_knows_its_line(path: tuple[str | int, ...], line: int) -> None:
    node: Node = read_toml(DOCUMENT).root
    for part in path:
        if isinstance(part, int):
            assert isinstance(node, Array)
            node = node.items[part]
        else:
            assert isinstance(node, Table)
            node = node.entries[part]
    assert node.line == line


def test_windows_line_ends_count_as_one() -> None:
    document = read_toml("[a]\r\nb = 1\r\n\r\nc = 2\r\n")
    table = document.root.entries["a"]
    assert isinstance(table, Table)
    assert [entry.line for entry in table.entries.values()] == [2, 4]


@pytest.mark.parametrize(
    ("text", "path", "first_line", "line"),
    [
        ("[a.b]\nx = 1\n[a.c]\n[a.b]\ny = 2\n", ("a", "b"), 1, 4),
        ("[a]\nx = 1\nx = 2\n", ("a", "x"), 2, 3),
        ("[a]\nb = { x = 1 }\n[a.b]\ny = 1\n", ("a", "b"), 2, 3),
        ("[a]\nb = 1\nb.c = 2\n", ("a", "b"), 2, 3),
        ("a = { x = 1, x = 2 }\n", ("a", "x"), 1, 1),
        ('[a]\nx = 1\n"x" = 2\n', ("a", "x"), 2, 3),
    ],
)
def test_a_name_defined_twice_is_noted_with_both_lines(
    text: str, path: tuple[str, ...], first_line: int, line: int
) -> None:
    doubles = read_toml(text).doubles
    assert [(double.path, double.first_line, double.line) for double in doubles] == [(path, first_line, line)]
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)


def test_the_second_definition_is_kept_aside() -> None:
    document = read_toml("[a.b]\nx = 1\n[a.b]\ny = 2\n")
    assert plain(document.root) == {"a": {"b": {"x": 1}}}
    assert plain(document.doubles[0].node) == {"y": 2}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]\nx = \n", 2),
        ("[a]\nx = nope\n", 2),
        ("[a\nx = 1\n", 1),
        ('[a]\nx = "open\n', 2),
        ("[a]\n\nx 1\n", 3),
        ("x = 1 y = 2\n", 1),
        ("[a]\nx = [1,\n2,\n3\n", 4),
        ("x = { a = 1,\n b = 2 }\n", 1),
        ("a.b = 1\n[a]\n", 2),
        ("x = 1\nx = 2\ny = nope\n", 2),
    ],
)
def test_the_first_fault_of_what_is_no_toml_has_its_line(text: str, line: int) -> None:
    with pytest.raises(NotToml) as caught:
        read_toml(text)
    assert caught.value.line == line


def test_depth_is_bounded() -> None:
    depth = DEPTH_MAX + 5
    for text in (f"x = {'[' * depth}{']' * depth}\n", "[" * 5000, f"{'.'.join(['a'] * depth)} = 1\n"):
        with pytest.raises(NotToml):
            read_toml(text)


KEYS = st.text(string.ascii_letters + string.digits + "-_ .åäö\"'#=[]\\", min_size=1, max_size=8)
LEAVES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=20),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_is_written_is_read_as_tomllib_reads_it(values: dict[str, object]) -> None:
    text = tomlkit.dumps(values)
    assert plain(read_toml(text).root) == tomllib.loads(text)


@given(st.text(st.sampled_from("[]{}=\"'#.,\\ \nab1-_:\r\t"), max_size=60))
def test_any_text_is_read_or_refused_with_a_line_that_it_has(text: str) -> None:
    try:
        document, line = read_toml(text), 1
    except NotToml as error:
        document, line = None, error.line
    assert 1 <= line <= text.count("\n") + 1
    if document is not None and not document.doubles:
        assert plain(document.root) == tomllib.loads(text)


def test_a_double_name_before_another_fault_is_told_with_both_lines() -> None:
    with pytest.raises(NotToml) as caught:
        read_toml("[a]\nx = 1\nx = 2\ny = nope\n")
    assert (caught.value.line, caught.value.what) == (3, "a.x is defined twice, first at line 2")
