"""Kills anomalyctl, Terraform or both at random moments of an apply, and looks at state and lock afterwards.

    python -m tests.support.terraform_soak --rounds 50 --seed 1

What must hold after each round: whatever was made is in the state, unless Terraform itself was killed; then
what is missing was named. No lock stays, or `state unlock` releases it. `deploy` resumes.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.state_server import StateServer
from tests.support.wrapped_root import WrappedRoot, wait_until

RESOURCES = 8
KINDS = ("kill wrapper", "kill wrapper stopping", "SIGTERM", "SIGINT", "SIGHUP", "kill terraform", "kill all")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    seen: collections.Counter[str] = collections.Counter()
    for number in range(options.rounds):
        kind, delay, slow = chance.choice(KINDS), chance.uniform(0.0, 3.0), chance.choice((0.0, 0.0, 0.4))
        print(f"round {number + 1}: {kind} after {delay:.2f} s, writes take {slow} s", flush=True)
        with tempfile.TemporaryDirectory() as folder, StateServer(slow_writes_s=slow) as backend:
            seen[f"{kind}: {one_round(Path(folder), backend, kind, delay)}"] += 1
    for what, count in sorted(seen.items()):
        print(f"{count:4} {what}")
    return 0


def one_round(folder: Path, backend: StateServer, kind: str, delay: float) -> str:
    """Deploy, kill, look, mend, look again; what became of it."""
    made = folder / "made"
    made.mkdir()
    root = WrappedRoot(folder / "root", backend.hcl + configuration(made))
    root.document("plan")
    process = root.start("apply", "--yes")
    with contextlib.suppress(AssertionError):
        wait_until(lambda: bool(root.status()) or process.poll() is not None, "Terraform to start")
    time.sleep(delay)
    known = strike(process, root, kind)
    _, errors = process.communicate(timeout=60)
    if known.get("pid"):
        wait_until(lambda: not Path(f"/proc/{known['pid']}").exists(), "Terraform to be gone")
    time.sleep(0.1)
    violent = kind in ("kill terraform", "kill all")
    state, exist = set(backend.resources()), {f"terraform_data.{path.name}" for path in made.iterdir()}
    missing = exist - state
    if not violent:
        assert not missing, f"{missing} exist and the state does not know them\n{errors}"
        assert backend.lock is None, f"the lock stays\n{errors}"
    if kind == "kill terraform" and process.returncode not in (0, None):
        told = errors.partition("without the state knowing")[2]
        assert all(address in told for address in missing), f"{missing} were not named\n{errors}"
    outcome = "done" if len(state) == RESOURCES else f"{'some' if state else 'nothing'} in the state"
    if backend.lock is not None:
        outcome += ", locked"
        if root.run("state", "unlock", "--yes").returncode:
            root.document("state", "unlock", "--force", "--confirm", "default")
            outcome += " (with --force)"
    root.document("deploy", "--yes")
    assert root.document("plan")["has_changes"] is False
    assert len(backend.resources()) == RESOURCES
    assert backend.lock is None
    return outcome


def strike(process: subprocess.Popen[str], root: WrappedRoot, kind: str) -> dict[str, int]:
    """Do what the kind says; what was known of Terraform before."""
    known = root.status()
    terraform = known.get("pid") if known.get("exit_code") is None else None
    if kind in ("kill wrapper stopping", "SIGTERM", "SIGINT", "SIGHUP"):
        process.send_signal(signal.SIGTERM if kind == "kill wrapper stopping" else signal.Signals[kind])
        if kind == "kill wrapper stopping":
            time.sleep(0.15)
            process.kill()
    elif kind == "kill wrapper":
        process.kill()
    elif terraform is not None:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if kind == "kill all":
                guardian = int(Path(f"/proc/{terraform}/stat").read_text().rsplit(")", 1)[1].split()[1])
                process.kill()
                os.kill(guardian, signal.SIGKILL)
            os.kill(terraform, signal.SIGKILL)
    return known


def configuration(made: Path) -> str:
    """Some resources, one after the other; each leaves a file once it exists."""
    return "".join(
        f'resource "terraform_data" "r{number}" {{\n'
        + (f"  input = terraform_data.r{number - 1}.id\n" if number else "")
        + f'  provisioner "local-exec" {{ command = "touch {made}/r{number}; sleep 0.3" }}\n}}\n'
        for number in range(RESOURCES)
    )


if __name__ == "__main__":
    if shutil.which("terraform") is None:
        sys.exit("terraform is not on PATH (1.11 or newer)")
    sys.exit(main())
