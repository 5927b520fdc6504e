"""The reference of Terraform's variables and outputs in terraform/README.md, from the HCL itself.

`make docs` writes it; a test fails where it is out of date.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from tests.support.hcl_blocks import Block, blocks

TERRAFORM = Path(__file__).parents[2] / "terraform"
README = TERRAFORM / "README.md"
_NEXT = re.compile(r"(?<![{(\[,])\n\s*(?![})\]])")


def with_reference(readme: str, folder: Path = TERRAFORM) -> str:
    """The README with both tables written anew; one that has lost a pair of markers is refused."""
    for name, table in (("variables", variables(folder)), ("outputs", outputs(folder))):
        before, begin, rest = readme.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        assert end, f"terraform/README.md has lost its markers <!-- {name} -->"
        readme = f"{before}{begin}{table}{end}{after}"
    return readme


def variables(folder: Path = TERRAFORM) -> str:
    """A table for each file that declares variables, in the order of the files."""
    tables = []
    for file, declared in groupby(blocks(folder, "variable"), key=lambda block: block.file):
        rows = [f"`{file}`\n", "| variable | type | default | meaning |", "|---|---|---|---|"]
        rows += [
            f"| `{block.address}` | {_code(block.argument('type'))} | {_default(block)} | {_meaning(block)} |"
            for block in declared
        ]
        tables.append("\n".join(rows))
    return "\n\n".join(tables) + "\n"


def outputs(folder: Path = TERRAFORM) -> str:
    """One table of all outputs, by name."""
    rows = ["| output | secret | meaning |", "|---|---|---|"]
    for block in sorted(blocks(folder, "output"), key=lambda block: block.labels):
        secret = "yes" if block.argument("sensitive") == "true" else ""  # pragma: allowlist secret
        rows.append(f"| `{block.labels[0]}` | {secret} | {_meaning(block)} |")
    return "\n".join(rows) + "\n"


def _meaning(block: Block) -> str:
    return _cell(block.argument("description") or "")


def _default(block: Block) -> str:
    default = block.argument("default")
    return "required" if default is None else _code(default if default else '""')


def _code(source: str | None) -> str:
    """On one line, with the commas that lines of their own do without."""
    return f"`{_cell(_NEXT.sub(', ', source))}`" if source else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(with_reference(README.read_text()))
