"""May this call leave the house? THE policy, one pure function that every way out asks.

A telephone number that costs money is dialled for somebody: the phone whose user dialled it or gives a caller on, the
agent whose mobile is rung, the queue that calls back or sends a caller on, or the office itself (its numbers' entries
and the people in charge of it). This is the principal, and `may_leave` answers for it with the trunks that may carry
the call, or with why none may.

It goes by rules about what a number begins with, of which the longest that fits counts; of equal length, the
principal's own before the office's, those before the ones known here, and of the same owner the one that denies.
Nothing leaves that no rule allows, so an office that says nothing of outside numbers has no way out. A number that the
configuration spells out is a rule too, the longest there can be. Known here are ranges that cost a caller far more
than a call: premium rates, and satellite and other networks of no country. Whoever wants to be able to call one allows
it by as long a prefix (`+46900`, `+881`).

Caps on how many calls of a principal are out at once keep a stolen password cheap. They count the legs that are up, so
there is nothing to forget; what a trunk can carry at most is the trunks' to say, when it is chosen.

An emergency number (RFC 5031 speaks of its kind as services; here it is what people dial) dialled by a phone of the
house leaves always: no rule, no cap and no drain stops it, and the trunks are tried one after the other whatever is
known of them. It is matched exactly, alone or behind what people put before outside numbers and home numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from softswitch.domain.causes import Cause
from softswitch.domain.country_codes import country_code
from softswitch.domain.office import AgentPlan, Destination, Office, PhonePlan, QueuePlan, ToNumber

COSTLY: Final[tuple[tuple[str, str], ...]] = (
    ("+46900", "premium rate"),
    ("+46939", "premium rate"),
    ("+46944", "premium rate"),
    ("+4699", "premium rate"),
    ("+4470", "personal numbers"),
    ("+44871", "premium rate"),
    ("+44872", "premium rate"),
    ("+44873", "premium rate"),
    ("+449", "premium rate"),
    ("+1900", "premium rate"),
    ("+870", "satellite"),
    ("+878", "personal numbers"),
    ("+881", "satellite"),
    ("+882", "international networks"),
    ("+883", "international networks"),
    ("+979", "premium rate"),
)
"""Ranges that nobody calls by mistake twice: Sweden's 0900, 0939, 0944 and 099; the United Kingdom's 09, 070 and 0871
to 0873; 1-900; and the country codes that E.164 assigns to satellites, international networks, personal numbers and the
international premium rate."""

PrincipalKind: TypeAlias = Literal["phone", "agent", "queue", "office"]


class Principal(msgspec.Struct, frozen=True):
    """For whom a call leaves; the office itself has no name."""

    kind: PrincipalKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


OFFICE: Final = Principal("office")


class Allowed(msgspec.Struct, frozen=True):
    """It may leave by these trunks, in this order. `caller_id`: what is shown before the trunk's own."""

    trunks: tuple[str, ...]
    caller_id: str | None = None
    is_emergency: bool = False


class Denied(msgspec.Struct, frozen=True):
    """It may not, and why: NOT_ALLOWED with the rule, OUTGOING_FULL with the cap, UNREACHABLE without any trunk."""

    cause: Cause
    why: str


class _Rule(msgspec.Struct, frozen=True):
    """`rank` decides between rules of equal length."""

    prefix: str
    is_allowed: bool
    rank: int
    words: str


_KNOWN_HERE, _OFFICES, _OWN = 0, 1, 2


def may_leave(
    principal: Principal, number: str, office: Office, calls_out: Callable[[Principal], int]
) -> Allowed | Denied:
    """Whether this principal's call to this number may leave. `calls_out`: how many of a principal are out just now."""
    if principal.kind == "phone" and number in office.outgoing.emergency_numbers:
        return Allowed(_emergency_trunks(office), is_emergency=True)
    why = _why_denied(principal, number, office)
    if why is not None:
        return Denied(Cause.NOT_ALLOWED, why)
    cap = _cap(principal, office)
    if cap is not None and calls_out(principal) >= cap:
        return Denied(Cause.OUTGOING_FULL, f"{principal} has calls_out_max = {cap} calls out already")
    if not office.trunks:
        return Denied(Cause.UNREACHABLE, "there is no trunk")
    return Allowed(tuple(office.trunks), caller_id=_caller_id(principal, office))


def may_ever_leave(principal: Principal, number: str, office: Office) -> bool:
    """Whether the rules allow it, however many calls are out: what can be promised or set beforehand."""
    return _why_denied(principal, number, office) is None


def emergency_number(office: Office, dialled: str) -> str | None:
    """The emergency number that is meant by what was dialled, None for any other and where no trunk could carry it.

    It may stand behind the country of the office (`+46112`, `0046112`), or, where that is no name of the house, behind
    an outside-line prefix, a trunk prefix (0), or both.
    """
    outgoing = office.outgoing
    if not _emergency_trunks(office):
        return None
    if dialled in outgoing.emergency_numbers:
        return dialled
    is_name = any(dialled in names for names in (office.numbers, office.phones, office.agents, office.queues))
    before = ("", *outgoing.outside_prefixes)
    for number in outgoing.emergency_numbers:
        for country in home_countries(office):
            if dialled in (f"{country}{number}", f"00{country[1:]}{number}", f"{country[1:]}{number}"):
                return number
        if not is_name and any(dialled in (f"{prefix}{number}", f"{prefix}0{number}") for prefix in before):
            return number
    return None


def is_emergency_call(office: Office, destination: Destination) -> bool:
    """Whether somebody calls for help there."""
    return isinstance(destination, ToNumber) and destination.number in office.outgoing.emergency_numbers


def home_countries(office: Office) -> tuple[str, ...]:
    """The country codes that the office is at home in: those of its numbers, its trunks and what they show."""
    known = [trunk.country or trunk.caller_id or "" for trunk in office.trunks.values()]
    return tuple(dict.fromkeys(country_code(each) for each in (*known, *office.numbers) if each.startswith("+")))


def _why_denied(principal: Principal, number: str, office: Office) -> str | None:
    fitting = [rule for rule in _rules(principal, office) if number.startswith(rule.prefix)]
    if not fitting:
        return f"no rule of {principal} allows {number}"
    best = max(fitting, key=lambda rule: (len(rule.prefix), rule.rank, not rule.is_allowed))
    return None if best.is_allowed else f"{best.prefix} is denied: {best.words}"


def _rules(principal: Principal, office: Office) -> Iterator[_Rule]:
    for prefix, words in COSTLY:
        yield _Rule(prefix, is_allowed=False, rank=_KNOWN_HERE, words=words)
    yield from _listed(office.outgoing.deny, "[outgoing] deny", _OFFICES, is_allowed=False)
    allowed, denied = _own(principal, office)
    yield from _listed(allowed, f"allowed to {principal}", _OWN, is_allowed=True)
    yield from _listed(denied, f"denied to {principal}", _OWN, is_allowed=False)


def _listed(prefixes: Iterable[str], words: str, rank: int, *, is_allowed: bool) -> Iterator[_Rule]:
    for prefix in prefixes:
        if prefix.startswith("+"):
            yield _Rule(prefix, is_allowed, rank, words)


def _own(principal: Principal, office: Office) -> tuple[Iterable[str], Iterable[str]]:
    """What a principal's own entries allow and deny."""
    match _plan(principal, office):
        case PhonePlan(may_dial=may_dial, may_not_dial=may_not_dial):
            return may_dial, may_not_dial
        case AgentPlan() as agent:
            hers = [device.to.number for device in agent.answers_at if isinstance(device.to, ToNumber)]
            return (*_home(office), *agent.may_answer_at, *hers), ()
        case QueuePlan() as queue:
            may_call = () if queue.callback is None else queue.callback.may_call
            return (*may_call, *_numbers_in(_destinations(queue))), ()
        case Office():
            return (*_home(office), *_numbers_in(office.numbers.values())), ()
        case None:
            return (), ()


def _home(office: Office) -> tuple[str, ...]:
    """Where agents and people in charge may have callers given on to."""
    allow = office.outgoing.allow
    return home_countries(office) if allow is None else allow


def _plan(principal: Principal, office: Office) -> PhonePlan | AgentPlan | QueuePlan | Office | None:
    match principal.kind:
        case "phone":
            return office.phones.get(principal.name)
        case "agent":
            return office.agents.get(principal.name)
        case "queue":
            return office.queues.get(principal.name)
        case "office":
            return office


def _cap(principal: Principal, office: Office) -> int | None:
    plan = _plan(principal, office)
    return plan.calls_out_max if isinstance(plan, PhonePlan | AgentPlan) else None


def _caller_id(principal: Principal, office: Office) -> str | None:
    plan = _plan(principal, office)
    return plan.caller_id if isinstance(plan, PhonePlan | AgentPlan | QueuePlan) else None


def _destinations(queue: QueuePlan) -> tuple[Destination, ...]:
    return queue.overflow_to, queue.closed_to, *(step.to for step in queue.overflow), *queue.keys.values()


def _numbers_in(destinations: Iterable[Destination]) -> Iterator[str]:
    return (to.number for to in destinations if isinstance(to, ToNumber))


def _emergency_trunks(office: Office) -> tuple[str, ...]:
    return tuple(name for name, trunk in office.trunks.items() if trunk.carries_emergency)
