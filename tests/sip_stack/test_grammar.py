"""The small words: quoting, escaping, cutting, numbers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import (
    PARTS_MAX,
    escape_user,
    is_token,
    parse_params,
    quote,
    read_number,
    split_outside,
    unescape,
    unquote,
)


def test_a_separator_inside_quotes_or_brackets_does_not_cut() -> None:
    text = r'"Bell, \"A, G\"" <sip:a,b@example.org>;x=",", <sip:c@example.org>'
    assert split_outside(text, ",") == [r'"Bell, \"A, G\"" <sip:a,b@example.org>;x=","', "<sip:c@example.org>"]


def test_an_open_quote_takes_the_rest() -> None:
    assert split_outside('a, "b, c', ",") == ["a", '"b, c']


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_what_is_quoted_is_unquoted_to_the_same(text: str) -> None:
    assert unquote(quote(text)) == text


def test_a_quoted_string_cannot_smuggle_a_line_in() -> None:
    assert quote("a\r\nX: b\0") == '"aX: b"'


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_escaped_is_unescaped_to_the_same(text: str) -> None:
    escaped = escape_user(text)
    assert escaped.isascii()
    assert unescape(escaped) == text


@given(st.text())
def test_unescaping_takes_any_text(text: str) -> None:
    unescape(text.encode("utf-8", "replace").decode())


def test_escapes_that_are_no_utf_8_become_replacement_characters() -> None:
    assert unescape("a%FFb") == "a\ufffdb"


@pytest.mark.parametrize(("text", "verdict"), [("INVITE", True), ("!%*_+`'~-.9", True), ("", False), ("a b", False)])
def test_tokens(text: str, verdict: bool) -> None:
    assert is_token(text) is verdict


def test_parameters_keep_order_and_tell_a_flag_from_an_empty_value() -> None:
    assert parse_params(' ; Tag = 77bb2 ;lr; q=";" ; empty=') == (
        ("tag", "77bb2"), ("lr", None), ("q", '";"'), ("empty", ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("0068", 68), ("255", 255), ("0" * 5000 + "7", 7),
        ("256", None), ("9" * 5000, None), ("", None), ("-1", None), ("+1", None), (" 1", None), ("1_0", None),
        ("²", None), ("١", None),
    ],
)  # fmt: skip
def test_numbers_are_ascii_digits_up_to_a_limit(text: str, value: int | None) -> None:
    assert read_number(text, 255) == value


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("quote_or_not", ["", '"a",', "<a>;"])
def test_more_parts_than_the_limit_are_refused_and_the_limit_is_named(separator: str, quote_or_not: str) -> None:
    split_outside(quote_or_not + separator * (PARTS_MAX - 2), separator)
    with pytest.raises(MalformedMessage, match="PARTS_MAX = 256"):
        split_outside(quote_or_not + separator * (PARTS_MAX + 1), separator)


@pytest.mark.parametrize(
    "unit", ['"', "\\", "<", ">", "<>", '"<', '<"', '\\"', '"\\', '"a"', "<a>", "a", " ", '"\\\\"', '<"\'>"']
)
@pytest.mark.parametrize("begin", ["", '"', "<", '<"', '"\\'])
def test_cutting_costs_steps_in_proportion_to_length(unit: str, begin: str) -> None:
    """Were anything tried twice, a text of eight times the length would cost 64 times as much."""

    def spent_s(length: int) -> float:
        text = begin + unit * length + ",end"
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            split_outside(text, ",")
            best = min(best, time.process_time() - started)
        return best

    assert spent_s(16_000) < 24 * max(spent_s(2_000), 50e-6)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('"a,b" <sip:a,b@c>,d', ['"a,b" <sip:a,b@c>', "d"]),
        (r'"a\",b",c', [r'"a\",b"', "c"]),
        ('"open,a', ['"open,a']),
        ("<open,a", ["<open,a"]),
        ('<"a>,b">,c', ['<"a>,b">', "c"]),
        ("a>,b", ["a>", "b"]),
        (",,", ["", "", ""]),
    ],
)
def test_only_what_stands_outside_quotes_and_brackets_cuts(text: str, parts: list[str]) -> None:
    assert split_outside(text, ",") == parts
