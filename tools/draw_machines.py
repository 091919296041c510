"""Draws the transaction machines from their tables, as `sip_stack/transactions.md`: `python -m tools.draw_machines`.

A page with a Mermaid state diagram for each machine, to be laid beside the figures of RFC 3261 §17 and RFC 6026. Cells
in which nothing happens are left out. A test holds the page to the tables, so it cannot tell of a machine that is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sip_stack.transaction_tables import CLIENT, INVITE_CLIENT, INVITE_SERVER, SERVER, Action, State, Table

PAGE: Final = Path(__file__).resolve().parent.parent / "sip_stack" / "transactions.md"

MACHINES: Final[tuple[tuple[str, str, Table, State], ...]] = (
    ("INVITE client", "RFC 3261 figure 5, RFC 6026 figure 4", INVITE_CLIENT, State.CALLING),
    ("Client", "RFC 3261 figure 6", CLIENT, State.TRYING),
    ("INVITE server", "RFC 3261 figure 7, RFC 6026 figure 3", INVITE_SERVER, State.PROCEEDING),
    ("Server", "RFC 3261 figure 8", SERVER, State.TRYING),
)

_HEAD: Final = """\
# The transaction machines

Drawn from `transaction_tables.py` by `python -m tools.draw_machines`; do not edit. An arrow says what is told and,
after the slash, what is done. `R_` came from the peer, `S_` is the user's wish, `T_` a timer. What is ignored is not
drawn.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(*machine) for machine in MACHINES)])


def _section(name: str, figure: str, table: Table, first: State) -> str:
    lines = [f"## {name}", "", f"{figure}.", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first.name}"]
    for (state, told), (action, following) in table.items():
        if action is not Action.IGNORE or following is not state:
            target = "[*]" if following is State.TERMINATED else following.name
            lines.append(f"    {state.name} --> {target}: {told.name} / {action.name}")
    return "\n".join([*lines, "```", ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
