"""The folder that Terraform runs in: a copy of ours with the backend beside it, so that nobody's tree is
written to.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from anomalyctl.errors import PreconditionFailed
from anomalyctl.provisioning.configuration import Configuration

_OVERRIDE: Final = "zz_unprotected_override.tf"
_BACKEND: Final = Path("environments") / "backend_override.tf"
_LEFT_OUT: Final = (".terraform", ".anomalyctl", "tests", "__pycache__", ".git")
_STATES: Final = ("terraform.tfstate", "terraform.tfstate.d")
_LOCK_FILE: Final = ".terraform.lock.hcl"
_MIRRORED: Final = (".tf", ".tfvars", ".json", ".hcl", ".tftpl", ".toml")


def refresh_copy(source: Path, copy: Path) -> None:
    """Make `copy` what `source` is now, with its backend override on top. Lock file and local states stay."""
    copy.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = {path.relative_to(source): path for path in _files(source)}
    if (source / _BACKEND).is_file():
        wanted[Path(_BACKEND.name)] = source / _BACKEND
    for present in list(_files(copy)):
        name = present.relative_to(copy)
        if name not in wanted and name.name != _LOCK_FILE and present.suffix in _MIRRORED:
            present.unlink(missing_ok=True)
    for name, path in wanted.items():
        target = copy / name
        if target.is_file() and target.read_bytes() == path.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{target.name}.{os.getpid()}.new")  # another deploy may refresh it, too
        shutil.copyfile(path, fresh)
        fresh.replace(target)


@contextlib.contextmanager
def without_protection(folder: Path, *, private: Path | None) -> Iterator[Path]:
    """A folder in which `prevent_destroy` is lifted by an override, for the block.

    `folder` itself where it is already a copy of ours (`private` is None), else a copy at `private` that
    shares the local state. Raises PreconditionFailed where a copy would not find its modules.
    """
    configuration = Configuration(folder)
    where = folder
    if private is not None:
        if configuration.reaches_outside:
            raise PreconditionFailed(
                f"{folder} takes modules from outside of it, and its copy would not find them.",
                hint="Lift prevent_destroy by hand, or name the modules by absolute paths.",
            )
        shutil.rmtree(private, ignore_errors=True)
        shutil.copytree(folder, private, ignore=shutil.ignore_patterns(*_LEFT_OUT, "*.tfstate*", "*.tfplan"))
        for name in _STATES:
            if (folder / name).exists():
                (private / name).symlink_to(folder / name)
        where = private
    override = where / _OVERRIDE
    override.write_text("".join(map(_lifted, configuration.protected)), encoding="utf-8")
    try:
        yield where
    finally:
        override.unlink(missing_ok=True)
        if private is not None:
            if (private / "errored.tfstate").is_file():  # the only copy of what was done
                shutil.copy2(private / "errored.tfstate", folder / "errored.tfstate")
            shutil.rmtree(private, ignore_errors=True)


def digest_of_setup(folder: Path, *, also: Iterable[bytes] = ()) -> str:
    """Over everything that decides whether `terraform init` is needed again."""
    digest = hashlib.sha256()
    for text in Configuration(folder).setup:
        digest.update(text.encode())
    lock_file = folder / _LOCK_FILE
    digest.update(lock_file.read_bytes() if lock_file.is_file() else b"")
    for part in also:
        digest.update(part + b"\0")
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """What belongs to a root module: no states, plans, tests or folders of tools."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        state = any(part.startswith("terraform.tfstate") for part in parts) or path.suffix == ".tfplan"
        if not state and path.is_file() and not set(parts) & set(_LEFT_OUT):
            yield path


def _lifted(address: str) -> str:
    kind, name = address.split(".")
    return f'resource "{kind}" "{name}" {{\n  lifecycle {{\n    prevent_destroy = false\n  }}\n}}\n'
