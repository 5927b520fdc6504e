"""The README's picture: what two commands show in the running environment `local`, as SVG.

Run after `make demo`:  python -m tests.docs.picture
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.theme import Theme

from anomalyctl.cli import console
from anomalyctl.cli.views.anomalies import anomalies_table, anomaly_document
from anomalyctl.operations.anomalies.listing import Filter, list_anomalies
from anomalyctl.operations.anomalies.showing import show_anomaly
from anomalyctl.operations.connecting import connect

PICTURE = Path(__file__).parents[2] / ".github" / "picture.svg"
_COLUMNS = 112


def main() -> None:
    """Record both commands and write the picture."""
    store, now = connect("local").anomalies, datetime.now(UTC)
    recorder = Console(
        record=True,
        width=_COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        highlight=False,
        theme=Theme(console.STYLES),
    )
    recorder.print("[dim]$[/dim] anomalyctl anomalies list")
    recorder.print(anomalies_table(list_anomalies(store, Filter(), now=now)))
    recorder.print("\n[dim]$[/dim] anomalyctl anomalies show @worst")
    recorder.print(anomaly_document(show_anomaly(store, "@worst", now=now)))
    # The reader's own monospaced font: a picture must not fetch anything.
    picture = re.sub(r"@font-face \{.*?\}", "", recorder.export_svg(title="anomalyctl"), flags=re.DOTALL)
    PICTURE.write_text(picture)


if __name__ == "__main__":
    main()
