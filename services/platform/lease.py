"""One leader at a time, by a lease in Redis; and one command a decision, sent only while the lease is ours.

Both are decided inside Redis, in one script each: a leader that was paused, and whose lease has gone to another, sends
nothing when it wakes up.
"""

import uuid
from collections.abc import Mapping
from typing import Any

import redis

from services.platform.clock import DAY_MS
from services.platform.redis import Keys

LEASE_MS = 8_000
# What was sent for a decision is remembered so long: a proposal is written within seconds of its command, and names it.
SENT_KEPT_MS = 7 * DAY_MS

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
# KEYS: lease, what was sent for the decision, commands, the hash that earlier versions kept of all decisions.
# ARGV: token, decision, the attempt that may be replaced ('' = none), id, how long it is kept, field, value, …
_SEND = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local before = redis.call('GET', KEYS[2]) or redis.call('HGET', KEYS[4], ARGV[2])
if before and before ~= ARGV[3] then return before end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
redis.call('XADD', KEYS[3], '*', unpack(ARGV, 6))
return ARGV[4]
"""


class Lease:
    """A process's claim to be the district's escalator, or whatever ``role`` says. Raises what Redis raises."""

    def __init__(self, client: redis.Redis, district: str, lease_ms: int = LEASE_MS, role: str = "escalator") -> None:
        self._client: Any = client
        self._lease_ms = lease_ms
        self.token = uuid.uuid4().hex
        keys = Keys(district)
        self._lease, self._sent, self._commands = keys.lease(role), keys.sent(role), keys.commands
        self._renew, self._release, self._send = (client.register_script(s) for s in (_RENEW, _RELEASE, _SEND))

    def hold(self) -> bool:
        """Take the lease or keep it; whether it is ours now."""
        if self._renew(keys=[self._lease], args=[self.token, self._lease_ms]):
            return True
        if not self._client.set(self._lease, self.token, nx=True, px=self._lease_ms):
            return False
        self._client.pexpire(self._sent, SENT_KEPT_MS, nx=True)  # where an earlier version has left its hash
        return True

    def release(self) -> None:
        """Give it up, so that the next one need not wait."""
        self._release(keys=[self._lease], args=[self.token])

    def send(self, decision: str, replaces: str, command_id: str, fields: Mapping[bytes, bytes]) -> str:
        """Send a command once a decision; returns the id that stands for it: ours, or that of whoever was first.

        ``replaces`` names a refused command of this decision. Empty answer: the lease is not ours any more.
        """
        flat = [part for pair in fields.items() for part in pair]
        answer = self._send(
            keys=[self._lease, self._sent_for(decision), self._commands, self._sent],
            args=[self.token, decision, replaces, command_id, SENT_KEPT_MS, *flat],
        )
        return answer.decode() if answer else ""

    def forget(self, decisions: list[str]) -> None:
        """Drop what was sent for decisions that are over; what nobody drops is gone after ``SENT_KEPT_MS``."""
        if decisions:
            self._client.delete(*map(self._sent_for, decisions))
            self._client.hdel(self._sent, *decisions)

    def _sent_for(self, decision: str) -> str:
        return f"{self._sent}:{decision}"
