"""What the failures of redis-py are called here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anomalyctl.errors import SignInFailed, Transient, Unreachable

_HINT = "see what runs with `anomalyctl status`"
_ANSWERED = {"answered": True}
"""It takes no writes and is there: a breaker that opened would keep back what makes room."""


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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
