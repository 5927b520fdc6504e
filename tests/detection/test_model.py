from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import orjson
import pytest

from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Window
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import TIERS


def test_a_model_that_was_kept_judges_as_the_one_that_was_fitted(
    model: SourceModel, registry: TagRegistry, simulated: Callable[..., Window]
) -> None:
    kept = SourceModel.from_bytes(model.to_bytes())
    assert (kept.version, kept.tags, kept.fitted_at) == (model.version, model.tags, model.fitted_at)
    window = simulated(7, 760).rows(700)
    for tier in TIERS:
        asked = [judge(tier, window, registry=registry, model=each, memory=None) for each in (kept, model)]
        assert asked[0] == asked[1]


def test_bytes_are_reproducible(model: SourceModel) -> None:
    assert SourceModel.from_bytes(model.to_bytes()).to_bytes() == model.to_bytes()


@pytest.mark.parametrize("payload", [b"", b"junk", b"PK\x03\x04junk"])
def test_what_is_not_a_model_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidInput, match="model"):
        SourceModel.from_bytes(payload)


def test_a_pickle_is_refused(model: SourceModel) -> None:
    stream = io.BytesIO()
    np.savez(stream, texts=np.array([{"format": 1}], dtype=object))
    with pytest.raises(InvalidInput):
        SourceModel.from_bytes(stream.getvalue())


def test_an_unknown_format_is_refused() -> None:
    stream = io.BytesIO()
    np.savez(stream, texts=np.frombuffer(orjson.dumps({"format": 99}), dtype=np.uint8))
    with pytest.raises(InvalidInput, match="99"):
        SourceModel.from_bytes(stream.getvalue())


def test_a_truncated_model_is_refused(model: SourceModel) -> None:
    payload = model.to_bytes()
    with pytest.raises(InvalidInput):
        SourceModel.from_bytes(payload[: len(payload) // 2])
