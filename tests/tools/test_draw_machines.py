"""The drawn machines are those that run."""

from sip_stack.transaction_tables import Action
from tools.draw_machines import MACHINES, PAGE, page


def test_the_page_is_drawn_from_the_tables_as_they_are_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tools.draw_machines"


def test_every_cell_in_which_something_happens_has_an_arrow() -> None:
    arrows = page().count(" --> ")
    happens = [
        cell
        for _, _, table, _ in MACHINES
        for (state, _), cell in table.items()
        if cell[0] is not Action.IGNORE or cell[1] is not state
    ]
    assert arrows == len(happens) + len(MACHINES), "and one into each machine"
