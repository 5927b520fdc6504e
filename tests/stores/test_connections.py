"""Connection strings as Azure and as redis-py write them."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis.exceptions import ResponseError

from anomalyctl.errors import InvalidInput, Transient
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.redis_errors import redis_errors


def _options(text: str) -> dict[str, Any]:
    return dict(connect_redis(text).connection_pool.connection_kwargs)


@pytest.mark.parametrize(
    "text",
    ["cache.example:6390,password=a=b%c,ssl=False", "redis://:a=b%25c@cache.example:6390"],
)
def test_both_forms_mean_the_same(text: str) -> None:
    options = _options(text)
    assert (options["host"], options["port"], options["password"]) == ("cache.example", 6390, "a=b%c")
    assert options["socket_timeout"] == 5.0


@pytest.mark.parametrize(
    "text",
    [
        "cache.redis.example:6380,password=x,abortConnect=False",
        "cache.redis.example:10000",
        "cache.redis.example:6379,password=x,ssl=True",
        "rediss://:x@cache.redis.example:6380",
    ],
)
def test_azures_ports_and_the_word_ssl_mean_tls(text: str) -> None:
    assert connect_redis(text).connection_pool.connection_class is redis.SSLConnection


@pytest.mark.parametrize("text", ["", "http://s3cret@cache", "cache:s3cret", "redis://:s3cret@cache:port"])
def test_an_unreadable_string_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        connect_redis(text)
    assert refused.value.field == "REDIS_CONNECTION_STRING"
    assert "s3cret" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("prefix", ["", "Command # 1 (XADD telemetry:readings) of pipeline caused error: "])
def test_a_full_disk_is_told_as_one_alone_and_in_a_pipeline(prefix: str) -> None:
    refused = ResponseError(f"{prefix}MISCONF Errors writing to the AOF file: No space left on device")
    with pytest.raises(Transient, match="cannot write to its disk"), redis_errors():
        raise refused
