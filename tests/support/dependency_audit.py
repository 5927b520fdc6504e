"""`make audit`: known vulnerabilities of what is installed and of the dashboard's packages; 1 where one is.

Where nobody who knows can be reached (a closed network, a mirror that serves packages alone) it says so, and
that is no failure.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
_TIMEOUT_S: Final = 300
_PYTHON: Final = [
    "pip_audit",
    "--format",
    "json",
    "--skip-editable",
    "--progress-spinner",
    "off",
    "--timeout",
    "10",
]


def main() -> int:
    """Both kinds of packages, one after the other."""
    return max(_python(), _dashboard())


def _python() -> int:
    done = _run([sys.executable, "-m", *_PYTHON])
    found = _json(done.stdout)
    if found is None:
        return _say(0, f"Python packages could not be audited: {_last_line(done.stderr)}")
    return python_verdict(found["dependencies"])


def python_verdict(packages: Sequence[dict[str, Any]]) -> int:
    """What pip-audit found, told; 1 where a package is vulnerable."""
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        return _say(0, f"The service knows none of {len(packages)} Python packages: nothing was audited.")
    vulnerable = [package for package in known if package["vulns"]]
    for package in vulnerable:
        for each in package["vulns"]:
            fixed = ", ".join(each["fix_versions"]) or "nothing yet"
            print(f"{package['name']} {package['version']}: {each['id']}, fixed by {fixed}")
    said = f"{len(known)} of {len(packages)} Python packages were audited, {len(vulnerable)} are vulnerable."
    return _say(1 if vulnerable else 0, said)


def _dashboard() -> int:
    folder, npm = ROOT / "services" / "dashboard", shutil.which("npm")
    if npm is None or not (folder / "package-lock.json").is_file():
        return _say(0, "The dashboard's packages were not audited: that needs npm and package-lock.json.")
    done = _run([npm, "audit", "--omit=dev", "--json"], cwd=folder)
    found = _json(done.stdout)
    if found is None or "metadata" not in found:
        reason = (found or {}).get("message") or _last_line(done.stderr)
        return _say(0, f"The dashboard's packages could not be audited: {reason}")
    counts = found["metadata"]["vulnerabilities"]
    grave = counts["high"] + counts["critical"]
    for name, each in found.get("vulnerabilities", {}).items():
        print(f"{name}: {each['severity']}, {each['range']}")
    said = f"The dashboard's packages were audited: {counts['total']} are vulnerable, {grave} gravely."
    return _say(1 if grave else 0, said)


def _run(command: Sequence[str], *, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {_TIMEOUT_S} s")


def _json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no reason was given"


def _say(code: int, text: str) -> int:
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
