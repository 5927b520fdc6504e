"""The Azure that the stand-in pretends to manage: a folder of JSON files that outlives each command."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Resource:
    """One thing that exists: its type, its id, and all its attributes as Terraform knows them."""

    type: str
    id: str
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """The name that Azure knows it by."""
        return str(self.state.get("name") or self.id.rpartition("/")[2])

    def matches(self, pattern: str) -> bool:
        """Say whether a pattern means it: a type, `type.name` with * and ?, or an id."""
        return (
            pattern == self.id
            or fnmatchcase(self.type, pattern)
            or fnmatchcase(f"{self.type}.{self.name}", pattern)
        )


class Cloud:
    """What exists, by type and id. Tests read it, and change it behind Terraform's back."""

    def __init__(self, folder: Path) -> None:
        self._resources = folder / "resources"
        self._journal = folder / "journal.jsonl"
        self._resources.mkdir(parents=True, exist_ok=True)

    def resources(self, pattern: str = "*") -> list[Resource]:
        """Everything that exists and matches, in order of its ids."""
        found = (self._read(file) for file in self._resources.glob("*.json"))
        return sorted(
            (one for one in found if one and one.matches(pattern)), key=lambda one: (one.id, one.type)
        )

    def find(self, type_name: str, identity: str) -> Resource | None:
        """The resource of that type and id, or None."""
        return self._read(self._file(type_name, identity))

    def put(self, resource: Resource) -> None:
        """Create or replace."""
        file = self._file(resource.type, resource.id)
        beside = file.with_suffix(f".{os.getpid()}.new")
        beside.write_text(
            json.dumps({"type": resource.type, "id": resource.id, "state": resource.state}, indent=1)
        )
        beside.replace(file)

    def delete(self, type_name: str, identity: str) -> None:
        """Take away; what is not there is gone already."""
        self._file(type_name, identity).unlink(missing_ok=True)

    def change(self, pattern: str, **attributes: Any) -> int:
        """Set attributes of what matches, as somebody in the portal would; returns how many changed."""
        found = self.resources(pattern)
        for one in found:
            self.put(Resource(one.type, one.id, one.state | attributes))
        return len(found)

    def record(self, event: str, type_name: str, identity: str) -> None:
        """Write down that an operation began or ended."""
        line = {"at": round(time.time(), 3), "event": event, "type": type_name, "id": identity}
        with self._journal.open("a") as journal:
            journal.write(json.dumps(line) + "\n")

    def events(self) -> Iterator[dict[str, Any]]:
        """What was asked of this Azure, oldest first."""
        if self._journal.exists():
            for line in self._journal.read_text().splitlines():
                yield json.loads(line)

    def _file(self, type_name: str, identity: str) -> Path:
        digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
        return self._resources / f"{type_name}.{digest}.json"

    def _read(self, file: Path) -> Resource | None:
        try:
            return Resource(**json.loads(file.read_text()))
        except FileNotFoundError:
            return None
