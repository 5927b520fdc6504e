"""Plans on disk, for their owner alone, bound to what they were made for: any mismatch refuses, with the
reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from anomalyctl.errors import NotFound, PreconditionFailed
from anomalyctl.telemetry.times import format_time, parse_time

KEPT_FOR: Final = timedelta(hours=24)
FRESH_FOR: Final = timedelta(minutes=15)
"""For destroying a protected environment."""

Kind = Literal["apply", "destroy", "refresh-only"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a plan was made for. Two bindings that differ are two different plans."""

    environment: str
    workspace: str
    subscription_id: str
    root: str
    variables: str
    """Digest over all values from outside of the configuration."""
    terraform_version: str
    serial: int
    lineage: str


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan file and everything that is known about it."""

    id: str
    kind: Kind
    created_at: datetime
    binding: Binding
    digest: str
    """SHA-256 of the plan file."""
    data_loss: tuple[str, ...]
    variable_files: tuple[str, ...]
    targets: tuple[str, ...]
    path: Path
    values_file: str = ""
    """Where the values of --var are kept, mode 0600."""

    def age(self, now: datetime) -> timedelta:
        """How old it is."""
        return now - self.created_at


@dataclass(frozen=True, slots=True)
class PlanShelf:
    """The kept plans of one environment."""

    folder: Path

    def new_path(self, plan_id: str) -> Path:
        """Where Terraform may write a plan: an empty file of mode 0600 is there already."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{plan_id}.tfplan"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        return path

    def keep(self, plan: KeptPlan) -> None:
        """Write what is known beside the plan file, and drop plans that are too old to be applied."""
        plan.path.chmod(0o600)  # Terraform writes 0644 where it makes the file anew
        body = asdict(plan) | {"created_at": format_time(plan.created_at), "path": plan.path.name}
        text = json.dumps(body, indent=2, ensure_ascii=False)
        descriptor = os.open(_beside(plan.path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
            kept.write(text)
        self._drop_old(plan.created_at)

    def named(self, name: str) -> KeptPlan:
        """The plan of that id or path. Raises NotFound, and PreconditionFailed where it is not one of
        ours.
        """
        path = Path(name) if name.endswith(".tfplan") else self.folder / f"{name}.tfplan"
        if not path.is_file():
            raise NotFound(f"There is no plan {name}.", hint="Make one: anomalyctl plan")
        return _read(path)

    def newest(self) -> KeptPlan | None:
        """The plan that was made last, if any."""
        found = [_read(Path(str(path).removesuffix(".json"))) for path in self.folder.glob("*.tfplan.json")]
        return max(found, key=lambda plan: plan.created_at, default=None)

    def forget(self, plan: KeptPlan) -> None:
        """A plan is applied once."""
        for path in (plan.path, _beside(plan.path), plan.path.with_suffix(".tfvars")):
            path.unlink(missing_ok=True)

    def _drop_old(self, now: datetime) -> None:
        for beside in self.folder.glob("*.tfplan.json"):
            try:
                plan = _read(Path(str(beside).removesuffix(".json")))
            except (PreconditionFailed, OSError):
                continue
            if plan.age(now) > KEPT_FOR and plan.path.parent == self.folder:
                self.forget(plan)


def digest_of(path: Path) -> str:
    """SHA-256 of a plan file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def state_in_plan(path: Path) -> tuple[int, str]:
    """Serial and lineage of the state that a plan file was made from. Raises PreconditionFailed."""
    try:
        with zipfile.ZipFile(path) as archive:
            state = json.loads(archive.read("tfstate"))
        return int(state.get("serial", 0)), str(state.get("lineage", ""))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise PreconditionFailed(f"{path} is no plan of Terraform's: {error}.") from None


def check_binding(plan: KeptPlan, present: Binding, *, now: datetime, oldest: timedelta = KEPT_FOR) -> None:
    """Raise PreconditionFailed with every reason why this plan may not be applied here and now."""
    reasons = list(_reasons(plan, present, now, oldest))
    if reasons:
        raise PreconditionFailed(
            f"The plan {plan.id} is stale: {'; '.join(reasons)}.",
            hint="Nothing was changed. Make a new plan and review it.",
            details={"plan": plan.id, "reasons": reasons},
        )


def _reasons(plan: KeptPlan, present: Binding, now: datetime, oldest: timedelta) -> Iterator[str]:
    made = plan.binding
    for what, then, here in (
        ("environment", made.environment, present.environment),
        ("workspace", made.workspace, present.workspace),
        ("subscription", made.subscription_id, present.subscription_id),
        ("folder", made.root, present.root),
        ("version of Terraform", made.terraform_version, present.terraform_version),
    ):
        if then != here:
            yield f"it was made for the {what} {then or 'unknown'}, and this is {here or 'unknown'}"
    if made.variables != present.variables:
        yield "the variables have changed since"
    if made.lineage and present.lineage and made.lineage != present.lineage:
        yield "the state is another one"
    elif made.serial != present.serial:
        yield f"the state has moved on from serial {made.serial} to {present.serial}"
    if plan.age(now) > oldest:
        yield f"it is {_spoken(plan.age(now))} old, and {_spoken(oldest)} are allowed"
    if digest_of(plan.path) != plan.digest:
        yield "its file was changed"


def _spoken(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 180 else f"{minutes // 60} hours"


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read(path: Path) -> KeptPlan:
    try:
        body = json.loads(_beside(path).read_text(encoding="utf-8"))
        return KeptPlan(
            id=body["id"],
            kind=body["kind"],
            created_at=parse_time(body["created_at"]),
            binding=Binding(**body["binding"]),
            digest=body["digest"],
            data_loss=tuple(body["data_loss"]),
            variable_files=tuple(body["variable_files"]),
            targets=tuple(body["targets"]),
            path=path,
            values_file=body["values_file"],
        )
    except FileNotFoundError:
        raise PreconditionFailed(
            f"{path} was not made by anomalyctl: what it was made for is not known.",
            hint="Make it with: anomalyctl plan --out FILE",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise PreconditionFailed(
            f"{_beside(path)} cannot be read: {error}.", hint="Make a new plan."
        ) from None
