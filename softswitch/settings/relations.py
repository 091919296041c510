"""What can only be seen of a configuration as a whole: things that are right alone and wrong together.

Each check takes the values and the places they came from. What would fail on a call, or keep the switch from starting,
is refused; what works but is hardly meant becomes a warning that `check` prints. Here stand those of the machine and of
what is dialled; those of queues are `queue_relations`, those of people and mailboxes `people_relations`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from itertools import combinations
from typing import Final

from softswitch.domain.strategies import RING_ALL_MAX
from softswitch.settings.faults import Faults
from softswitch.settings.model import AcceptFrom
from softswitch.settings.outgoing import check_emergency
from softswitch.settings.people_relations import check_people
from softswitch.settings.queue_relations import check_queues
from softswitch.settings.whole import Whole

_DIAL_ORDER: Final = ("number", "phone", "agent", "queue")


def check_together(whole: Whole, faults: Faults) -> None:
    """All checks, in no order that matters."""
    _check_listening(whole, faults)
    _check_udp_ports(whole, faults)
    _check_trunk_hosts(whole, faults)
    _check_sources(whole, faults)
    check_queues(whole, faults)
    check_people(whole, faults)
    check_emergency(whole, faults)
    _warn_of_dialling(whole, faults)


def _check_listening(whole: Whole, faults: Faults) -> None:
    claimed = [(entry.transport, entry.host, entry.port, str(entry)) for entry in whole.sip.listen]
    place = whole.place("sip", "listen") if claimed else None
    if whole.api is not None:
        listen = whole.api.listen
        for transport, host, port, name in claimed:
            if transport == "tcp" and port == listen.port != 0 and _share(host, listen.host):
                faults.refuse(
                    whole.place("api", "listen"), f"{listen} is taken by [sip] listen {name}", "choose another port"
                )
    for first, second in combinations(claimed, 2):
        if place is not None and first[0] == second[0] and first[2] == second[2] != 0 and _share(first[1], second[1]):
            if first[1] == second[1]:
                continue
            faults.refuse(place, f"{first[3]} and {second[3]} cannot both be listened on", "keep one of them")


def _check_udp_ports(whole: Whole, faults: Faults) -> None:
    media = whole.media
    if not media.udp_last:
        return
    place = whole.place("media", "udp_ports")
    for entry in whole.sip.listen:
        is_inside = entry.transport == "udp" and media.udp_first <= entry.port <= media.udp_last
        if is_inside and media.address and _share(entry.host, media.address):
            faults.refuse(place, f"the range holds the port of [sip] listen {entry}", "choose another range")
    legs = (media.udp_last - media.udp_first) // 2 + 1
    busiest = _most_that_ring(whole)
    if legs < 1 + busiest:
        faults.refuse(
            place,
            f"{legs} even ports are too few for one call: a caller and {busiest} telephones that ring together",
            f"make the range at least {2 * (1 + busiest)} ports long",
        )
    is_public = any(not _is_loopback(entry.host) for entry in whole.sip.listen)
    if media.address and _is_loopback(media.address) and is_public:
        faults.warn(
            whole.place("media", "address"),
            f"calls come from outside, and their sound is sent to {media.address}, which is this machine only",
            "write the address that callers reach",
        )


def _most_that_ring(whole: Whole) -> int:
    """How many telephones one caller can let ring together: an agent's, or under ring-all those of many."""
    devices = {name: len(agent.answers_at) for name, agent in whole.agents.items()}
    most = max(devices.values(), default=1)
    for queue in whole.queues.values():
        if queue.strategy == "ring-all":
            counts = sorted((devices.get(agent, 0) for agent in queue.agents), reverse=True)
            most = max(most, sum(counts[:RING_ALL_MAX]))
    return max(1, most)


def _check_trunk_hosts(whole: Whole, faults: Faults) -> None:
    """Calls to a trunk go out from an address that we listen on, by the trunk's transport."""
    for name, trunk in whole.trunks.items():
        ours = [entry for entry in whole.sip.listen if entry.transport == trunk.transport]
        place = whole.place("trunk", name, "hosts")
        if trunk.names and trunk.asked_transport is not None and whole.sip.listen and not ours:
            faults.refuse(
                place,
                f"{trunk.names[0]} cannot be reached: [sip] does not listen by {trunk.transport}",
                "add such an address to [sip] listen, or change the transport",
            )
        for host in trunk.hosts:
            fitting = [entry for entry in ours if (":" in entry.host) == (":" in host.host)]
            if whole.sip.listen and not fitting:
                family = "IPv6" if ":" in host.host else "IPv4"
                faults.refuse(
                    place,
                    f"{host} cannot be reached: [sip] listens on no {family} address by {trunk.transport}",
                    "add one to [sip] listen, or change the host",
                )
            elif fitting and not _is_loopback(host.host) and all(_is_loopback(entry.host) for entry in fitting):
                faults.refuse(
                    place,
                    f"{host} cannot be reached from {fitting[0]}, which is this machine only",
                    "listen on an address of the network, or change the host",
                )
            if any(entry.port == host.port and _share(entry.host, host.host) for entry in ours):
                faults.refuse(place, f"{host} is this switch itself", "write the address of the carrier")


def _check_sources(whole: Whole, faults: Faults) -> None:
    for (one, first, first_place), (other, second, place) in combinations(whole.sources, 2):
        if one == other or not _overlap(first, second):
            continue
        if first == second:
            faults.refuse(
                place,
                f"{second} is already accepted for trunk {one}, at {first_place}",
                "tell the two apart by address or port, or make them one trunk",
            )
        else:
            faults.warn(
                place, f"{second} overlaps with {first} of trunk {one}, at {first_place}", f"{one} comes first and wins"
            )


def _warn_of_dialling(whole: Whole, faults: Faults) -> None:
    names: Mapping[str, Mapping[str, object]] = {
        "number": whole.numbers,
        "phone": whole.phones,
        "agent": whole.agents,
        "queue": whole.queues,
    }
    for first, second in combinations(_DIAL_ORDER, 2):
        for name in names[second]:
            if name in names[first]:
                faults.warn(
                    whole.place(second, name),
                    f"phones that dial {name} reach the {first} of this name, not the {second}",
                    "give one of them another name",
                )
    if whole.numbers and not whole.trunks:
        first = next(iter(whole.numbers))
        faults.warn(
            whole.place("number", first), "there is no trunk, so only phones here can dial the numbers", "add a trunk"
        )
    for name, phone in whole.phones.items():
        if not whole.trunks and any(entry.startswith("+") for entry in phone.may_dial):
            faults.warn(
                whole.place("phone", name, "may_dial"), "there is no trunk to dial outside numbers by", "add a trunk"
            )


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback


def _share(one: str, other: str) -> bool:
    """Whether two hosts to listen on have an address in common."""
    if (":" in one) != (":" in other):
        return False
    return one == other or any(ipaddress.ip_address(host).is_unspecified for host in (one, other))


def _overlap(one: AcceptFrom, other: AcceptFrom) -> bool:
    if one.network.version != other.network.version:
        return False
    is_same_port = one.port is None or other.port is None or one.port == other.port
    return is_same_port and (one.network.overlaps(other.network))
