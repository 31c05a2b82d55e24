"""docs/faults.md: its list is the table of faults, and what it says of each client is what happens."""

from __future__ import annotations

import fault_table
import pytest
from helpers.slow import slow_after

from woox_fast.sandbox import FAULTS


@pytest.mark.parametrize("row", slow_after(3, fault_table.RULES))
def test_what_the_clients_show_is_what_stands_there(row: str) -> None:
    rule = fault_table.RULES[row]
    assert fault_table.table_row(row) == fault_table.written()[rule], "write it again: python tools/fault_table.py"


def test_every_fault_is_there_in_words_and_in_a_row() -> None:
    assert {rule.split()[0] for rule in fault_table.RULES.values()} == FAULTS.keys()
    assert fault_table.written().keys() == set(fault_table.RULES.values())
    text = fault_table.DOCUMENT.read_text("utf-8")
    for line in (*fault_table.faults_list(), *fault_table.table_head()):
        assert f"\n{line}\n" in text
