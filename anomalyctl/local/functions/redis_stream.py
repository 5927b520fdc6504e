"""`redisStreamTrigger`, as the extension for Azure Functions does it, down to acknowledging failed calls."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from anomalyctl.local.functions.bindings import FunctionDefinition, refusal
from anomalyctl.local.functions.calls import Calls
from anomalyctl.local.functions.triggers import Trigger
from anomalyctl.resilience.manner import once


class RedisStreamTrigger(Trigger):
    """Reads a consumer group of the function's name, calls for each entry, acknowledges it in any case.

    The group starts at the beginning of the stream, the consumer is the instance, nothing pending is ever
    taken up again, and the consumer is deleted at the end (RedisStreamListener.cs of the extension).
    """

    def __init__(
        self,
        definition: FunctionDefinition,
        calls: Calls,
        stopping: threading.Event,
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(definition, calls, stopping)
        self._connection_string = connection_string(definition, environ)
        self._key = definition.text("key")
        self._interval_s = definition.number("pollingIntervalInMs", 1000) / 1000
        self._batch = definition.number("maxBatchSize", 16)
        self._consumer = environ.get("WEBSITE_INSTANCE_ID") or uuid.uuid4().hex
        self._client: Any = None

    def prepare(self) -> None:
        """Create the group, and the stream with it."""
        from redis.exceptions import ResponseError

        from anomalyctl.stores.connections import connect_redis
        from anomalyctl.stores.redis_errors import redis_errors

        self._client = self._client or connect_redis(self._connection_string, pool_size=2)
        with once(), redis_errors():
            try:
                self._client.xgroup_create(self._key, self.definition.name, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def round(self) -> float:
        """Read one batch and call for each entry of it."""
        from redis.exceptions import ResponseError

        from anomalyctl.stores.redis_errors import redis_errors

        # The rounds are the repeats.
        with once(), redis_errors():
            try:
                answer = self._client.xreadgroup(
                    self.definition.name, self._consumer, {self._key: ">"}, count=self._batch
                )
            except ResponseError as error:
                if not str(error).startswith("NOGROUP"):
                    raise
                self.prepare()  # somebody deleted the stream
                return self._interval_s
        for entry_id, fields in (row for _, rows in answer or [] for row in rows):
            if self.stopping.is_set():
                break
            self.calls.call(trigger_value(entry_id, fields))
            with once(), redis_errors():
                self._client.xack(self._key, self.definition.name, entry_id)
        return self._interval_s

    def clean_up(self) -> None:
        """Delete the consumer, as the extension does, with whatever is pending for it."""
        if self._client is not None:
            self._client.xgroup_delconsumer(self._key, self.definition.name, self._consumer)
            self._client.close()


def trigger_value(entry_id: bytes, fields: Mapping[bytes, bytes]) -> str:
    """What Python functions get for an entry: `{"Id": …, "Values": {…}}` as text."""
    values = {_text(name): _text(value) for name, value in fields.items()}
    return orjson.dumps({"Id": _text(entry_id), "Values": values}).decode()


def connection_string(definition: FunctionDefinition, environ: Mapping[str, str]) -> str:
    """The connection that the binding names: a plain setting, or the identity form; never both."""
    name = definition.text("connection")
    plain, host = environ.get(name), environ.get(f"{name}__redisHostName")
    if plain and host:
        raise refusal(definition.folder, f"the settings {name} and {name}__redisHostName may not both be set")
    found = plain or host
    if not found:
        raise refusal(definition.folder, f"the setting {name} (or {name}__redisHostName) is missing")
    return found


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
