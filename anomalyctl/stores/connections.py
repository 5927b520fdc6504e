"""The door to Redis: how a connection string is read, which time-outs hold, who signs in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from anomalyctl.errors import InvalidInput

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from anomalyctl.resilience.guard import Guard
    from anomalyctl.stores.guarded_redis import GuardedRedis

TIMEOUT_S = 5.0
DEFAULT_POOL_SIZE = 16
_TLS_PORTS = {6380, 10000}


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
