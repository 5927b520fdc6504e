"""The door to Redis: how a connection string is read, which time-outs hold, what failures are called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from anomalyctl.errors import InvalidInput, SignInFailed, Transient, Unreachable

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from anomalyctl.resilience.guard import Guard
    from anomalyctl.stores.guarded_redis import GuardedRedis

TIMEOUT_S = 5.0
DEFAULT_POOL_SIZE = 16
_TLS_PORTS = {6380, 10000}
_HINT = "see what runs with `anomalyctl status`"
_ANSWERED = {"answered": True}
"""It takes no writes and is there: a breaker that opened would keep back what makes room."""


def connect_redis(
    connection_string: str,
    *,
    pool_size: int = DEFAULT_POOL_SIZE,
    connect_timeout_s: float = TIMEOUT_S,
    guard: Guard | None = None,
    credential: TokenCredential | None = None,
    ca_bundle: str = "",
) -> GuardedRedis:
    """A client with a bounded pool; it connects at its first command. redis-py's own retries are off.

    Every command goes through `guard`, or one of its own for somebody who waits (`CACHE.interactive()`); its
    policy says how long an answer may take. Reads `redis://` and `rediss://` URLs and the form that Azure
    hands out, `host:port,password=…,ssl=True,user=…`. Over TLS and without a password Entra signs in:
    `credential`, or this process's own identity. `ca_bundle` is a PEM file beside the system's authorities.
    Raises InvalidInput (field `REDIS_CONNECTION_STRING`); the message never holds the password.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    from anomalyctl.resilience.guard import Guard
    from anomalyctl.resilience.policies import CACHE
    from anomalyctl.resilience.settings import in_force
    from anomalyctl.stores.guarded_redis import GuardedRedis

    guard = guard or Guard(in_force(CACHE).interactive())
    options: dict[str, Any] = {
        **_parse(connection_string),
        "socket_timeout": guard.policy.timeout_s,
        "socket_connect_timeout": connect_timeout_s,
        "socket_keepalive": True,
        "health_check_interval": 30,
        # RESP3 answers in other shapes; Azure Cache for Redis 6.0 is at home in RESP2.
        "protocol": 2,
    }
    secure = options.pop("ssl")
    if secure and ca_bundle:
        options["ssl_ca_certs"] = ca_bundle
    blocking_pool: Any = redis.BlockingConnectionPool
    if secure and not options.get("password"):
        blocking_pool = _signed_in_pool(credential)
        options.pop("username", None)
    pool = blocking_pool(
        connection_class=redis.SSLConnection if secure else redis.Connection,
        max_connections=pool_size,
        timeout=guard.policy.timeout_s,
        retry=Retry(NoBackoff(), 0),
        **options,
    )
    return GuardedRedis.of(pool, guard)


def _signed_in_pool(credential: TokenCredential | None) -> Any:
    from anomalyctl.stores.credentials import service_credential
    from anomalyctl.stores.redis_sign_in import RedisSignIn, SignedInPool

    return partial(SignedInPool, RedisSignIn(credential or service_credential()))


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn redis-py's failures into ours; also usable as a decorator.

    Raises Unreachable (nobody answers), SignInFailed, Transient (memory full, read-only, loading, no token
    of Entra now).
    """
    import redis.exceptions as failures

    try:
        yield
    except (failures.AuthenticationError, failures.NoPermissionError) as error:
        if type(error).__name__ == "NoToken":
            raise SignInFailed(
                f"There is no token for Redis: {_first_line(error)}",
                hint="check the identity of this process",
            ) from error
        raise SignInFailed("Redis refuses the credentials.", hint="check REDIS_CONNECTION_STRING") from error
    except failures.OutOfMemoryError as error:
        raise Transient(
            "Redis is out of memory and takes no more readings; nothing was half-written.",
            hint="let the pipeline catch up, run clean_up, or give Redis more memory",
            details=_ANSWERED,
        ) from error
    except failures.BusyLoadingError as error:
        raise Transient("Redis is still loading its data.", hint="try again in a moment") from error
    except failures.ReadOnlyError as error:
        raise Transient(
            "Redis is read-only at the moment (failing over).", hint="try again in a moment"
        ) from error
    except failures.TimeoutError as error:
        raise Transient("Redis did not answer in time.", hint=_HINT) from error
    except failures.ConnectionError as error:
        raise Unreachable(f"Redis cannot be reached: {_first_line(error)}", hint=_HINT) from error
    except failures.ResponseError as error:
        # A full disk stops the append-only file, and with it every write. In a pipeline the word comes later.
        if "MISCONF" in str(error):
            raise Transient(
                "Redis cannot write to its disk and refuses writes.",
                hint="free disk space for Redis",
                details=_ANSWERED,
            ) from error
        raise
    except failures.RedisError as error:
        if type(error).__name__ == "NoTokenNow":
            failure: Any = error
            raise failure.reason from None
        raise


def _parse(connection_string: str) -> dict[str, Any]:
    text = connection_string.strip()
    if text.startswith(("redis://", "rediss://")):
        return _parse_url(text)
    if "://" in text or not text:
        raise _unreadable()
    address, *settings = text.split(",")
    host, _, port_text = address.strip().rpartition(":")
    if not host:
        host, port_text = port_text, "6380"
    if not port_text.isdigit():
        raise _unreadable()
    options: dict[str, Any] = {"host": host, "port": int(port_text), "ssl": int(port_text) in _TLS_PORTS}
    for setting in settings:
        # A password may hold "=" itself.
        name, _, value = setting.strip().partition("=")
        match name.strip().lower():
            case "password":
                options["password"] = value
            case "user" | "username":
                options["username"] = value
            case "ssl":
                options["ssl"] = value.strip().lower() == "true"
            case _:
                # abortConnect, connectTimeout and others are .NET's business.
                continue
    return options


def _parse_url(url: str) -> dict[str, Any]:
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port or 6379
    except ValueError:
        raise _unreadable() from None
    options: dict[str, Any] = {
        "host": parts.hostname or "127.0.0.1",
        "port": port,
        "ssl": parts.scheme == "rediss",
    }
    if parts.username:
        options["username"] = unquote(parts.username)
    if parts.password:
        options["password"] = unquote(parts.password)
    database = parts.path.strip("/")
    if database.isdigit():
        options["db"] = int(database)
    return options


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "The Redis connection string cannot be read.",
        field="REDIS_CONNECTION_STRING",
        hint="write host:port,password=…,ssl=True or redis://:password@host:port",
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
