"""Which of this host's networks is mute: its port passes nothing, one way or both, though there is
carrier. Pure.

Hosts of a group with several networks say hello on each of them, and with that which of the others
they heard there lately; every other packet counts as heard too. A network is mute for this host if

- nobody is heard on it, or nobody who says whom he hears has heard us on it,
- on another network we hear others, and are heard,
- and two of the others hear each other on it: so it is our port, not the network. Where all are
  mute nobody is better off, and with only two hosts nobody can tell whose port it is.

It takes three hosts, and a second network. Older hosts say no hello and are no witnesses.
"""

import math
from collections.abc import Iterator, Mapping

from hwagent.lease.messages import Hello

#: Seconds between hellos, and after which silence means something: three were lost.
HELLO, SILENCE = 0.5, 1.75
#: Hellos for which a network is as bad before it counts as mute, and as good before it does not.
_WORSE, _BETTER = 2, 10
#: By host, whom it heard on each network.
Said = Mapping[str, tuple[tuple[str, ...], ...]]


class Paths:
    """What one host of one group knows; times are seconds of CLOCK_BOOTTIME."""

    def __init__(self, now: float, group: str, host: str, networks: int) -> None:
        self._group = group
        self._host = host
        self._networks = networks
        self._where: dict[str, tuple[str, int]] = {}
        self._heard: dict[tuple[str, int], float] = {}
        self._told: dict[str, tuple[float, Hello]] = {}
        self._counts = [0] * networks
        self._valid_from = now + SILENCE
        self._at = now if networks > 1 else math.inf
        self.mute: frozenset[int] = frozenset()

    def meet(self, peers: Mapping[str, tuple[str, ...]]) -> None:
        """Takes the addresses of all hosts: the first of each is on the network of our first."""
        others = ((name, many) for name, many in peers.items() if name != self._host)
        self._where = {a: (name, n) for name, many in others for n, a in enumerate(many)}

    def due(self) -> float:
        """When to say hello."""
        return self._at

    def heard(self, now: float, source: str) -> None:
        """An authentic packet came from an address."""
        if (where := self._where.get(source)) is not None:
            self._heard[where] = now

    def told(self, now: float, source: str, hello: Hello) -> None:
        """A host said whom it hears."""
        if (where := self._where.get(source)) is not None and where[0] == hello.host:
            self._told[hello.host] = now, hello

    def hello(self, now: float) -> Hello:
        """What this host says, on every path; and makes up its mind."""
        if now - self._at > 2 * HELLO:  # we stood still: silence was ours
            self._valid_from = now + SILENCE
        self._at = now + HELLO
        if now >= self._valid_from:
            self._judge(now)
        hears = tuple(tuple(sorted(self._hears(now, n))) for n in range(self._networks))
        return Hello(group=self._group, host=self._host, hears=hears)

    def addresses(self) -> Iterator[str]:
        """To whom it is said."""
        yield from self._where

    def _judge(self, now: float) -> None:
        said = {name: h.hears for name, (at, h) in self._told.items() if now - at < SILENCE}
        mute = set(self.mute)
        for network in range(self._networks):
            bad = self._alone(now, network, said) and self._ours(now, network, said)
            worse = bad if network not in mute else not self._alone(now, network, said)
            self._counts[network] = self._counts[network] + 1 if worse else 0
            if self._counts[network] >= (_BETTER if network in mute else _WORSE):
                mute ^= {network}
                self._counts[network] = 0
        self.mute = frozenset(mute)

    def _alone(self, now: float, network: int, said: Said) -> bool:
        """Whether we hear nobody there, or nobody hears us."""
        heard = any(self._host in _at(hears, network) for hears in said.values())
        return not heard or not self._hears(now, network)

    def _ours(self, now: float, network: int, said: Said) -> bool:
        """Whether that is our port: elsewhere all is well, and others hear each other there."""
        elsewhere = [n for n in range(self._networks) if n != network]
        if all(self._alone(now, n, said) for n in elsewhere):
            return False
        hears = {name: _at(found, network) for name, found in said.items()}
        return any(a in hears.get(b, ()) for a, names in hears.items() for b in names)

    def _hears(self, now: float, network: int) -> set[str]:
        return {
            name for (name, n), at in self._heard.items() if n == network and now - at < SILENCE
        }


def _at(hears: tuple[tuple[str, ...], ...], network: int) -> tuple[str, ...]:
    return hears[network] if network < len(hears) else ()
