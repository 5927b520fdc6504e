"""Who does not trace does not pay for it: OpenTelemetry is imported only where there is somebody to tell."""

from __future__ import annotations

import subprocess
import sys

import pytest

_LOOK = """
import sys
print(sorted(one for one in sys.modules if one.split(".")[0] in ("opentelemetry", "pybreaker")))
"""


@pytest.mark.parametrize(
    "begin",
    [
        "import runpy, contextlib, io, sys; sys.argv = ['anomalyctl', '--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):\n"
        "    runpy.run_module('anomalyctl', run_name='__main__')\n",
        "import anomalyctl.pipeline.worker",
        "from anomalyctl.observability.starting import start_telling; start_telling('functions', {})",
    ],
    ids=["--help", "the pipeline", "a service without anybody to tell"],
)
def test_opentelemetry_stays_out(begin: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", begin + _LOOK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stdout + done.stderr
