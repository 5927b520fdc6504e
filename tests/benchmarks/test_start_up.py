"""How long `--version` and `--help` take, as ratios to a bare interpreter of the same run."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("anomalyctl")
ROUNDS = 15


def milliseconds(*arguments: str) -> float:
    begin = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


@pytest.mark.benchmark
def test_start_up_against_a_bare_interpreter():
    """Aims: `--version` within 80 ms and 8 bare interpreters, `--help` within 150 ms and 14."""
    lines = {
        "bare interpreter": (sys.executable, "-c", "pass"),
        "anomalyctl --version": (str(SCRIPT), "--version"),
        "anomalyctl --help": (str(SCRIPT), "--help"),
        "anomalyctl doctor --help": (str(SCRIPT), "doctor", "--help"),
    }
    # Interleaved, so that a neighbour's load falls on all alike.
    rounds = [{name: milliseconds(*line) for name, line in lines.items()} for _ in range(ROUNDS)]
    bare = statistics.median(taken["bare interpreter"] for taken in rounds)
    print(f"\nmedian of {ROUNDS} rounds")
    for name in lines:
        median = statistics.median(taken[name] for taken in rounds)
        print(f"{name:26} {median:7.1f} ms  {median / bare:5.1f} x bare")
