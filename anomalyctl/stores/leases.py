"""Fenced leases in Redis: one worker at a time, and a token that tells a late writer from the holder."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.resilience.manner import once
from anomalyctl.stores.redis_errors import redis_errors

if TYPE_CHECKING:
    import redis

_ASKED: Final = " "

# Redis refuses a script that would write first what may grow memory when that is full, and lets one go on
# that has begun to write: the DEL of nothing is that beginning. Whoever frees memory needs the lease.
_ACQUIRE = """
local held = redis.call('GET', KEYS[1])
if held then
  local token, by = string.match(held, '^(%d+):(.*)$')
  if by ~= ARGV[1] then return 0 end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(token)
end
redis.call('DEL', KEYS[1])
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token .. ':' .. ARGV[1], 'NX', 'PX', ARGV[2])
return token
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work at `name` alone, for a while."""

    name: str
    owner: str
    token: int
    asked: str = ""
    """Tells the call that acquired it from others of the same owner."""

    @property
    def value(self) -> str:
        """What stands in Redis while it is held."""
        return f"{self.token}:{_holding(self.owner, self.asked)}"


class Leases:
    """Acquire, renew and release; every step is one script, so nobody comes between."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._acquire = self._client.register_script(_ACQUIRE)
        self._renew = self._client.register_script(_RENEW)
        self._release = self._client.register_script(_RELEASE)

    @redis_errors()
    def acquire(self, name: str, owner: str, *, ttl_s: float) -> Lease | None:
        """The lease with a token higher than any before, or None while somebody else holds it."""
        # Where the answer is lost and the guard asks again, it is known as this call's own.
        asked = uuid.uuid4().hex
        holding = _holding(owner, asked)
        token = self._acquire(keys=[lease_key(name), lease_token_key(name)], args=[holding, _ms(ttl_s)])
        return Lease(name, owner, int(token), asked) if token else None

    # Whoever holds one comes again before its life is over, and must see in time that it is lost.
    @once()
    @redis_errors()
    def renew(self, lease: Lease, *, ttl_s: float) -> bool:
        """Hold on for another `ttl_s`; False when it has expired or is somebody else's."""
        return bool(self._renew(keys=[lease_key(lease.name)], args=[lease.value, _ms(ttl_s)]))

    @redis_errors()
    def release(self, lease: Lease) -> bool:
        """Give it back; False when it was no longer ours."""
        return bool(self._release(keys=[lease_key(lease.name)], args=[lease.value]))

    @redis_errors()
    def holder(self, name: str) -> str | None:
        """Who holds it now."""
        value = self._client.get(lease_key(name))
        return value.decode().partition(":")[2].partition(_ASKED)[0] if value is not None else None


def lease_key(name: str) -> str:
    """Who works at it now: `<token>:<owner> <call>`, expiring."""
    return f"pipeline:lease:{name}"


def lease_token_key(name: str) -> str:
    """The last token given out; it only grows."""
    return f"pipeline:lease:{name}:token"


def _holding(owner: str, asked: str) -> str:
    return f"{owner}{_ASKED}{asked}" if asked else owner


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
