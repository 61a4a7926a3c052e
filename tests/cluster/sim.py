"""A simulated network in virtual time: loss, delay, duplicates, cuts, pauses, restarts.

Everything random comes from one seed; the same seed gives the same trace.
"""

import base64
import hashlib
import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from hwagent.cluster.codec import encode
from hwagent.cluster.core import Core
from hwagent.cluster.effects import Effect, Event, Exchange, SendPacket
from hwagent.cluster.messages import NEWEST, OLDEST, Alive, Endpoint
from hwagent.cluster.profile import LAN, Profile
from hwagent.cluster.swim import Swim
from hwagent.seal.channel import Channel
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import OVERHEAD, POLICIES, Sealer, Unwelcome, after

#: What fits into a packet beside the seal.
ROOM = LAN.udp_buffer_size - OVERHEAD


class Node:
    """One host: its core, and whether it runs."""

    def __init__(self, net: "Net", name: str, core: Any, endpoints: tuple[Endpoint, ...]) -> None:
        self.net = net
        self.name = name
        self.core = core
        self.endpoints = endpoints
        self.up = True
        self.paused = False
        self.backlog: deque[Callable[[], None]] = deque()
        self.events: list[tuple[float, Event]] = []
        self.ticking = 0

    def act(self, effects: Iterable[Effect]) -> None:
        """Does what the core wants, and sets its timer."""
        for effect in effects:
            match effect:
                case SendPacket():
                    self.net.send(self, effect)
                case Exchange():
                    self.net.exchange(self, effect)
                case Event():
                    self.events.append((self.net.now, effect))
                    self.net.trace(self.name, effect)
        self.net.wake(self)

    @property
    def swim(self) -> Swim:
        """The membership, whatever is around it."""
        return getattr(self.core, "swim", self.core)

    def named(self, type: str, member: str = "") -> list[Event]:
        """Events of a type, about a member or all."""
        return [e for _, e in self.events if e.type == type and member in ("", e.member)]

    def when(self, type: str, member: str) -> float:
        """When an event happened last."""
        return max(t for t, e in self.events if (e.type, e.member) == (type, member))

    def states(self) -> dict[str, str]:
        """What it believes of whom."""
        return {m.name: m.state.name.lower() for m in self.swim.members.all()}

    def alive(self) -> set[str]:
        """Whom it believes alive."""
        return {m.name for m in self.swim.members.all() if not m.gone}


class Net:
    """All hosts and what is between them."""

    def __init__(self, seed: int = 0, profile: Profile = LAN, loss: float = 0.0) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.profile = profile
        self.now = 1000.0
        self.loss = loss
        self.duplicate = 0.0
        self.delay = (0.0002, 0.002)
        self.tcp = True
        self.nodes: dict[str, Node] = {}
        self.cuts: set[tuple[str, str, str]] = set()
        self.sent: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.largest = 0
        self.digest = hashlib.sha256()
        self._hosts: dict[tuple[str, str, int], Node] = {}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()
        self._addresses = count(1)

    # Hosts

    def add(
        self, name: str, seeds: Iterable[str] = (), links: tuple[str, ...] = ("",), **more: Any
    ) -> Node:
        """A host that starts now and calls the hosts of its seeds."""
        endpoints = more.pop("endpoints", None) or self.place(links)
        core = self.make(name, endpoints, links, **more)
        node = Node(self, name, core, endpoints)
        self.nodes[more.get("key", name) if name not in self.nodes else f"{name}'"] = node
        for e in endpoints:
            self._hosts[e.link, e.host, e.port] = node
        found = [e for s in seeds for e in self.nodes[s].endpoints[:1]]
        node.swim.rejoin.seeds = tuple(found)
        node.act(core.join(self.now, found))
        return node

    def make(self, name: str, endpoints: tuple[Endpoint, ...], links: Any, **more: Any) -> Any:
        """The core of a host; tests with other cores replace this."""
        incarnation = more.get("incarnation", 1)
        labels = more.get("labels", {})
        me = Alive(name, incarnation, endpoints, self.rng.getrandbits(64), labels)
        rng = random.Random(self.rng.getrandbits(64))
        return Swim(self.now, me, self.profile, rng, ROOM, links)

    def place(self, links: tuple[str, ...] = ("",)) -> tuple[Endpoint, ...]:
        """A fresh address on each link."""
        n = next(self._addresses)
        return tuple(
            Endpoint(link, f"10.{i}.{n >> 8}.{n & 255}", 7956) for i, link in enumerate(links)
        )

    def group(self, size: int, links: tuple[str, ...] = ("",)) -> list[Node]:
        """Hosts n0, n1, ... that have found each other."""
        nodes = [self.add("n0", links=links)]
        nodes += [self.add(f"n{i}", ["n0"], links) for i in range(1, size)]
        assert self.until(lambda: all(len(n.alive()) == size for n in nodes), 60)
        return nodes

    def kill(self, node: Node) -> None:
        """A crash: nothing comes from it any more."""
        node.up = False
        for e in node.endpoints:
            if self._hosts.get((e.link, e.host, e.port)) is node:
                del self._hosts[e.link, e.host, e.port]

    def restart(self, node: Node, **more: Any) -> Node:
        """The host is started again: same name, by default same place, nothing remembered."""
        self.kill(node)
        key = next(k for k, n in self.nodes.items() if n is node)
        del self.nodes[key]
        seeds = more.pop("seeds", list(self.nodes)[:1])
        more.setdefault("endpoints", node.endpoints)
        links = tuple(e.link for e in node.endpoints)
        return self.add(node.name, seeds, links, **more)

    def pause(self, node: Node) -> None:
        """The process stands still; the kernel keeps what arrives."""
        node.paused = True

    def resume(self, node: Node) -> None:
        """It goes on: first what has arrived, then its timers."""
        node.paused = False
        while node.backlog and not node.paused:
            node.backlog.popleft()()
        self.wake(node)

    # What is between them

    def cut(self, one: Iterable[Node], other: Iterable[Node], link: str = "*", both: bool = True):
        """Nothing passes from one side to the other, and back if ``both``."""
        other = list(other)
        for a in one:
            for b in other:
                self.cuts.add((a.name, b.name, link))
                if both:
                    self.cuts.add((b.name, a.name, link))

    def heal(self) -> None:
        """No cuts any more."""
        self.cuts.clear()

    def passes(self, a: Node, b: Node, link: str) -> bool:
        """Whether the way is open."""
        return (a.name, b.name, "*") not in self.cuts and (a.name, b.name, link) not in self.cuts

    def both_ways(self, a: Node, b: Node, link: str) -> bool:
        """Whether a connection is possible."""
        return self.passes(a, b, link) and self.passes(b, a, link)

    def send(self, sender: Node, packet: SendPacket) -> None:
        """One datagram on its way."""
        self.sent[sender.name] += 1
        self.bytes[sender.name] += len(packet.payload)
        self.largest = max(self.largest, len(packet.payload))
        to = packet.to
        target = self._hosts.get((to.link, to.host, to.port))
        if target is None or not self.passes(sender, target, to.link):
            return
        if (sender.name, target.name, "udp") in self.cuts:
            return
        if self.rng.random() < self.loss:
            return
        copies = 2 if self.rng.random() < self.duplicate else 1
        source = next((e for e in sender.endpoints if e.link == to.link), sender.endpoints[0])
        for _ in range(copies):
            delay = self.rng.uniform(*self.delay)
            self.later(delay, lambda: self._arrive(target, source, packet.payload))

    def _arrive(self, target: Node, source: Endpoint, payload: bytes) -> None:
        self.on(target, lambda: target.act(target.core.receive(self.now, source, payload)))

    def exchange(self, sender: Node, asked: Exchange) -> None:
        """One request over a stream and its answer, or none."""
        to = asked.to
        target = self._hosts.get((to.link, to.host, to.port))
        source = next((e for e in sender.endpoints if e.link == to.link), sender.endpoints[0])
        done: list[bool] = []

        def finish(answer: Any) -> None:
            if not done:
                done.append(True)
                self.on(sender, lambda: sender.act(self.answer(sender, asked, answer)))

        def serve() -> None:
            answer, effects = self.serve(target, source, sender, asked)
            target.act(effects)
            self.later(self.rng.uniform(*self.delay), lambda: finish(answer))

        self.later(asked.timeout, lambda: finish(None))
        if self.tcp and target and self.both_ways(sender, target, to.link):
            self.later(3 * self.rng.uniform(*self.delay), lambda: self.on(target, serve))

    def serve(self, target: Node, source: Endpoint, sender: Node, asked: Exchange) -> Any:
        """The request arrives: the answer and what else the target wants."""
        return target.core.serve(self.now, source, asked.request)

    def answer(self, sender: Node, asked: Exchange, answer: Any) -> list[Effect]:
        """The answer arrives, or nothing does in time."""
        return sender.core.answered(self.now, asked.number, asked.to, answer)

    # Time

    def later(self, delay: float, what: Callable[[], None]) -> None:
        """Something in the future."""
        heapq.heappush(self._queue, (self.now + delay, next(self._count), what))

    def on(self, node: Node, what: Callable[[], None]) -> None:
        """Something that a host does: later if it stands still, never if it is down."""
        if not node.up:
            return
        if node.paused:
            node.backlog.append(what)
        else:
            what()

    def wake(self, node: Node) -> None:
        """Sets the host's timer anew."""
        node.ticking += 1
        number = node.ticking
        due = node.core.due()

        def tick() -> None:
            if node.ticking == number and node.up and not node.paused:
                node.act(node.core.tick(self.now))
                assert node.core.due() > self.now, f"{node.name} spins"

        heapq.heappush(self._queue, (max(due, self.now), next(self._count), tick))

    def run(self, seconds: float) -> None:
        """Lets time pass."""
        self.until(lambda: False, seconds)

    def until(self, condition: Callable[[], bool], seconds: float, every: float = 0.25) -> bool:
        """Lets time pass until a condition holds; false if it did not in time."""
        end, look = self.now + seconds, self.now
        while self._queue and self._queue[0][0] <= end:
            at, _, what = heapq.heappop(self._queue)
            self.now = at
            what()
            if at >= look:
                look = at + every
                if condition():
                    return True
        self.now = end
        return condition()

    def trace(self, node: str, event: Event) -> None:
        """Takes an event into the digest of the run."""
        self.digest.update(f"{self.now:.9f} {node} {event}\n".encode())

    def believed_dead(self) -> list[tuple[str, str, str]]:
        """False verdicts: who held a living host for dead."""
        living = {n.name for n in self.nodes.values() if n.up}
        return [
            (n.name, e.member, e.data["reason"])
            for n in self.nodes.values()
            for _, e in n.events
            if e.type == "failed" and e.member in living
        ]


class SealedNet(Net):
    """A network whose hosts seal what they say, with one key unless told otherwise."""

    def __init__(self, seed: int = 0, profile: Profile = LAN, loss: float = 0.0) -> None:
        super().__init__(seed, profile, loss)
        self.key = base64.b64encode(self.rng.randbytes(32)).decode()
        self.wire: list[tuple[str, Endpoint, Endpoint, bytes]] = []

    def make(self, name: str, endpoints: tuple[Endpoint, ...], links: Any, **more: Any) -> Core:
        policy = POLICIES[more.pop("encryption", "required")]
        keyring = more.pop("keyring", None) or Keyring(more.pop("keys", [self.key]))
        rng = random.Random(self.rng.getrandbits(64))
        speaks = more.pop("speaks", (OLDEST, NEWEST))
        sealer = Sealer(keyring, more.pop("label", "lab"), policy, speaks)
        channel = Channel(self.now, sealer, lambda: rng.getrandbits(64))
        labels = more.get("labels", {})
        incarnation = more.get("incarnation", 1)
        me = Alive(name, incarnation, endpoints, channel.session, labels, speaks)
        return Core(channel, Swim(self.now, me, self.profile, rng, ROOM, links))

    def send(self, sender: Node, packet: SendPacket) -> None:
        source = next(e for e in sender.endpoints if e.link == packet.to.link)
        self.wire.append((sender.name, source, packet.to, packet.payload))
        super().send(sender, packet)

    def serve(self, target: Node, source: Endpoint, sender: Node, asked: Exchange) -> Any:
        challenge = self.rng.getrandbits(64)
        sent = sender.core.channel.seal_stream(challenge, encode(asked.request))
        try:
            request = _open_stream(target.core, challenge, sent)
        except Unwelcome:
            return None, []
        how = target.core.channel.sealer.how(sent[-1])
        answer, effects = target.core.serve(self.now, source, request, how)
        return (after(sent[-1]), target.core.channel.answer_stream(sent[-1], answer)), effects

    def answer(self, sender: Node, asked: Exchange, answer: Any) -> list[Effect]:
        if answer is None:
            return sender.core.answered(self.now, asked, None)
        to, packets = answer
        try:
            data = _open_stream(sender.core, to, packets)
        except Unwelcome:
            return sender.core.answered(self.now, asked, None)
        how = sender.core.channel.sealer.how(packets[-1])
        return sender.core.answered(self.now, asked, data, how)


def _open_stream(core: Core, to: int, packets: list[bytes]) -> bytes:
    found = b""
    for packet in packets:
        part, _ = core.channel.open_stream(to, packet)
        found += part
        to = after(packet)
    return core.channel.whole_stream(packets[-1], found)
