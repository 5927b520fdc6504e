"""What `make audit` makes of an answer."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.support import dependency_audit

SOUND = {"name": "good", "version": "1.0", "vulns": []}
WEAK = {"name": "bad", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([SOUND, UNKNOWN], 0, "1 of 2 Python packages were audited, 0 are vulnerable."),
        ([SOUND, WEAK], 1, "bad 2.0: PYSEC-1, fixed by 2.1"),
        ([UNKNOWN], 0, "nothing was audited"),
    ],
)
def test_only_a_known_vulnerability_fails(
    packages: list[dict[str, Any]], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dependency_audit.python_verdict(packages) == code
    assert said in capsys.readouterr().out


def test_where_nobody_can_be_asked_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Traceback …\nConnectionError: no route\n")

    monkeypatch.setattr(dependency_audit.subprocess, "run", away)
    assert dependency_audit.main() == 0
    assert "could not be audited: ConnectionError: no route" in capsys.readouterr().out
