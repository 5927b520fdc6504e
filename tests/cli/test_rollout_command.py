"""`rollout` at the command line: what makes no sense is refused before anything is asked or touched."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from rich.console import Console

from anomalyctl.cli.views.rollout import rolled_out_view
from anomalyctl.errors import InvalidInput
from anomalyctl.operations.rollout.environment_rollout import require_sense
from anomalyctl.operations.rollout.real_traffic import RealTraffic, RevisionTraffic
from anomalyctl.operations.rollout.rolling_out import RolledOut
from anomalyctl.operations.rollout.weighing import Seen, Tally, weigh

MINUTES = timedelta(minutes=15)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--canary", "-1"),
        ("--canary", "100"),
        ("--canary", "abc"),
        ("--watch", "0s"),
        ("--watch", "25h"),
        ("--image", ""),
        ("--differences", "nan"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_and_nobody_is_asked(anomalyctl, arguments):
    ended = anomalyctl("rollout", "detectors", *arguments, "--env", "dev")
    assert ended.code == 64
    assert arguments[0] in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("tag", ["a/b:c", "x@sha256:0123", "-x", "a" * 129])
def test_an_image_is_named_by_its_tag_alone(tag: str):
    with pytest.raises(InvalidInput) as refused:
        require_sense(tag, 10, MINUTES)
    assert refused.value.field == "--image"


def test_without_a_canary_there_is_no_watch_to_refuse():
    require_sense("0123abc", 0, timedelta(0))
    for share in (math.nan, -0.1, 1.1):
        with pytest.raises(InvalidInput):
            require_sense(None, 10, MINUTES, share)


def shown(real: RealTraffic) -> str:
    weighed = weigh(Seen(Tally(100), Tally(100), compared=100), real)
    done = RolledOut("dev", "R", "cr/detectors:new", "cr/detectors:old", "ca--2", "rolled out", weighed)
    console = Console(width=120, no_color=True)
    with console.capture() as capture:
        console.print(rolled_out_view(done), soft_wrap=True)
    return " ".join(capture.get().split())


def test_the_result_says_what_it_was_judged_by():
    told = shown(RealTraffic(RevisionTraffic(900, 1, 0.021), RevisionTraffic(100, 0, 0.019)))
    assert "Judged by probes and real traffic" in told
    assert "requests that arrived 900 100" in told
    assert "mean of their answers 21 ms 19 ms" in told
    told = shown(RealTraffic(reason="The client has no role Monitoring Reader."))
    assert "Judged by probes; of the real traffic: The client has no role Monitoring Reader." in told
