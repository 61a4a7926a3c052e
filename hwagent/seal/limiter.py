"""How much each source may send: a bucket for every member's host, and one for all strangers."""

#: Packets a second that one host of a member may send, and how many at once.
RATE, BURST = 2000.0, 4000.0
#: The same for a host that is none, and for all such hosts together.
STRANGER_RATE, STRANGER_BURST = 100.0, 200.0
STRANGERS_RATE, STRANGERS_BURST = 1000.0, 2000.0
#: Hosts whose buckets are kept.
HOSTS_MAX = 4096


class Bucket:
    """Tokens that fill up with time."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, now: float, rate: float, burst: float) -> None:
        self._at = now
        self._rate = rate
        self._burst = burst
        self._tokens = burst

    def take(self, now: float) -> bool:
        """One token, if there is one."""
        passed = max(0.0, now - self._at)
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Limiter:
    """All buckets. A flood from strangers takes nothing from members."""

    def __init__(self, now: float) -> None:
        self._members: dict[str, Bucket] = {}
        self._strangers: dict[str, Bucket] = {}
        self._all_strangers = Bucket(now, STRANGERS_RATE, STRANGERS_BURST)

    def allows(self, now: float, host: str, member: bool) -> bool:
        """Whether a packet from a host is looked at."""
        if member:
            return self._bucket(now, self._members, host, RATE, BURST).take(now)
        own = self._bucket(now, self._strangers, host, STRANGER_RATE, STRANGER_BURST)
        return own.take(now) and self._all_strangers.take(now)

    def _bucket(
        self, now: float, buckets: dict[str, Bucket], host: str, rate: float, burst: float
    ) -> Bucket:
        bucket = buckets.get(host)
        if bucket is None:
            if len(buckets) >= HOSTS_MAX:
                del buckets[next(iter(buckets))]
            bucket = buckets[host] = Bucket(now, rate, burst)
        return bucket
