"""The demo's office is a configuration like any other: it passes `check`, in both languages, and calls nobody else."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from softswitch.demo.office import NUMBER, write_office
from softswitch.demo.story import CALLERS
from softswitch.domain.office import ToQueue
from softswitch.settings import load


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_office_is_right_and_stays_on_loopback(tmp_path: Path, language: str) -> None:
    write_office(
        tmp_path, language=language, carrier_port=5080, caller_ports=[5081, 5082], udp_first=30000, udp_last=30039
    )
    settings = load(tmp_path)
    assert settings.warnings == ()
    assert settings.node.language == language
    assert settings.office.numbers[NUMBER] == ToQueue("support")
    trunk = settings.trunks["carrier"]
    hosts = [listen.host for listen in settings.sip.listen] + [host.host for host in trunk.hosts]
    assert all(ipaddress.ip_address(host).is_loopback for host in hosts)
    assert [str(source) for source in trunk.accept_from] == ["127.0.0.1:5080", "127.0.0.1:5081", "127.0.0.1:5082"]
    assert [device.confirm for device in settings.office.agents["bo"].answers_at] == [False, True]
    callback = settings.office.queues["support"].callback
    assert callback is not None
    assert all(caller.startswith(callback.may_call[0]) for caller in CALLERS)
