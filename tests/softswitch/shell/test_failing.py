"""A start that cannot be is told in three lines, whatever the texts hold."""

from pathlib import Path

import pytest

from softswitch.settings import ConfigurationError, ConfigurationErrors
from softswitch.shell.failing import StartFailed, print_failure, wrong_configuration


def test_three_lines_stay_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure("what\nis wrong", "where\r\nit is", "  what   to do\n\n")
    assert capsys.readouterr().err == "what is wrong\n  where it is\n  what to do\n"


def test_a_wrong_configuration_is_told_by_its_first_error() -> None:
    errors = [ConfigurationError(Path("a.toml"), line, "key", f"wrong {line}", "mend") for line in (2, 1)]
    failed = wrong_configuration(ConfigurationErrors(errors))
    assert isinstance(failed, StartFailed)
    assert (failed.what, failed.where) == ("wrong 1", "a.toml:1: key")
    assert failed.mend == "mend (and 1 more: softswitch check)"
