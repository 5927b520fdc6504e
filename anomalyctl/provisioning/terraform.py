"""Terraform, a method a sub-command. What changes something, or takes the lock, runs under supervision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anomalyctl.provisioning.arguments import FLAG
from anomalyctl.provisioning.terraform_process import Finished, TerraformProcess


@dataclass(slots=True)
class Terraform(TerraformProcess):
    """One root module in one environment, for one run."""

    def init(
        self, *, backend_files: Sequence[Path] = (), upgrade: bool = False, migrate: bool = False
    ) -> Finished:
        """Install providers and modules, and configure the backend anew, or migrate its state to the new
        one.
        """
        return self.stream(
            "init",
            upgrade=True if upgrade else None,
            reconfigure=None if migrate else FLAG,
            migrate_state=FLAG if migrate else None,
            force_copy=FLAG if migrate else None,
            backend_config=[str(file) for file in backend_files],
        )

    def validate(self) -> dict[str, Any]:
        """The document of `validate -json`, whether valid or not."""
        return self.document("validate", json=FLAG, accept=(0, 1))

    def plan(
        self,
        out: Path,
        *,
        variable_files: Sequence[Path] = (),
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        destroy: bool = False,
        refresh_only: bool = False,
        lock: bool = True,
    ) -> Finished:
        """Write a plan, under the state's lock unless told not to. Exit code 0 nothing to do, 2 something."""
        return self.stream(
            "plan",
            detailed_exitcode=FLAG,
            out=str(out),
            lock=None if lock else False,
            lock_timeout=self._lock_timeout if lock else None,
            destroy=FLAG if destroy else None,
            refresh_only=FLAG if refresh_only else None,
            target=list(targets),
            replace=list(replace),
            var_file=[str(file) for file in variable_files],
        )

    def apply(self, plan: Path) -> Finished:
        """Apply a plan, that one and no other."""
        return self.stream("apply", str(plan), lock_timeout=self._lock_timeout)

    def show_plan(self, plan: Path) -> dict[str, Any]:
        """The document of `show -json` for a plan. It holds secrets: keep it in memory."""
        return self.document("show", str(plan), json=FLAG)

    def outputs(self) -> dict[str, Any]:
        """The document of `output -json`. It holds secrets."""
        return self.document("output", json=FLAG)

    def pull_state(self) -> bytes:
        """The state as it is; nothing where there is none. It holds secrets."""
        return self.read("state pull")

    def push_state(self, state: Path, *, force: bool = False) -> Finished:
        """Write a state over the present one."""
        return self.change(
            "state push", str(state), lock_timeout=self._lock_timeout, force=FLAG if force else None
        )

    def list_state(self, *addresses: str) -> tuple[str, ...]:
        """The addresses in the state."""
        return tuple(self.read("state list", *addresses).decode().splitlines())

    def show_state(self) -> dict[str, Any]:
        """The document of `show -json` for the state. It holds secrets."""
        return self.document("show", json=FLAG)

    def move(self, source: str, target: str) -> Finished:
        """Give a resource another address in the state."""
        return self.change("state mv", source, target, lock_timeout=self._lock_timeout)

    def remove(self, *addresses: str) -> Finished:
        """Forget resources: they go on existing."""
        return self.change("state rm", *addresses, lock_timeout=self._lock_timeout)

    def import_resource(
        self, address: str, resource_id: str, *, variable_files: Sequence[Path] = ()
    ) -> Finished:
        """Take an existing resource into the state."""
        return self.change(
            "import",
            address,
            resource_id,
            input=False,
            no_color=FLAG,
            lock_timeout=self._lock_timeout,
            var_file=[str(file) for file in variable_files],
        )

    def workspaces(self) -> tuple[str, ...]:
        """Their names."""
        lines = self.read("workspace list").decode().splitlines()
        return tuple(name for line in lines if (name := line.strip().removeprefix("*").strip()))

    def select_workspace(self, name: str) -> Finished:
        """Make an existing workspace the one that everything below works on."""
        return self.change("workspace select", name)

    def new_workspace(self, name: str) -> Finished:
        """Make a workspace, and select it."""
        return self.change("workspace new", name, lock_timeout=self._lock_timeout)

    def delete_workspace(self, name: str) -> Finished:
        """Delete a workspace that holds nothing."""
        return self.change("workspace delete", name, lock_timeout=self._lock_timeout)

    def force_unlock(self, lock_id: str) -> Finished:
        """Release a lock, whoever holds it."""
        return self.change("force-unlock", lock_id, force=FLAG)

    def probe_lock(self) -> str:
        """What Terraform says when it cannot take the lock now, or nothing. Changes nothing.

        Marking a resource that does not exist as tainted takes the lock, finds nothing and releases it.
        """
        finished = self.change(
            "taint",
            "terraform_data.anomalyctl_lock_probe",
            allow_missing=FLAG,
            lock_timeout="0s",
            no_color=FLAG,
        )
        return "" if finished.ok else "\n".join(one.text for one in finished.diagnostics)

    @property
    def _lock_timeout(self) -> str:
        return f"{self.lock_timeout_s}s"
