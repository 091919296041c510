"""Every form that carriers write numbers in leads to the one that the house has, and back."""

from __future__ import annotations

import pytest

from softswitch.settings import NumberForm
from softswitch.signalling.number_forms import from_carrier, to_carrier

STOCKHOLM = "+46850010000"


@pytest.mark.parametrize(
    "written",
    ["+46850010000", "0046850010000", "46850010000", "0850010000", "+46-8-500.100.00", "+46 (8) 500 10000"],
)
def test_with_its_country_a_number_is_e164_however_the_carrier_writes_it(written: str) -> None:
    assert from_carrier(written, "+46") == STOCKHOLM


@pytest.mark.parametrize("written", ["+4790000000", "004790000000"])
def test_a_number_of_another_country_stays_there(written: str) -> None:
    assert from_carrier(written, "+46") == "+4790000000"


@pytest.mark.parametrize("text", ["anonymous", "112", "0112", "office", "", "46123", "*72", "90510"])
def test_what_is_no_number_and_short_codes_stay_as_they_are(text: str) -> None:
    assert from_carrier(text, "+46") == text


@pytest.mark.parametrize("written", ["0850010000", "0046850010000", "46850010000"])
def test_without_a_country_nothing_is_guessed(written: str) -> None:
    assert from_carrier(written, None) == written


@pytest.mark.parametrize(
    ("form", "at_home", "abroad"),
    [
        ("+", "+46850010000", "+4790000000"),
        ("00", "0046850010000", "004790000000"),
        ("plain", "46850010000", "4790000000"),
        ("national", "0850010000", "004790000000"),
    ],
)
def test_each_form_is_written_and_read_back(form: NumberForm, at_home: str, abroad: str) -> None:
    assert to_carrier(STOCKHOLM, form, "+46") == at_home
    assert to_carrier("+4790000000", form, "+46") == abroad
    assert from_carrier(at_home, "+46") == STOCKHOLM


@pytest.mark.parametrize("form", ["+", "00", "plain", "national"])
def test_names_and_short_codes_go_out_as_they_are(form: NumberForm) -> None:
    assert [to_carrier(text, form, "+46") for text in ("112", "anonymous")] == ["112", "anonymous"]
