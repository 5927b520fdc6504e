"""Reads the top-level blocks of formatted HCL: enough to list variables, outputs and resources, not a parser.

It relies on what `terraform fmt` guarantees: a block begins and ends in the first column, its own arguments
stand two spaces in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

_HEAD = re.compile(r'^(\w+)((?:\s+"[^"]*")*)\s*\{(\s*\})?$')
_ARGUMENT = re.compile(r"^  (\w+)\s*=\s*(.*)$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HEREDOC = re.compile(r"<<[-~]?(\w+)$")


@dataclass(frozen=True)
class Block:
    """One top-level block: its kind, its labels and its lines."""

    file: str
    kind: str
    labels: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def address(self) -> str:
        """`azurerm_subnet.this` for a resource, `var.location` for a variable."""
        return ".".join(self.labels)

    @property
    def text(self) -> str:
        """What stands between its braces."""
        return "\n".join(self.lines)

    def argument(self, name: str) -> str | None:
        """The source of one of its arguments, heredocs and quotes taken off; None where not given."""
        for position, line in enumerate(self.lines):
            found = _ARGUMENT.match(line)
            if found and found[1] == name:
                return self._value(found[2], self.lines[position + 1 :])
        return None

    def says(self, pattern: str) -> bool:
        """Say whether one of its lines, comments aside, is as the pattern says."""
        return any(re.fullmatch(pattern, line.partition("#")[0].strip()) for line in self.lines)

    def _value(self, first: str, following: tuple[str, ...]) -> str:
        if heredoc := _HEREDOC.search(first):
            ends = next(i for i, line in enumerate(following) if line.strip() == heredoc[1])
            return dedent("\n".join(following[:ends])).strip()
        if quoted := _STRING.fullmatch(first):
            return quoted[1].replace('\\"', '"')
        if first.count("{") + first.count("[") + first.count("(") == sum(map(first.count, "}])")):
            return first
        ends = next(i for i, line in enumerate(following) if re.match(r"^  [}\])]", line))
        return "\n".join([first, *(line[2:] for line in following[: ends + 1])])


def blocks(folder: Path, kind: str | None = None) -> Iterator[Block]:
    """The blocks of a folder's *.tf, in the order of files and lines."""
    for file in sorted(folder.glob("*.tf")):
        for block in _blocks_of(file):
            if kind in (None, block.kind):
                yield block


def _blocks_of(file: Path) -> Iterator[Block]:
    head: re.Match[str] | None = None
    inside: list[str] = []
    for line in file.read_text().splitlines():
        if head is None:
            head = _HEAD.match(line)
            inside = []
            if head is None or not head[3]:
                continue
        elif line != "}":
            inside.append(line)
            continue
        yield Block(file.name, head[1], tuple(re.findall(r'"([^"]*)"', head[2])), tuple(inside))
        head = None
