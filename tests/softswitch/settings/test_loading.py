"""Tests of softswitch.settings.loading: the shipped office as it stands, and each way to break it, with its place."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sip_stack.aio.tls import Certificate
from sip_stack.digest import Credentials
from sip_stack.flow import Address
from softswitch.domain.hours import is_open
from softswitch.domain.office import Device, ServiceGoal, ToNumber, ToPhone, ToQueue, ToSay
from softswitch.settings import AcceptFrom, ConfigurationErrors, Listen, glimpse, load
from tests.certificates import Authority
from tests.softswitch.settings.offices import (
    REPOSITORY,
    change,
    copy_office,
    error_of,
    errors_of,
    line_of,
    office_with,
    read,
    warnings_of,
)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    return copy_office(tmp_path)


def test_the_shipped_office_is_right_as_it_stands() -> None:
    settings = load(REPOSITORY / "config")
    assert settings.warnings == ()
    assert len(settings.phones) == 3
    assert all(Path(file).is_file() for file in settings.sounds.all_files())


def test_an_office_becomes_values(office: Path) -> None:
    settings = load(office)
    assert settings.node.data_dir == office / "var"
    assert settings.sip.listen == (Listen("udp", "127.0.0.1", 5060), Listen("tcp", "127.0.0.1", 5060))
    assert (settings.media.udp_first, settings.media.udp_last, settings.media.codecs) == (
        20000,
        20999,
        ("PCMA", "PCMU"),
    )
    assert settings.api is not None
    assert settings.api.listen == Address("127.0.0.1", 9710)
    trunk = settings.trunks["carrier"]
    assert trunk.hosts == (Address("127.0.0.1", 5080),)
    assert trunk.accept_from == (AcceptFrom(ip_network("127.0.0.1/32"), 5080),)
    assert settings.office.trunks["carrier"].caller_id == trunk.caller_id == "+46850010000"
    assert settings.phones["101"].digest == "MD5"
    assert settings.office.phones["101"].may_dial == ("phones", "agents", "queues")
    bo = settings.office.agents["bo"]
    assert bo.answers_at == (Device(ToPhone("102")), Device(ToNumber("+46701234567")))
    assert bo.is_ready_at_start
    queue = settings.office.queues["support"]
    assert queue.agents == ("anna", "bo")
    assert (queue.ring_s, queue.wrap_up_s, queue.max_wait_s, queue.max_waiting) == (20, 10, 900, 50)
    assert queue.overflow_to == ToSay("queue-full")
    assert queue.service_level == ServiceGoal(0.8, 20)
    assert settings.office.numbers == {"+46850010000": ToQueue("support"), "+46850010001": ToPhone("101")}
    assert settings.sounds.files("music/calm") == tuple(
        str(office / "sounds" / "en" / "music" / "calm" / f"{name}.wav") for name in ("one", "two")
    )


def test_what_is_left_out_has_defaults(office: Path) -> None:
    for file in office.glob("*.toml"):
        file.unlink()
    (office / "all.toml").write_text(
        '[sip]\nlisten = ["udp:[::1]:0"]\ndomain = "a.example"\n'
        '[media]\naddress = "::1"\nudp_ports = "30000-30003"\n[queue.q]\n[phone.p]\npassword = "x"\n'
    )
    settings = load(office, are_sounds_tried=False)
    assert (settings.node.name, settings.node.language, settings.node.timezone) == ("softswitch", "en", "UTC")
    assert settings.api is None
    assert settings.media.codecs == ("PCMA", "PCMU")
    queue = settings.office.queues["q"]
    assert (queue.welcome, queue.music, queue.max_wait_s, queue.max_waiting, queue.record) == (
        None,
        None,
        None,
        None,
        "never",
    )
    assert settings.office.phones["p"].name == "p"
    assert settings.sip.listen == (Listen("udp", "::1", 0),)


def test_the_version_follows_the_content_of_the_files(office: Path) -> None:
    before = load(office, are_sounds_tried=False).office.version
    assert load(office, are_sounds_tried=False).office.version == before
    change(office, "queues.toml", "ring_s = 20", "ring_s = 21")
    assert load(office, are_sounds_tried=False).office.version != before


def test_a_password_is_in_no_repr(office: Path) -> None:
    assert "anna-desk-7yQ2" not in repr(load(office, are_sounds_tried=False))


@dataclass(frozen=True)
class Broken:
    """One change to the shipped office, and the one error that it must give."""

    file: str
    old: str
    new: str
    key: str
    what: str
    mend: str
    marker: str = ""


BROKEN = [
    # Keys and kinds.
    Broken("phones.toml", 'password = "bo-desk-Kx81"', 'pasword = "bo-desk-Kx81"', "phone.102.pasword", "no key",
           'did you mean "password"?'),
    Broken("queues.toml", "ring_s = 20", "ringing = 20", "queue.support.ringing", "no key", '"ring_s"'),
    Broken("queues.toml", "within_s = 20", "within = 20", "queue.support.service_level.within", "no key", '"within_s"',
           "within = 20"),
    Broken("agents.toml", "[agent.bo]", "[agnet.cecilia]\n[agent.bo]", "agnet", "no kind of table", '"agent"',
           "[agnet"),
    Broken("numbers.toml", '[number."+46850010001"]', '[menu.main]\n[number."+46850010001"]', "menu", "not available",
           "take it out", "[menu"),
    Broken("softswitch.toml", "[node]", 'name = "x"\n[node]', "name", "outside of any table", "below the [table]",
           'name = "x"'),
    Broken("phones.toml", "[phone.101]", 'phone.x = "y"\n[phone.101]', "phone.x", "a phone has a name", "[phone.NAME]",
           "phone.x"),
    Broken("softswitch.toml", "[api]\nlisten", "[[api]]\nlisten", "api", "must be a table", "[api]", "[[api]]"),
    Broken("phones.toml", 'password = "anna-desk-7yQ2"', "", "phone.101", '"password" is missing', "password =",
           "[phone.101]"),
    Broken("numbers.toml", 'to = "phone:101"', "", 'number."+46850010001"', '"to" is missing', "to =",
           '[number."+46850010001"]'),
    Broken("phones.toml", "[phone.103]", '[phone."Ce cilia"]', 'phone."Ce cilia"', "cannot be the name", "use letters"),
    Broken("numbers.toml", '"+46850010001"', '"+0850010001"', 'number."+0850010001"', "no number", '"+850010001"'),
    Broken("numbers.toml", '"+46850010001"', '"support"', "number.support", "no number", "country code"),
    # Types.
    Broken("queues.toml", "ring_s = 20", 'ring_s = "20"', "queue.support.ring_s", "a number, not a text", "from 1"),
    Broken("queues.toml", "ring_s = 20", "ring_s = true", "queue.support.ring_s", "not true or false", "from 1"),
    Broken("queues.toml", "max_waiting = 50", "max_waiting = 50.5", "queue.support.max_waiting", "whole", "from 1"),
    Broken("queues.toml", 'agents = ["anna", "bo"]', 'agents = "anna"', "queue.support.agents", "a list, not a text",
           '["anna"]'),
    Broken("queues.toml", 'agents = ["anna", "bo"]', 'agents = ["anna", 7]', "queue.support.agents",
           "a text, not a whole number", "quotes"),
    Broken("queues.toml", "service_level = { share = 0.8, within_s = 20 }", "service_level = 0.8",
           "queue.support.service_level", "a table, not a number", "{ share"),
    Broken("agents.toml", "ready_at_start = true            #", "ready_at_start = 1 #", "agent.anna.ready_at_start",
           "true or false", "write true or false", "ready_at_start = 1"),
    Broken("agents.toml", 'pin = "471103"', "pin = 471103", "agent.anna.pin", "a text, not a whole number", '"471103"'),
    Broken("softswitch.toml", 'domain = "office.example"', 'domain = " "', "sip.domain", "must not be empty", "office"),
    Broken("softswitch.toml", 'domain = "office.example"', 'domain = "a b"', "sip.domain", "no domain", "office"),
    # Values.
    Broken("queues.toml", "ring_s = 20", "ring_s = -20", "queue.support.ring_s", "-20 cannot be", "from 1 to 300"),
    Broken("queues.toml", "ring_s = 20", "ring_s = inf", "queue.support.ring_s", "inf cannot be", "from 1 to 300"),
    Broken("queues.toml", "wrap_up_s = 10", "wrap_up_s = nan", "queue.support.wrap_up_s", "nan cannot be", "from 0"),
    Broken("queues.toml", "wrap_up_s = 10", f"wrap_up_s = 1{'0' * 400}", "queue.support.wrap_up_s", "cannot be", "0"),
    Broken("queues.toml", "share = 0.8", "share = 80", "queue.support.service_level.share", "80 cannot be", "0 to 1",
           "share = 80"),
    Broken("queues.toml", "max_wait_s = 900", "max_wait_s = 0", "queue.support.max_wait_s", "0 cannot be", "above 0",
           "max_wait_s = 0"),
    Broken("queues.toml", "max_waiting = 50", "max_waiting = 0", "queue.support.max_waiting", "0 cannot be", "from 1"),
    Broken("queues.toml", "every_s = 30 ", "every_s = 1 ", "queue.support.announce_position_every_s", "no time", "0",
           "every_s = 1"),
    Broken("queues.toml", '"longest-idle"', '"longest-idel"', "queue.support.strategy", "not one of", '"longest-idle"'),
    Broken("queues.toml", '"longest-idle"', '"ringall"', "queue.support.strategy", "not one of", 'mean "ring-all"?'),
    Broken("queues.toml", 'no_answer = "pause"', 'no_answer = "logout"', "queue.support.no_answer", "not one of",
           'did you mean "log-out"?'),
    Broken("queues.toml", 'record = "always"', 'record = "Always"', "queue.support.record", "not one of",
           'did you mean "always"?'),
    Broken("agents.toml", 'pin = "471103"', 'pin = "47a"', "agent.anna.pin", "digits", "only digits"),
    Broken("phones.toml", 'password = "bo-desk-Kx81"', 'password = ""', "phone.102.password", "empty", '"…"'),
    Broken("phones.toml", 'name = "Bo, desk"', 'digest = "sha-256"', "phone.102.digest", "choices", '"SHA-256"'),
    Broken("phones.toml", 'name = "Bo, desk"', 'may_dial = ["phnes"]', "phone.102.may_dial", "nothing that",
           'did you mean "phones"?'),
    Broken("phones.toml", 'name = "Bo, desk"', 'may_dial = ["46"]', "phone.102.may_dial", "nothing that", '"+46"'),
    Broken("phones.toml", 'name = "Bo, desk"', 'may_dial = ["+46", "+46"]', "phone.102.may_dial", "stands twice",
           "take one"),
    Broken("phones.toml", 'name = "Bo, desk"', 'name = "Bo\\nVia: x"', "phone.102.name", "line break", "take it out"),
    Broken("softswitch.toml", '"Europe/Stockholm"', '"Europe/Stokholm"', "node.timezone", "no timezone",
           'did you mean "Europe/Stockholm"?'),
    Broken("softswitch.toml", '"Europe/Stockholm"', '"../etc/passwd"', "node.timezone", "no timezone", "Europe/"),
    Broken("softswitch.toml", 'language = "en" ', 'language = "../en" ', "node.language", "no language", '"en"'),
    Broken("softswitch.toml", 'data_dir = "var"', 'data_dir = "queues.toml/var"', "node.data_dir", "is no folder",
           "write to"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"udp:127.0.0.1", ', "sip.listen", "no address with a port",
           "udp:192"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"127.0.0.1:5060", "udp:127.0.0.1:5060", ', "sip.listen",
           "does not begin with", "udp:192"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"udp:127.0.0.1:5060", "tls:127.0.0.1:5061", ', "sip.listen",
           "needs a certificate", "tls_certificate"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"udp:127.0.0.1:5060", "udp:localhost:5070", ', "sip.listen",
           "is a name", "IP address"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"udp:127.0.0.1:5060", "udp:127.0.0.1:65536", ', "sip.listen",
           "no port 65536", "65535"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"udp:127.0.0.1:5060", "udp:127.0.0.1:5060", ', "sip.listen",
           "stands twice", "take one"),
    Broken("softswitch.toml", '"udp:127.0.0.1:5060", ', '"udp:0.0.0.0:5062", "udp:127.0.0.1:5060", ', "sip.listen",
           "every address of this machine", "advertised_address"),
    Broken("softswitch.toml", '# advertised_address = "198.51.100.7"', 'advertised_address = "nat.example"',
           "sip.advertised_address", "is a name", "IP address"),
    Broken("softswitch.toml", 'address = "127.0.0.1"  ', 'address = "0.0.0.0"  ', "media.address", "nobody can send",
           "one machine"),
    Broken("softswitch.toml", 'address = "127.0.0.1"  ', 'address = "127.0.0"  ', "media.address", "no IP address",
           "such as"),
    Broken("softswitch.toml", '"20000-20999"', '"20000"', "media.udp_ports", "no range", '"20000-20999"'),
    Broken("softswitch.toml", '"20000-20999"', '"20001-20999"', "media.udp_ports", "odd", '"20002-20999"'),
    Broken("softswitch.toml", '"20000-20999"', '"20999-20000"', "media.udp_ports", "wrong way", '"20000-20999"'),
    Broken("softswitch.toml", '"20000-20999"', '"60000-70000"', "media.udp_ports", "outside", "UDP_PORT_MAX"),
    Broken("softswitch.toml", '"20000-20999"', '"20000-20003"', "media.udp_ports", "too few", "6 ports"),
    Broken("softswitch.toml", '"20000-20999"', '"5000-5999"', "media.udp_ports", "holds the port", "another range"),
    Broken("softswitch.toml", '["PCMA", "PCMU"]', '["PCMA", "PCMX"]', "media.codecs", "no codec", 'did you mean "PCM'),
    Broken("softswitch.toml", '["PCMA", "PCMU"]', '["opus"]', "media.codecs", "not available", "PCMA or PCMU"),
    Broken("softswitch.toml", '["PCMA", "PCMU"]', "[]", "media.codecs", "no codec in the list", "PCMA"),
    Broken("softswitch.toml", '["PCMA", "PCMU"]', '["PCMA", "PCMA"]', "media.codecs", "stands twice", "take one"),
    Broken("softswitch.toml", '"127.0.0.1:9710"', '"9710"', "api.listen", "no address with a port", "127.0.0.1:9710"),
    Broken("softswitch.toml", '"127.0.0.1:9710"', '"127.0.0.1:5060"', "api.listen", "taken by", "another port"),
    Broken("trunks.toml", 'caller_id = "+46850010000"', 'caller_id = "Office"', "trunk.carrier.caller_id",
           "no telephone number", "+4685"),
    Broken("trunks.toml", 'hosts = ["127.0.0.1:5080"]', 'hosts = ["sip.carrier.example:70000"]', "trunk.carrier.hosts",
           "no port 70000", "65535"),
    Broken("trunks.toml", 'hosts = ["127.0.0.1:5080"]', 'hosts = ["sip.-carrier"]', "trunk.carrier.hosts",
           "no IP address", "192.0.2.10"),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\ntransport = "tls"', "trunk.carrier.hosts",
           "cannot be reached", "[sip] listen", 'hosts = ["127'),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\nuser = "office"\nrealm = "c.example"',
           "trunk.carrier.user", "needs password too", "password =", "user ="),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\nuser = "office"\npassword = "secret"',
           "trunk.carrier.user", "needs realm too", "realm =", "user ="),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\nregister = "office@carrier.example"',
           "trunk.carrier.register", "needs user, password and realm", "as the carrier", "register ="),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\nregister = "carrier.example"',
           "trunk.carrier.register", "is no address", "office@", "register ="),
    Broken("trunks.toml", "[trunk.carrier]", "[trunk.carrier]\nqualify_s = 1", "trunk.carrier.qualify_s",
           "1 cannot be", "from 5 to 3600", "qualify_s ="),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\ncountry = "46"', "trunk.carrier.country",
           "no country code", "+46", "country ="),
    Broken("trunks.toml", "[trunk.carrier]", '[trunk.carrier]\nnumber_form = "national"',
           "trunk.carrier.number_form", "need a country", "country =", "number_form ="),
    Broken("trunks.toml", "[trunk.carrier]", "[trunk.carrier]\ncalls_max = 0", "trunk.carrier.calls_max",
           "0 cannot be", "from 1", "calls_max ="),
    Broken("trunks.toml", 'hosts = ["127.0.0.1:5080"]', "hosts = []", "trunk.carrier.hosts", "no host", "add one"),
    Broken("trunks.toml", 'hosts = ["127.0.0.1:5080"]', 'hosts = ["127.0.0.1:5060"]', "trunk.carrier.hosts",
           "this switch itself", "the carrier"),
    Broken("trunks.toml", 'hosts = ["127.0.0.1:5080"]', 'hosts = ["192.0.2.1"]', "trunk.carrier.hosts",
           "192.0.2.1:5060 cannot be reached", "listen on"),
    Broken("trunks.toml", 'hosts = ["127.0.0.1:5080"]', 'hosts = ["[::1]:5080"]', "trunk.carrier.hosts",
           "no IPv6 address", "add one"),
    Broken("trunks.toml", 'accept_from = ["127.0.0.1:5080"]', 'accept_from = ["192.0.2.1/24"]',
           "trunk.carrier.accept_from", "no prefix", '"192.0.2.0/24"'),
    Broken("trunks.toml", 'accept_from = ["127.0.0.1:5080"]', 'accept_from = ["carrier"]', "trunk.carrier.accept_from",
           "is a name", "IP address"),
    # References.
    Broken("queues.toml", '["anna", "bo"]', '["anna", "boo"]', "queue.support.agents", 'no agent "boo"', '"bo"'),
    Broken("queues.toml", '["anna", "bo"]', '["anna", "anna"]', "queue.support.agents", "stands twice", "take one"),
    Broken("agents.toml", '["phone:101"]', '["phone:1001"]', "agent.anna.answers_at", 'no phone "1001"', '"phone:10'),
    Broken("agents.toml", '["phone:101"]', '["phone:101", "phone:101"]', "agent.anna.answers_at", "stands twice",
           "take one"),
    Broken("agents.toml", '["phone:101"]', '["queue:support"]', "agent.anna.answers_at", "cannot answer at", "phone:"),
    Broken("agents.toml", '["phone:101"]', "[101]", "agent.anna.answers_at", "not a whole number", '"phone:101"'),
    Broken("agents.toml", '["phone:101"]', "[]", "agent.anna.answers_at", "nothing rings", "phone:101"),
    Broken("agents.toml", "confirm = false", "confirm = 1", "agent.bo.answers_at.confirm", "true or false",
           "write true", "confirm = 1"),
    Broken("agents.toml", '"number:+46701234567"', '"number:0701234567"', "agent.bo.answers_at.to", "country code",
           "number:+46", "0701234567"),
    Broken("agents.toml", '"number:+46701234567"', '"number:+46850010000"', "agent.bo.answers_at.to",
           "a number of this office", "leads to", "number:+46850010000"),
    Broken("numbers.toml", 'to = "queue:support"', 'to = "queue:suport"', 'number."+46850010000".to',
           'no queue "suport"', 'did you mean "queue:support"?'),
    Broken("numbers.toml", 'to = "queue:support"', 'to = "qeue:support"', 'number."+46850010000".to', "no destination",
           'did you mean "queue:support"?'),
    Broken("numbers.toml", 'to = "queue:support"', 'to = "support"', 'number."+46850010000".to', "no destination",
           'did you mean "queue:support"?'),
    Broken("numbers.toml", 'to = "queue:support"', 'to = "bussy"', 'number."+46850010000".to', "no destination",
           'did you mean "busy"?'),
    Broken("numbers.toml", 'to = "queue:support"', 'to = "menu:main"', 'number."+46850010000".to', "not available yet",
           "queue:NAME"),
    Broken("numbers.toml", 'to = "queue:support"', 'to = "queue:"', 'number."+46850010000".to', "no destination",
           "queue:NAME"),
    Broken("queues.toml", 'overflow_to = "say:queue-full"', 'overflow_to = "queue:support"',
           "queue.support.overflow_to", "round in a circle: support → support", "something else"),
    # Sounds.
    Broken("queues.toml", 'welcome = "welcome"', 'welcome = "wellcome"', "queue.support.welcome", "no sound",
           'did you mean "welcome"?'),
    Broken("queues.toml", 'welcome = "welcome"', 'welcome = "welcome.wav"', "queue.support.welcome", "no sound",
           'without ending: "welcome"'),
    Broken("queues.toml", 'welcome = "welcome"', 'welcome = "../en/welcome"', "queue.support.welcome", "no name",
           "music/calm"),
    Broken("queues.toml", 'welcome = "welcome"', 'welcome = "music/calm"', "queue.support.welcome", "is a folder",
           '"music/calm/one"'),
    Broken("queues.toml", '"say:queue-full"', '"say:queue-ful"', "queue.support.overflow_to", "no sound",
           'did you mean "queue-full"?'),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.file}: {broken.new[:60]!r}")
def test_one_thing_wrong_is_one_error_at_its_place(broken: Broken, office: Path) -> None:
    change(office, broken.file, broken.old, broken.new)
    errors = errors_of(office)
    assert len(errors) == 1, [str(error) for error in errors]
    error = errors[0]
    marker = broken.marker or broken.new
    assert (error.file, error.line) == (office / broken.file, line_of(office, broken.file, marker))
    assert error.key == broken.key
    assert broken.what in error.what
    assert broken.mend in error.mend


def test_a_key_inside_a_list_of_many_lines_has_its_own_line(office: Path) -> None:
    change(office, "queues.toml", 'agents = ["anna", "bo"]', 'agents = [\n  "anna",\n  "boo",\n  "bo",\n]')
    (error,) = errors_of(office)
    assert error.line == line_of(office, "queues.toml", '"boo"')


@pytest.mark.parametrize(
    ("file", "added", "key"),
    [
        ("phones.toml", '\n[phone.102]\npassword = "again"\n', "phone.102"),
        ("agents.toml", '\n[agent.anna]\nanswers_at = ["phone:103"]\n', "agent.anna"),
        ("softswitch.toml", '\n[sip]\ndomain = "b.example"\nlisten = ["udp:127.0.0.1:5099"]\n', "sip"),
    ],
)
def test_a_name_defined_twice_is_told_with_both_places(file: str, added: str, key: str, office: Path) -> None:
    header = f"[{key}]"
    first = line_of(office, file, header)
    last = len((office / file).read_text().split("\n"))
    with (office / file).open("a") as text:
        text.write(added)
    (error,) = errors_of(office)
    assert (error.file, error.line, error.key) == (office / file, last + 1, key)
    assert error.what == f"{key} is defined twice, first at {file}:{first}"


def test_a_name_defined_in_two_files_is_told_with_both_places(office: Path) -> None:
    (office / "zz.toml").write_text('\n[phone.102]\npassword = "again"\n\n[node]\nname = "other"\n')
    errors = errors_of(office)
    assert [(error.file.name, error.line, error.key) for error in errors] == [
        ("zz.toml", 2, "phone.102"),
        ("zz.toml", 5, "node"),
    ]
    assert errors[0].what.endswith(f"first at phones.toml:{line_of(office, 'phones.toml', '[phone.102]')}")
    assert errors[1].what.endswith(f"first at softswitch.toml:{line_of(office, 'softswitch.toml', '[node]')}")


def test_a_key_given_twice_is_told_with_both_lines(office: Path) -> None:
    change(office, "queues.toml", "ring_s = 20", "ring_s = 20\nring_s = 25")
    (error,) = errors_of(office)
    first = line_of(office, "queues.toml", "ring_s = 20")
    assert (error.line, error.key) == (first + 1, "queue.support.ring_s")
    assert error.what == f"queue.support.ring_s is defined twice, first at queues.toml:{first}"


def test_the_second_definition_is_checked_too(office: Path) -> None:
    with (office / "phones.toml").open("a") as text:
        text.write("\n[phone.101]\npasswrd = 'x'\n")
    assert [error.key for error in errors_of(office)] == ["phone.101", "phone.101.passwrd"]


def test_everything_wrong_is_found_at_once_in_order(office: Path) -> None:
    change(office, "agents.toml", '["phone:101"]', '["phone:1001"]')
    change(office, "numbers.toml", '"queue:support"', '"queue:suport"')
    change(office, "phones.toml", 'password = "bo-desk-Kx81"', 'password = ""')
    change(office, "queues.toml", "ring_s = 20", "ring_s = 0")
    change(office, "queues.toml", 'music = "music/calm"', 'music = "music/clam"')
    change(office, "softswitch.toml", '"20000-20999"', '"20001-20999"')
    assert [(error.file.name, error.key) for error in errors_of(office)] == [
        ("agents.toml", "agent.anna.answers_at"),
        ("numbers.toml", 'number."+46850010000".to'),
        ("phones.toml", "phone.102.password"),
        ("queues.toml", "queue.support.music"),
        ("queues.toml", "queue.support.ring_s"),
        ("softswitch.toml", "media.udp_ports"),
    ]


def test_a_file_that_is_no_toml_gives_its_first_fault_and_no_errors_that_only_follow_from_it(office: Path) -> None:
    change(office, "agents.toml", '["phone:101"]', '["phone:101"')
    change(office, "queues.toml", "ring_s = 20", "ring_s = 0")
    errors = errors_of(office)
    assert [error.file.name for error in errors] == ["agents.toml", "queues.toml"]
    assert "no TOML" in errors[0].what
    assert errors[1].key == "queue.support.ring_s"


def test_a_file_that_is_no_text_names_the_line(office: Path) -> None:
    (office / "more.toml").write_bytes(b"# one\n# tv\xe5\n")
    (error,) = errors_of(office)
    assert (error.file.name, error.line) == ("more.toml", 2)
    assert "UTF-8" in error.what


@pytest.mark.parametrize("kind", ["sip", "media"])
def test_a_table_that_is_missing_is_asked_for(kind: str, office: Path) -> None:
    text = (office / "softswitch.toml").read_text()
    tables = text.split("\n[")
    (office / "softswitch.toml").write_text("\n[".join(part for part in tables if not part.startswith(kind)))
    if kind == "sip":
        (office / "trunks.toml").unlink()
        change(office, "agents.toml", ', { to = "number:+46701234567", confirm = false }', "")
    (error,) = errors_of(office)
    assert (error.file.name, error.line, error.what) == ("softswitch.toml", 1, f"[{kind}] is missing")


def test_a_folder_that_is_not_there_or_empty_is_one_error(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        (error,) = errors_of(folder)
        assert error.file == folder
        assert "--config" in error.mend


def test_hidden_files_and_other_endings_are_not_read(office: Path) -> None:
    (office / ".queues.toml").write_text("no toml")
    (office / "queues.toml~").write_text("no toml")
    load(office, are_sounds_tried=False)


def test_queues_that_overflow_in_a_circle_are_refused_once(office: Path) -> None:
    change(office, "queues.toml", '"say:queue-full"', '"queue:two"')
    (office / "two.toml").write_text('[queue.two]\nagents = ["anna"]\noverflow_to = "queue:support"\n')
    (error,) = errors_of(office)
    assert error.key == "queue.support.overflow_to"
    assert "support → two → support" in error.what


@pytest.mark.parametrize(("queues", "is_right"), [(7, True), (8, False)])
def test_a_chain_of_overflowing_queues_has_a_limit(queues: int, is_right: bool, office: Path) -> None:
    """All full, the switch looks at 8 destinations in one go: 7 queues and what is behind the last."""
    chain = ["support", *(f"q{index}" for index in range(2, queues + 1))]
    change(office, "queues.toml", '"say:queue-full"', f'"queue:{chain[1]}"')
    tables = [
        f'[queue.{name}]\nagents = ["anna"]\nmax_wait_s = 9\noverflow_to = "{to}"\n'
        for name, to in zip(chain[1:], [*(f"queue:{name}" for name in chain[2:]), "busy"], strict=True)
    ]
    (office / "chain.toml").write_text("".join(tables))
    if is_right:
        load(office, are_sounds_tried=False)
    else:
        (error,) = errors_of(office)
        assert "OVERFLOW_QUEUES_MAX" in error.what


def test_a_call_out_needs_a_trunk(office: Path) -> None:
    (office / "trunks.toml").unlink()
    (error,) = errors_of(office)
    assert (error.key, error.what) == ("agent.bo.answers_at.to", "there is no trunk to reach +46701234567 by")


def test_two_trunks_cannot_accept_from_the_same_source(office: Path) -> None:
    (office / "z.toml").write_text(
        '[trunk.other]\nhosts = ["127.0.0.1:5090"]\naccept_from = [\n  "127.0.0.1:5080",\n]\n'
    )
    (error,) = errors_of(office)
    assert (error.file.name, error.line, error.key) == ("z.toml", 4, "trunk.other.accept_from")
    assert "trunk carrier" in error.what


def test_what_works_but_is_hardly_meant_is_a_warning(office: Path) -> None:
    change(office, "queues.toml", 'agents = ["anna", "bo"]', "agents = []")
    change(office, "queues.toml", "max_wait_s = 900", "")
    change(office, "queues.toml", 'record = "always"', 'record = "on-demand"')
    (office / "z.toml").write_text(
        '[trunk.other]\nhosts = ["127.0.0.1:5090"]\naccept_from = ["127.0.0.0/8"]\n[phone.support]\npassword = "x"\n'
    )
    warnings = "\n".join(warnings_of(office))
    for said in ("has no agents", "wait for ever", "by hand", "overlaps", "dial support reach the phone"):
        assert said in warnings


def test_a_data_folder_is_only_looked_at(office: Path) -> None:
    load(office, are_sounds_tried=False)
    assert not (office / "var").exists()


def test_a_glimpse_is_had_of_a_half_edited_office(office: Path) -> None:
    change(office, "queues.toml", "ring_s = 20", "ring_s = ")
    change(office, "softswitch.toml", 'data_dir = "var"', 'data_dir = "../data"\nunknown = 1')
    glimpsed = glimpse(office)
    assert glimpsed.data_dir == office.parent / "data"
    assert glimpsed.timezone == "Europe/Stockholm"


def test_what_is_no_file_is_refused_and_never_waited_for(office: Path) -> None:
    (office / "folder.toml").mkdir()
    (office / "gone.toml").symlink_to(office / "nowhere")
    os.mkfifo(office / "pipe.toml")
    assert [error.file.name for error in errors_of(office)] == ["folder.toml", "gone.toml", "pipe.toml"]
    assert glimpse(office).data_dir == office / "var"


def mutations() -> dict[str, Callable[[random.Random, list[str]], None]]:
    def drop(chance: random.Random, lines: list[str]) -> None:
        del lines[chance.randrange(len(lines))]

    def double(chance: random.Random, lines: list[str]) -> None:
        lines.insert(chance.randrange(len(lines)), chance.choice(lines))

    def swap_value(chance: random.Random, lines: list[str]) -> None:
        index = chance.choice([index for index, line in enumerate(lines) if " = " in line])
        key = lines[index].partition(" = ")[0]
        values = ["-1", "true", "1e400", "[]", "[[]]", "{}", "{ to = 1 }", '""', '"busy"', '"queue:x"', "1979-05-27",
                  '"\\u0000"', '"udp::"', '["udp:[:1"]', "9223372036854775807", '"0-0"', '["/"]']  # fmt: skip
        lines[index] = f"{key} = {chance.choice(values)}"

    def scramble(chance: random.Random, lines: list[str]) -> None:
        index = chance.randrange(len(lines))
        at = chance.randrange(len(lines[index]) + 1)
        lines[index] = lines[index][:at] + chance.choice('[]{}="\\.#,\x01é') + lines[index][at + 1 :]

    return {mutate.__name__: mutate for mutate in (drop, double, swap_value, scramble)}


@pytest.mark.parametrize("name", mutations())
def test_a_mutated_office_is_read_or_refused_with_places_that_exist(name: str, tmp_path: Path) -> None:
    chance = random.Random(f"office {name}")
    outcomes = set()
    for round_ in range(60):
        office = copy_office(tmp_path / str(round_))
        for _ in range(chance.randint(1, 3)):
            file = chance.choice(sorted(office.glob("*.toml")))
            lines = file.read_text().split("\n")
            mutations()[name](chance, lines)
            file.write_text("\n".join(lines))
        try:
            load(office, are_sounds_tried=False)
            outcomes.add("read")
        except ConfigurationErrors as caught:
            outcomes.add("refused")
            for error in caught.errors:
                assert 1 <= error.line <= max(1, len(error.file.read_text().split("\n")))
                assert error.what
                assert error.mend
        shutil.rmtree(office)
    assert outcomes == {"read", "refused"}


HOURS = '[hours.office]\nmon-fri = "08:00-17:00"\n'
MONDAY_NOON = datetime(2026, 7, 6, 12, tzinfo=ZoneInfo("Europe/Stockholm")).timestamp()
SUNDAY_NOON = MONDAY_NOON - 86_400


def test_a_queue_goes_by_hours_wherever_they_are_defined(tmp_path: Path) -> None:
    queue = read(office_with(tmp_path, HOURS, queue='hours = "office"\nclosed_to = "say:closed"')).queues["support"]
    assert queue.closed_to == ToSay("closed")
    assert queue.hours is not None
    assert [is_open(queue.hours, at) for at in (MONDAY_NOON, SUNDAY_NOON)] == [True, False]


def test_agents_work_all_their_shifts(tmp_path: Path) -> None:
    added = (
        '[shift.week]\nagents = ["anna", "bo"]\nmon-fri = "08:00-17:00"\n'
        '[shift.sunday]\nagents = ["bo"]\nsun = "10:00-14:00"\n'
    )
    shifts = read(office_with(tmp_path, added)).shifts
    assert list(shifts) == ["anna", "bo"]
    assert [is_open(shifts[agent], SUNDAY_NOON) for agent in shifts] == [False, True]
    assert all(is_open(plan, MONDAY_NOON) for plan in shifts.values())


@pytest.mark.parametrize(
    ("added", "queue", "key", "what", "mend"),
    [
        (HOURS, 'hours = "ofice"', "queue.support.hours", 'no hours "ofice"', '"office"'),
        ("", 'hours = "office"', "queue.support.hours", 'no hours "office"', "[hours.office]"),
        (HOURS, 'hours = "office"\nclosed_to = "callback"', "queue.support.closed_to", "in a queue", "overflow"),
        (HOURS, 'hours = "office"\nclosed_to = "queue:support"', "queue.support.closed_to", "in a circle", "else"),
        ('[hours.office]\nmno-fri = "08:00-17:00"', "", "hours.office.mno-fri", "mno-fri", "mon-fri"),
        ('[shift.early]\nagents = ["ana"]\nmon = "08:00-17:00"', "", "shift.early.agents", 'no agent "ana"', '"anna"'),
        ('[hour.office]\nmon = "08:00-17:00"', "", "hour", "no kind of table", 'did you mean "hours"?'),
    ],
)
def test_wrong_hours_are_one_error(tmp_path: Path, added: str, queue: str, key: str, what: str, mend: str) -> None:
    error = error_of(office_with(tmp_path, added, queue=queue))
    assert error.key == key
    assert what in error.what
    assert mend in error.mend


def test_hours_that_nobody_goes_by_and_a_queue_that_never_closes_are_hardly_meant(tmp_path: Path) -> None:
    warnings = warnings_of(office_with(tmp_path, HOURS, queue='closed_to = "busy"'))
    assert sorted(warnings) == ["no queue goes by hours office", "queue support never closes: it has no hours"]


def test_a_shift_of_an_agent_without_a_phone_needs_the_question_whether_she_is_there(tmp_path: Path) -> None:
    office = office_with(tmp_path, '[shift.early]\nagents = ["bo"]\nmon = "08:00-17:00"\n')
    (office / "sounds" / "en" / "confirm-ready.wav").rename(office / "away.wav")
    (office / "sounds" / "en").rename(office / "sounds" / "nl")
    change(office, "softswitch.toml", 'language = "en" ', 'language = "nl" ')
    change(office, "queues.toml", "announce_position_every_s = 30 ", "announce_position_every_s = 0 ")
    read(office)
    change(office, "agents.toml", '"phone:102", ', "")
    assert error_of(office).key == "shift.early.agents"


def test_a_trunk_may_have_credentials_for_its_challenges(office: Path) -> None:
    added = '[trunk.carrier]\nuser = "office"\npassword = "carrier-secret"\nrealm = "carrier.example"'
    change(office, "trunks.toml", "[trunk.carrier]", added)
    trunk = load(office, are_sounds_tried=False).trunks["carrier"]
    assert trunk.credentials == Credentials("office", "carrier-secret", "carrier.example")
    assert "carrier-secret" not in repr(trunk)


def test_a_trunk_may_register_and_be_asked_whether_it_is_there(office: Path) -> None:
    assert load(office, are_sounds_tried=False).trunks["carrier"].register is None
    added = (
        '[trunk.carrier]\nuser = "office"\npassword = "carrier-secret"\nrealm = "carrier.example"\n'
        'register = "office@carrier.example:5070"\nqualify_s = 30'
    )
    change(office, "trunks.toml", "[trunk.carrier]", added)
    trunk = load(office, are_sounds_tried=False).trunks["carrier"]
    assert str(trunk.register) == "sip:office@carrier.example:5070"
    assert trunk.qualify_s == 30


# TLS.


def listens(office: Path, written: str) -> None:
    """The office listens at these, with these keys behind."""
    text = (office / "softswitch.toml").read_text()
    begin = text.index("\nlisten = [") + len("\nlisten = [")
    (office / "softswitch.toml").write_text(text[:begin] + written + text[text.index("]", begin) + 1 :])


def tls_office(office: Path) -> Authority:
    """An office that listens over TLS, with files that are right."""
    authority = Authority(office / "tls").found()
    authority.vouch("office", "DNS:office.example")
    files = 'tls_certificate = "tls/office.pem"\ntls_key = "tls/office.key"'
    listens(office, f'"udp:127.0.0.1:5060", "tls:127.0.0.1:5061"]\n{files}')
    return authority


def test_an_office_can_listen_over_tls_and_call_a_carrier_over_it(office: Path) -> None:
    authority = tls_office(office)
    keys = 'transport = "tls"\nca_file = "tls/authority.pem"'
    change(office, "trunks.toml", "[trunk.carrier]", f"[trunk.carrier]\n{keys}")
    settings = load(office)
    assert settings.sip.certificate == Certificate(office / "tls" / "office.pem", office / "tls" / "office.key")
    assert (settings.trunks["carrier"].transport, settings.trunks["carrier"].authority) == ("tls", authority.file)


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ('\ntls_key = "tls/office.key"', "", "sip.tls_certificate", "needs tls_key too"),
        ('\ntls_key = "tls/office.key"', '\ntls_key = "tls/authority.key"', "sip.tls_certificate", "cannot use these"),
        (
            '\ntls_certificate = "tls/office.pem"',
            '\ntls_certificate = "gone"',
            "sip.tls_certificate",
            "there is no file",
        ),
    ],
)
def test_files_for_tls_are_tried_when_they_are_read(office: Path, old: str, new: str, key: str, what: str) -> None:
    tls_office(office)
    change(office, "softswitch.toml", old, new)
    assert (key, True) in [(error.key, what in error.what) for error in errors_of(office)]


def test_a_carrier_over_tcp_needs_an_address_to_call_from(office: Path) -> None:
    listens(office, '"udp:127.0.0.1:5060"]')
    change(office, "trunks.toml", "[trunk.carrier]", '[trunk.carrier]\ntransport = "tcp"')
    (error,) = errors_of(office)
    assert (error.key, "by tcp" in error.what) == ("trunk.carrier.hosts", True)
