"""The demo's exchange: every telephone behind it has its own calls, from the first request to the last."""

from __future__ import annotations

import asyncio
import socket

from sip_stack.flow import Address
from softswitch.demo.exchange import Exchange
from softswitch.demo.softphone import Behaviour, Softphone

NUMBERS = ("+46701234501", "+46701234502")


def test_a_call_reaches_the_number_that_is_dialled_and_either_end_can_end_it() -> None:
    told: list[str] = []

    async def play() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            place = Address(*probe.getsockname())
        caller = Softphone("caller", switch=place, domain="e.org", tell=told.append)
        behaviour = Behaviour(picks_up_after_s=0.02)
        phones = [
            Softphone(number, switch=caller.address, domain="e.org", behaviour=behaviour, tell=told.append)
            for number in NUMBERS
        ]
        exchange = Exchange(place.port, switch=caller.address, phones=phones)
        exchange.open()
        for phone in (caller, *phones):
            phone.open()
        try:
            for phone in phones:
                for first, second in ((caller, phone), (phone, caller)):
                    caller.call(phone.name)
                    async with asyncio.timeout(5):
                        while not (caller.talk and caller.talk.is_answered and phone.heard):
                            await asyncio.sleep(0.01)
                        first.hang_up()
                        await second.ended.wait()
                    phone.heard.clear()
        finally:
            for phone in (caller, *phones):
                await phone.close()
            exchange.close()

    asyncio.run(play())
    over = "hears that the other end hung up"
    assert told == [
        line
        for number in NUMBERS
        for line in (
            f"{number} rings:  <caller>", f"{number} picks up", "caller hangs up", f"{number} {over}",
            f"{number} rings:  <caller>", f"{number} picks up", f"{number} hangs up", f"caller {over}",
        )
    ]  # fmt: skip
