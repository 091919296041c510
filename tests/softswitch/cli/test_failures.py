"""A failed command is three lines on stderr that nothing in them can break."""

from pathlib import Path

import pytest

from softswitch.cli.failures import REFUSED, print_configuration_error, print_failure, wrong_configuration
from softswitch.settings import ConfigurationError, ConfigurationErrors

ERROR = ConfigurationError(Path("queues.toml"), 9, "queue.support.ring_s", "-20 cannot be", "write 1 to 300")


def test_what_a_text_holds_cannot_make_a_fourth_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure("no call 'a\nb'", "here\x1b[2J", "try\r\nagain")
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3
    assert "\x1b" not in err


def test_an_error_of_the_configuration_says_what_where_and_the_mend(capsys: pytest.CaptureFixture[str]) -> None:
    print_configuration_error(ERROR)
    assert capsys.readouterr().err == "-20 cannot be\n  queues.toml:9: queue.support.ring_s\n  write 1 to 300\n"


def test_a_command_that_needs_a_configuration_is_refused_with_its_first_error() -> None:
    failed = wrong_configuration(ConfigurationErrors([ERROR]))
    assert (failed.what, failed.exit_code) == ("-20 cannot be", REFUSED)
