"""What `replay` refuses before it asks anything of an environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--resume", "--last", "1h"), "--resume"),
        (("--resume", "--write"), "--resume"),
        (("--last", "1h", "--baseline", "a"), "--candidate"),
        (("--resume", "--baseline", "a", "--candidate", "b"), "--resume"),
        (("--last", "1h", "--speed", "fast"), "--speed"),
        ((), "--last"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    anomalyctl: Callable[..., Any], arguments: tuple[str, ...], named: str
) -> None:
    ended = anomalyctl("replay", *arguments)
    assert ended.code == 64, ended.err
    assert named in ended.err
