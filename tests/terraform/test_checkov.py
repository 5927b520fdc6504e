"""checkov finds nothing, and what it is told to skip has a reason that can be read.

checkov brings a hundred packages with versions of their own, so it lives in an environment of its own, which
`make checkov` installs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.azurerm.mirror import PROJECT
from tests.support.terraform_root import SOURCE

# It reads what is here and asks nobody.
_OPTIONS = ["--framework", "terraform", "--output", "json", "--compact", "--quiet", "--skip-download"]
_SKIP = re.compile(r"checkov:skip=(?P<check>CKV2?_AZURE_\d+)(?::(?P<reason>.*))?$")


def test_checkov_finds_nothing() -> None:
    found = [PROJECT / ".venv-checkov/bin/checkov", Path(shutil.which("checkov") or "/none")]
    checkov = next((one for one in found if one.exists()), None)
    if checkov is None:
        pytest.skip("checkov is not installed: make checkov")
    told = subprocess.run(
        [str(checkov), "--directory", str(SOURCE), *_OPTIONS],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith(("BC_", "PRISMA_"))},
    )
    report = json.loads(told.stdout)
    failed = [
        f"{one['check_id']} {one['resource']} ({one['file_path']}): {one['check_name']}"
        for one in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] >= 40, "checkov looked at next to nothing"


def test_each_skip_has_a_reason() -> None:
    skips = [
        (file.name, line.strip())
        for file in SOURCE.glob("*.tf")
        for line in file.read_text().splitlines()
        if "checkov:skip" in line
    ]
    for file, line in skips:
        skip = _SKIP.search(line)
        assert skip and len((skip["reason"] or "").split()) >= 4, f"{file}: {line} gives no reason"
