"""What can be read from a root module without running Terraform: enough to prepare a run, not a parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

_HEAD: Final = re.compile(r'^\s*(\w+)((?:\s+"[^"]*")*)\s*\{')
_PROTECTED: Final = re.compile(r"^\s*prevent_destroy\s*=\s*true\b", re.MULTILINE)
_BACKEND: Final = re.compile(r'^\s*(?:backend\s+"([a-z]+)"|(cloud))\s*\{', re.MULTILINE)
_REQUIRED: Final = re.compile(r'^\s*required_version\s*=\s*"([^"]+)"', re.MULTILINE)
_SENSITIVE: Final = re.compile(r"^\s*sensitive\s*=", re.MULTILINE)
_NOT_SENSITIVE: Final = re.compile(r"^\s*sensitive\s*=\s*false\b", re.MULTILINE)
_MODULE: Final = re.compile(r'^\s*source\s*=\s*"(\.\./[^"]*)"', re.MULTILINE)
_COMMENT: Final = re.compile(r"^\s*(#|//).*$", re.MULTILINE)


@dataclass(frozen=True)
class Configuration:
    """The *.tf of one folder."""

    folder: Path

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """In the order in which Terraform merges them: overrides last."""
        found = sorted(self.folder.glob("*.tf"))
        return tuple(
            sorted(found, key=lambda file: file.stem == "override" or file.stem.endswith("_override"))
        )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Their texts, without the lines that are comments."""
        return tuple(
            _COMMENT.sub("", file.read_text(encoding="utf-8", errors="replace")) for file in self.files
        )

    @property
    def backend(self) -> str:
        """The kind of its backend; `local` where none is declared."""
        kinds = [match[1] or match[2] for text in self.texts for match in _BACKEND.finditer(text)]
        return kinds[-1] if kinds else "local"

    @property
    def required_versions(self) -> tuple[str, ...]:
        """Its constraints on Terraform."""
        return tuple(match[1] for text in self.texts for match in _REQUIRED.finditer(text))

    @property
    def protected(self) -> tuple[str, ...]:
        """The addresses of resources with `prevent_destroy = true`."""
        return tuple(
            ".".join(labels)
            for text in self.texts
            for kind, labels, body in blocks(text)
            if kind == "resource" and _PROTECTED.search(body)
        )

    @property
    def is_all_hcl(self) -> bool:
        """False where some of it is written in JSON, which is not read here."""
        return not any(self.folder.glob("*.tf.json"))

    @property
    def sensitive_variables(self) -> frozenset[str]:
        """The variables that are declared to be secret."""
        return frozenset(
            labels[0]
            for text in self.texts
            for kind, labels, body in blocks(text)
            if kind == "variable" and labels and not _NOT_SENSITIVE.search(body) and _SENSITIVE.search(body)
        )

    @property
    def setup(self) -> tuple[str, ...]:
        """The blocks that `terraform init` looks at."""
        return tuple(
            body for text in self.texts for kind, _, body in blocks(text) if kind in ("terraform", "module")
        )

    @property
    def reaches_outside(self) -> bool:
        """True where a module is taken from outside of the folder: a copy elsewhere would not find it."""
        return any(_MODULE.search(text) for text in self.texts)


def blocks(text: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Kind, labels and text of each top-level block; a block reaches to the line that closes it."""
    head: re.Match[str] | None = None
    depth = 0
    body: list[str] = []
    for line in text.splitlines():
        if head is None:
            head, depth, body = _HEAD.match(line), 0, []
            if head is None:
                continue
        body.append(line)
        code = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        depth += code.count("{") - code.count("}")
        if depth <= 0:
            yield head[1], tuple(re.findall(r'"([^"]*)"', head[2])), "\n".join(body)
            head = None
