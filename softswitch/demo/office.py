"""The office that the demo runs with: two phones, two agents, one carrier, on free loopback ports.

It is written as text, like an admin would write it, so that a newcomer can open the folder afterwards and read what the
demo did.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

NUMBER: Final = "+46850010000"
MOBILE: Final = "+46701234567"
DOMAIN: Final = "office.example"
PASSWORDS: Final = {"101": "anna-demo-7yQ2", "102": "bo-demo-Kx81"}

_TEXT: Final = """\
[node]
name = "demo"
data_dir = "var"
language = "{language}"
timezone = "Europe/Stockholm"

[sip]
listen = ["udp:127.0.0.1:0"]
domain = "{domain}"

[media]
address = "127.0.0.1"
udp_ports = "{udp_first}-{udp_last}"
codecs = ["PCMA", "PCMU"]

[api]
listen = "127.0.0.1:0"

[trunk.carrier]
hosts = ["127.0.0.1:{carrier_port}"]
accept_from = ["127.0.0.1:{carrier_port}"{callers}]
caller_id = "{number}"

[phone.101]
name = "Anna, desk"
password = "{password_101}"

[phone.102]
name = "Bo, desk"
password = "{password_102}"

[agent.anna]
name = "Anna Berg"
answers_at = ["phone:101"]
ready_at_start = true

[agent.bo]
name = "Bo Ek"
answers_at = ["phone:102", {{ to = "number:{mobile}", confirm = true }}]
ready_at_start = true

[queue.support]
name = "Support"
agents = ["anna", "bo"]
strategy = "longest-idle"
welcome = "welcome"
music = "music/calm"
announce_position_every_s = 30
ring_s = 20
wrap_up_s = 3
no_answer = "pause"
max_wait_s = 300
max_waiting = 10
overflow_to = "say:queue-full"
service_level = {{ share = 0.8, within_s = 20 }}
record = "always"
keys = {{ "1" = "callback" }}
callback = {{ may_call = ["+46"], tries = 3, pause_s = 60 }}

[number."{number}"]
to = "queue:support"
"""


def write_office(
    folder: Path, *, language: str, carrier_port: int, caller_ports: list[int], udp_first: int, udp_last: int
) -> None:
    """Writes `office.toml` into the folder. The callers' ports belong to the carrier too."""
    callers = "".join(f', "127.0.0.1:{port}"' for port in caller_ports)
    text = _TEXT.format(
        domain=DOMAIN,
        language=language,
        number=NUMBER,
        mobile=MOBILE,
        carrier_port=carrier_port,
        callers=callers,
        udp_first=udp_first,
        udp_last=udp_last,
        password_101=PASSWORDS["101"],
        password_102=PASSWORDS["102"],
    )
    (folder / "office.toml").write_text(text, encoding="utf-8")
