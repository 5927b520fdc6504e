"""The examination of this machine, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from anomalyctl.operations.doctor import Examination

_SIGNS: Final = {
    "ok": "[good](✓) ok[/good]",
    "warning": "[warning](!) warning[/warning]",
    "failed": "[bad](x) failed[/bad]",
}


def doctor_table(examination: Examination) -> Table:
    """One row a check, the next step where there is one."""
    table = Table(box=None, pad_edge=False)
    for heading in ("check", "", "found", "next step"):
        table.add_column(heading, overflow="fold")
    for check in examination.checks:
        table.add_row(check.name, _SIGNS[check.outcome], escape(check.found), escape(check.mend))
    return table
