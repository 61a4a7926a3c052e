"""Hosts that want permits of each other, in virtual time: loss, cuts, crashes, restarts."""

import heapq
from collections import Counter
from collections.abc import Callable
from itertools import count
from random import Random

from hwagent.daemon.permits import Letter, Permits, Rules
from hwagent.lease import Now

LEASE = 30.0


class World:
    """Hosts h1, h2, ...; the first ``voters`` of them vote."""

    def __init__(self, hosts: int, voters: int, seed: int = 0, **kinds: int) -> None:
        self.time = 100.0
        self.random = Random(seed)
        names = [f"h{n + 1}" for n in range(hosts)]
        self.rules = Rules(voters=tuple(names[:voters]), lease=LEASE, kinds=kinds)
        self.nodes: dict[str, Permits] = {}
        self.loss = 0.0
        self.cuts: set[frozenset[str]] = set()
        self.most: Counter[str] = Counter()
        self._nonces = count(1)
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._skew = {n: (self.random.uniform(0, 1e6), self.random.uniform(0, 1e6)) for n in names}
        for name in names:
            self.start(name)

    def now(self, name: str) -> Now:
        """The clocks of a host: none begins where another's does."""
        raw, boot = self._skew[name]
        return Now(self.time + raw, self.time + boot, 1.7e9 + self.time)

    def start(self, name: str) -> None:
        """Starts an agent that remembers nothing."""
        nonce = next(self._nonces)
        self.nodes[name] = Permits(self.now(name), name, nonce, self.rules, Random(nonce))
        self.wake(name)

    def kill(self, name: str) -> None:
        """An agent ends without a word."""
        del self.nodes[name]

    def want(self, name: str, **counts: int) -> None:
        """What a host wants from now on."""
        self.post(name, self.nodes[name].want(self.now(name), counts))

    def held(self, name: str) -> dict[str, int]:
        """What it has."""
        return self.nodes[name].held(self.now(name)) if name in self.nodes else {}

    def who(self, kind: str = "rebuild") -> list[str]:
        """Hosts that hold permits of a kind."""
        return [name for name in self.nodes if self.held(name).get(kind)]

    def cut(self, *side: str) -> None:
        """Nothing passes between these and the rest."""
        rest = set(self._skew) - set(side)
        self.cuts |= {frozenset((a, b)) for a in side for b in rest}

    def post(self, name: str, letters: list[Letter]) -> None:
        """Sends letters, and sets the host's timer."""
        for letter in letters:
            if frozenset((name, letter.to)) in self.cuts or self.random.random() < self.loss:
                continue
            self.later(self.random.uniform(0.001, 0.05), lambda x=letter: self._arrive(name, x))  # type: ignore[misc]
        self.wake(name)

    def _arrive(self, source: str, letter: Letter) -> None:
        if node := self.nodes.get(letter.to):
            self.post(letter.to, node.receive(self.now(letter.to), source, letter.data))

    def wake(self, name: str) -> None:
        """Has the host ticked when it is due."""
        node = self.nodes[name]

        def tick() -> None:
            if self.nodes.get(name) is node and node.due() <= self.now(name).boot + 1e-9:
                self.post(name, node.tick(self.now(name)))

        if node.due() < float("inf"):
            self.later(max(0.0, node.due() - self.now(name).boot) + 1e-6, tick)

    def later(self, delay: float, what: Callable[[], None]) -> None:
        """Something in the future."""
        heapq.heappush(self._events, (self.time + delay, next(self._order), what))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Lets time pass; counts at every event how many permits of each kind are held at once."""
        end = self.time + seconds
        while self._events and self._events[0][0] <= end:
            self.time, _, what = heapq.heappop(self._events)
            what()
            for kind in self.rules.kinds:
                held = sum(self.held(name).get(kind, 0) for name in self.nodes)
                self.most[kind] = max(self.most[kind], held)
            if until():
                return True
        self.time = end
        return until()
