"""A Redis client whose every round trip, a command's or a whole MULTI's, goes through one guard."""

from __future__ import annotations

from typing import Any, cast

import redis
from redis.client import Pipeline

from anomalyctl.resilience.guard import Guard
from anomalyctl.stores.redis_errors import redis_errors


class GuardedRedis(redis.Redis):
    """Commands raise our errors, and what may heal is tried again by the guard, by nothing else.

    A repeated command may have been done already, its answer lost: what may not come twice is called within
    `manner.once`.
    """

    guard: Guard

    @classmethod
    def of(cls, pool: redis.ConnectionPool, guard: Guard, *, owned: bool = True) -> GuardedRedis:
        """A client over a pool, which closes with it where it is `owned`."""
        client = cls.from_pool(pool) if owned else cls(connection_pool=pool)
        made = cast("GuardedRedis", client)
        made.guard = guard
        return made

    def guarded_by(self, guard: Guard) -> GuardedRedis:
        """The same connections behind another guard; this client closes them."""
        return self.of(self.connection_pool, guard, owned=False)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command."""
        base: Any = super()

        def attempt() -> Any:
            with redis_errors():
                return base.execute_command(*args, **options)

        return self.guard.call(attempt)

    def transaction(self, func: Any, *watches: Any, **options: Any) -> Any:
        """Look and do in one step; the whole of it is tried again, since what was seen may have changed."""
        base: Any = super()

        def attempt() -> Any:
            with redis_errors():
                return base.transaction(func, *watches, **options)

        return self.guard.call(attempt)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        """Commands that travel together, tried again together."""
        made = GuardedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.guard = self.guard
        return made


class GuardedPipeline(Pipeline):
    """All or, within a MULTI, none of its commands, behind the guard."""

    guard: Guard

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """The answers, in order."""
        base: Any = super()
        if self.watching:
            return cast("list[Any]", base.execute(raise_on_error))
        staged = list(self.command_stack)

        def attempt() -> list[Any]:
            # redis-py forgets the commands, and takes options out of them, whatever came of it.
            self.command_stack = [(args, dict(options)) for args, options in staged]
            with redis_errors():
                return cast("list[Any]", base.execute(raise_on_error))

        return self.guard.call(attempt)

    def _disconnect_raise_on_watching(self, conn: Any, error: Exception, *more: Any, **named: Any) -> None:
        # redis-py would call a lost connection a changed key, and `transaction` come again by itself. Nothing
        # is watched over it any more: it would say UNWATCH over a new one otherwise, and where Redis hangs
        # wait for that too and never give the connection back.
        conn.disconnect()
        self.watching = False

    def _disconnect_reset_raise_on_watching(
        self, conn: Any, error: Exception, *more: Any, **named: Any
    ) -> None:
        self._disconnect_raise_on_watching(conn, error)
