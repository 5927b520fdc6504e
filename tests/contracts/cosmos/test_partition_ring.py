"""Where partition keys lie on the ring: as the SDK itself places them."""

from __future__ import annotations

import base64
import json

import pytest

from anomalyctl.local.cosmos.partition_keys import PartitionKey, ring_position


@pytest.mark.parametrize(
    "value", ["", "a", "well-1:2025-08-26", "x" * 15, "x" * 16, "x" * 33, "größe", 0, 7, -1.5, True, False]
)
def test_a_key_lies_where_the_sdk_places_it(container, value):
    feed_range = container.feed_range_from_partition_key(value)
    encoded = (
        json.dumps(feed_range) if isinstance(feed_range, dict) else base64.b64decode(feed_range).decode()
    )
    assert ring_position(PartitionKey((value,)).text) in encoded
