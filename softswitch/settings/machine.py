"""The single tables: `node`, `sip`, `media`, `api`; and the trunks, which are addresses as well."""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from sip_stack.digest import Credentials
from sip_stack.errors import MalformedMessage
from sip_stack.flow import Address
from sip_stack.uri import SipUri
from softswitch.settings.addresses import (
    BadAddress,
    is_host_name,
    parse_accept_from,
    parse_address,
    parse_host,
    parse_listen,
    parse_place,
)
from softswitch.settings.certificates import read_authority, read_certificate
from softswitch.settings.faults import Faults, Place, suggestion
from softswitch.settings.model import (
    AcceptFrom,
    Api,
    DiversionHeader,
    HostName,
    IdentityHeader,
    Listen,
    ListenTransport,
    Media,
    NodeSettings,
    NumberForm,
    Sip,
    Trunk,
)
from softswitch.settings.outgoing import read_caller_id
from softswitch.settings.section import Placed, Section
from softswitch.settings.sounds import SoundSearch, is_language
from softswitch.settings.toml_tree import Array

DATA_DIR: Final = "var"
LANGUAGE: Final = "en"
TIMEZONE: Final = "UTC"
CODECS: Final = ("PCMA", "PCMU")
LATER_CODECS: Final = ("G722", "OPUS", "GSM", "ILBC", "G729")
CREDENTIAL_KEYS: Final = ("user", "password", "realm")
QUALIFY_S_MIN: Final = 5
QUALIFY_S_MAX: Final = 3600
CALLS_MAX_MAX: Final = 100_000
COUNTRY: Final = re.compile(r"\+[1-9][0-9]{0,2}")
UDP_PORT_MIN: Final = 1_024
UDP_PORT_MAX: Final = 65_535

_RANGE: Final = re.compile(r"([0-9]{1,5})\s*-\s*([0-9]{1,5})")
_ANYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # to be recognised, not listened on

T = TypeVar("T")


def read_node(section: Section, faults: Faults, folder: Path) -> NodeSettings:
    """`[node]`. The language's folder is looked for by `check_language` once the sounds are known."""
    name = section.text("name") or "softswitch"
    data_dir = absolute(folder, section.text("data_dir") or DATA_DIR)
    fault = unwritable(data_dir)
    if fault is not None:
        faults.refuse(section.place_of("data_dir"), fault, "name a folder that the switch's user may write to")
    language = section.text("language") or LANGUAGE
    if not is_language(language):
        faults.refuse(section.place_of("language"), f'"{language}" is no language', 'write it like "en" or "sv"')
        language = LANGUAGE
    timezone = section.text("timezone") or TIMEZONE
    if not is_timezone(timezone):
        mend = suggestion(timezone, zoneinfo.available_timezones(), otherwise='write it like "Europe/Stockholm"')
        faults.refuse(section.place_of("timezone"), f'there is no timezone "{timezone}"', mend)
    section.close()
    return NodeSettings(name, data_dir, language, timezone)


def check_language(sounds: SoundSearch, language: str, place: Place, faults: Faults) -> None:
    """The language must have a folder of sounds."""
    if not sounds.has_language():
        mend = suggestion(language, sounds.languages(), otherwise=f"make the folder sounds/{language}")
        faults.refuse(place, f'there is no folder of sounds for the language "{language}"', mend)


def read_sip(section: Section, faults: Faults, folder: Path) -> Sip:
    """`[sip]`. Where one address to listen on is wrong, none is known: nothing may be concluded from the others."""
    listen: list[Listen] = []
    for text in section.texts("listen", needed='["udp:192.0.2.10:5060"]') or ():
        _take(faults, text, parse_listen, listen)
    entries = section.node("listen")
    if isinstance(entries, Array) and len(entries.items) != len(listen):
        listen.clear()
    if isinstance(entries, Array) and not entries.items:
        faults.refuse(section.place_of("listen"), "there is no address to listen on", "add one, udp:ADDRESS:5060")
    domain = section.text("domain", needed='"office.example"')
    if domain is not None and not is_host_name(domain):
        faults.refuse(section.place_of("domain"), f'"{domain}" is no domain name', 'write it like "office.example"')
    advertised: list[str] = []
    advertised_text = section.text("advertised_address")
    if advertised_text is not None:
        _take(faults, Placed(advertised_text, section.place_of("advertised_address")), parse_host, advertised)
        _refuse_anywhere(faults, advertised, section.place_of("advertised_address"))
    certificate, client_authority = read_certificate(section, faults, folder)
    if certificate is None and any(entry.transport == "tls" for entry in listen):
        faults.refuse(
            section.place_of("listen"),
            "listening over TLS needs a certificate",
            'add: tls_certificate = "….pem", tls_key = "….pem"',
        )
    section.close()
    address = advertised[0] if advertised else None
    if address is None:
        for entry in listen:
            if entry.host in _ANYWHERE:
                faults.refuse(
                    section.place_of("listen"),
                    f'"{entry}" is every address of this machine, so nobody can be told which one to answer to',
                    "name one address, or set advertised_address",
                )
    return Sip(tuple(listen), domain or "", address, certificate, client_authority)


def read_media(section: Section, faults: Faults) -> Media:
    address: list[str] = []
    text = section.text("address", needed='"192.0.2.10"')
    if text is not None:
        _take(faults, Placed(text, section.place_of("address")), parse_host, address)
        _refuse_anywhere(faults, address, section.place_of("address"))
    first, last = _udp_ports(section, faults)
    given = section.texts("codecs", example='["PCMA", "PCMU"]')
    codecs = list(CODECS) if given is None else []
    for codec in given or ():
        if codec.value in CODECS:
            codecs.append(codec.value)
        elif codec.value.upper() in LATER_CODECS:
            faults.refuse(codec.place, f'codec "{codec.value}" is not available yet', f"use {' or '.join(CODECS)}")
        else:
            mend = suggestion(codec.value, CODECS, otherwise="")
            faults.refuse(codec.place, f'there is no codec "{codec.value}"', mend)
    if given is not None and not codecs and not given:
        faults.refuse(section.place_of("codecs"), "there is no codec in the list", f"add {CODECS[0]}")
    workers = section.whole("workers", low=1, high=1)
    section.close()
    return Media(address[0] if address else "", first, last, tuple(codecs), workers or 1)


def read_api(section: Section, faults: Faults) -> Api | None:
    listen: list[Address] = []
    example = "127.0.0.1:9710"
    text = section.text("listen", needed=f'"{example}"')
    if text is not None:
        _take(
            faults,
            Placed(text, section.place_of("listen")),
            lambda written: parse_address(written, example=example, is_any_port=True),
            listen,
        )
    section.close()
    return Api(listen[0]) if listen else None


def read_trunk(section: Section, faults: Faults, folder: Path) -> tuple[Trunk, list[Placed[str]]]:
    """A trunk, and the texts of its `accept_from` that can be read, each with its place, in the trunk's order."""
    places: list[Address | HostName] = []
    for text in section.texts("hosts", needed='["192.0.2.20:5060"]') or ():
        if _take(faults, text, parse_place, places):
            _refuse_anywhere(faults, [place.host for place in places[-1:] if isinstance(place, Address)], text.place)
    has_names = any(isinstance(place, HostName) for place in places)
    entries = section.node("hosts")
    if isinstance(entries, Array) and not entries.items:
        faults.refuse(section.place_of("hosts"), "there is no host to send calls to", 'add one: "192.0.2.20:5060"')
    accepted: list[AcceptFrom] = []
    written = section.texts("accept_from", example='["192.0.2.20"]') or ()
    sources = [text for text in written if _take(faults, text, parse_accept_from, accepted)]
    caller_id = read_caller_id(section, "caller_id", faults)
    credentials = _credentials(section, faults)
    register = _register(section, faults)
    if register is not None and not any(section.has(key) for key in CREDENTIAL_KEYS):
        faults.refuse(
            section.place_of("register"),
            "a trunk that registers needs user, password and realm",
            "write them as the carrier told them",
        )
    qualify_s = section.number("qualify_s", low=QUALIFY_S_MIN, high=QUALIFY_S_MAX) or 0
    country = section.text("country", example="+46")
    if country is not None and not COUNTRY.fullmatch(country):
        faults.refuse(section.place_of("country"), f'"{country}" is no country code', 'write it like "+46"')
    form = section.choice("number_form", get_args(NumberForm), default="+")
    if form == "national" and country is None:
        faults.refuse(section.place_of("number_form"), "national numbers need a country", 'add: country = "+46"')
    calls_max = section.whole("calls_max", low=1, high=CALLS_MAX_MAX)
    emergency = section.flag("emergency", default=True)
    emergency_caller_id = read_caller_id(section, "emergency_caller_id", faults)
    asks_transport = section.has("transport")
    transport = cast("ListenTransport", section.choice("transport", get_args(ListenTransport), default="udp"))
    authority = read_authority(section, faults, folder)
    certificate_name = section.text("tls_name", example="sip.carrier.example")
    trust_identity = section.flag("trust_identity", default=False)
    identity = section.choice("identity", get_args(IdentityHeader), default="from")
    diversion = section.choice("diversion", get_args(DiversionHeader), default="none")
    section.close()
    trunk = Trunk(
        tuple(place for place in places if isinstance(place, Address)), tuple(accepted), caller_id, credentials,
        register, qualify_s, country, cast("NumberForm", form), calls_max, emergency, emergency_caller_id,
        trust_identity, cast("IdentityHeader", identity), cast("DiversionHeader", diversion),
        transport, authority, certificate_name,
        tuple(places) if has_names else (), transport if asks_transport or not has_names else None,
    )  # fmt: skip
    return trunk, sources


def _register(section: Section, faults: Faults) -> SipUri | None:
    """The address of record at a carrier that wants to be registered with."""
    text = section.text("register", example="office@carrier.example")
    if text is None:
        return None
    try:
        address = SipUri.parse(f"sip:{text}")
    except MalformedMessage:
        address = None
    if address is None or not address.user or address.params or address.headers:
        faults.refuse(section.place_of("register"), f'"{text}" is no address', 'write it like "office@carrier.example"')
        return None
    return address


def _credentials(section: Section, faults: Faults) -> Credentials | None:
    """`user`, `password` and `realm` of a carrier that challenges our calls: all of them, or none."""
    given = {key: section.text(key) for key in CREDENTIAL_KEYS}
    missing = [key for key in CREDENTIAL_KEYS if given[key] is None]
    if len(missing) == len(CREDENTIAL_KEYS):
        return None
    for key in missing:
        there = next(known for known in CREDENTIAL_KEYS if known not in missing)
        faults.refuse(
            section.place_of(there),
            f"a trunk with {there} needs {key} too",
            f'write {key} = "…" as the carrier told it',
        )
    return Credentials(given["user"] or "", given["password"] or "", given["realm"] or "")


def absolute(folder: Path, text: str) -> Path:
    """A path of the configuration: relative ones are relative to its folder."""
    return Path(os.path.abspath(folder / text))  # noqa: PTH100  # without following links, unlike Path.resolve


def unwritable(folder: Path) -> str | None:
    """Why a folder cannot be made or written to, None when it can."""
    try:
        for there in (folder, *folder.parents):
            if there.is_dir():
                if os.access(there, os.W_OK | os.X_OK):
                    return None
                return f"the folder {there} may not be written to"
            if there.exists() or there.is_symlink():
                return f"{there} is there, and is no folder"
    except OSError as error:
        return f"{folder} cannot be a folder: {error.strerror}"
    return f"{folder} cannot be made"


def is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _udp_ports(section: Section, faults: Faults) -> tuple[int, int]:
    example = '"20000-20999"'
    text = section.text("udp_ports", needed=example)
    place = section.place_of("udp_ports")
    if text is None:
        return 0, 0
    match = _RANGE.fullmatch(text)
    if match is None:
        faults.refuse(place, f'"{text}" is no range of ports', f"write it like {example}")
        return 0, 0
    first, last = int(match.group(1)), int(match.group(2))
    if first > last:
        faults.refuse(place, f'the range "{text}" is the wrong way round', f'did you mean "{last}-{first}"?')
    elif first < UDP_PORT_MIN or last > UDP_PORT_MAX:
        faults.refuse(
            place,
            f'the range "{text}" goes outside {UDP_PORT_MIN} to {UDP_PORT_MAX}',
            f"stay between UDP_PORT_MIN = {UDP_PORT_MIN} and UDP_PORT_MAX = {UDP_PORT_MAX}",
        )
    elif first % 2:
        faults.refuse(place, f"{first} is odd, and a leg takes an even port", f'did you mean "{first + 1}-{last}"?')
    else:
        return first, last
    return 0, 0


def _take(faults: Faults, text: Placed[str], parse: Callable[[str], T], into: list[T]) -> bool:
    try:
        into.append(parse(text.value))
    except BadAddress as error:
        faults.refuse(text.place, error.what, error.mend)
        return False
    return True


def _refuse_anywhere(faults: Faults, hosts: list[str], place: Place) -> None:
    for host in hosts:
        if host in _ANYWHERE:
            faults.refuse(place, f'nobody can send to "{host}"', "write the address of one machine")
