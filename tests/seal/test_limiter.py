"""How much one host may send, and all strangers together."""

from itertools import count

from hwagent.seal.limiter import BURST, STRANGER_BURST, STRANGERS_BURST, Limiter


def test_a_flood_of_strangers_takes_nothing_from_members():
    limiter = Limiter(0)
    hosts = count()
    flood = sum(limiter.allows(0, f"10.9.{next(hosts)}", False) for _ in range(10_000))
    assert flood == STRANGERS_BURST
    assert limiter.allows(0, "10.0.0.1", True)


def test_one_host_is_limited_and_recovers():
    limiter = Limiter(0)
    assert sum(limiter.allows(0, "h", True) for _ in range(10_000)) == BURST
    assert limiter.allows(1, "h", True)
    assert sum(limiter.allows(0, "s", False) for _ in range(10_000)) == STRANGER_BURST
