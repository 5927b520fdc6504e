"""The variables of an environment: which files, in which order, and a digest that tells when they changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.provisioning.surroundings import VARIABLE_PREFIX

_NAME: Final = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Variables:
    """What is passed to `plan` and `import`; a later file wins."""

    files: tuple[Path, ...]
    digest: str
    """Over every value from outside of the configuration: files, TF_VAR_* and --var."""


def collect_variables(
    *,
    defaults: Sequence[Path],
    files: Sequence[Path],
    values: Sequence[str],
    keep_values_in: Path,
    environ: Mapping[str, str],
    automatic: Sequence[Path] = (),
    kept_values: Path | None = None,
) -> Variables:
    """`defaults` that exist, then `files`, then `values` (NAME=VALUE), which are written to a file of mode
    0600.

    `automatic` are the files that Terraform reads by itself: they only count for the digest. `kept_values`
    is the file of an earlier call, in the place of `values`.
    Raises NotFound for a file of `files` that is missing, InvalidInput for a value without a name.
    """
    for file in files:
        if not file.is_file():
            raise NotFound(f"The variable file {file} does not exist.", hint="Correct --var-file.")
    chosen = [path.resolve() for path in (*defaults, *files) if path.is_file()]
    digest = hashlib.sha256()
    for path in (*automatic, *chosen):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in sorted(name for name in environ if name.startswith(VARIABLE_PREFIX)):
        digest.update(f"{name}={environ[name]}\0".encode())
    if kept_values is not None:
        digest.update(kept_values.read_bytes() if kept_values.is_file() else b"")
        chosen.append(kept_values)
    elif values:
        text = "".join(_assignment(value) for value in values)
        digest.update(text.encode())
        keep_values_in.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(keep_values_in, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
            kept.write(text)
        chosen.append(keep_values_in)
    return Variables(tuple(chosen), digest.hexdigest())


def _assignment(value: str) -> str:
    """One line of a .tfvars: lists and maps are expressions, everything else is a string that Terraform
    converts.
    """
    name, equals, given = value.partition("=")
    name = name.strip()
    if not equals or not _NAME.fullmatch(name):
        raise InvalidInput(f"--var {name or value!r} is not NAME=VALUE.", field="--var")
    given = given.strip() if given.strip()[:1] in ("[", "{") else given
    if given[:1] in ("[", "{") or given == "null":
        return f"{name} = {given}\n"
    quoted = json.dumps(given, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return f"{name} = {quoted}\n"
