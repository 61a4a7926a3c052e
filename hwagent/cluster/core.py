"""One member without hands: the sealed channel and what is behind it. No clock, no socket.

What goes in and out here is what is on the wire. Nothing reaches the membership that the channel
did not find authentic, fresh and meant for this life of this member.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from hwagent.seal.channel import Channel
from hwagent.seal.keyring import KeyProblem
from hwagent.seal.sealer import Sealed

from .codec import CodecError, decode, encode
from .effects import Effect, Event, Exchange, SendPacket
from .messages import AnyMessage, Endpoint, Keys, Sync, Value
from .swim import Swim

#: Events after which the hosts of members are another set.
_MOVES = ("joined", "updated", "returned", "forgotten")


class Core:
    """Channel and membership of one member."""

    def __init__(self, channel: Channel, swim: Swim) -> None:
        self.channel = channel
        self.swim = swim
        self._hosts: set[str] = set()

    # Inputs

    def receive(self, now: float, source: Endpoint, packet: bytes) -> list[Effect]:
        """A packet that arrived on a link, whoever sent it."""
        known = source.host in self._hosts
        address = (source.host, source.port)
        got = self.channel.open(now, address, packet, known)
        found: list[Effect] = [SendPacket("", source, reply) for reply in got.replies]
        if got.payload is not None:
            found += self._out(now, self.swim.receive(now, source, got.payload))
        return found

    def serve(
        self, now: float, source: Endpoint, request: bytes, how: Sealed
    ) -> tuple[bytes, list[Effect]]:
        """A whole and fresh request over a stream; the answer is empty if it made no sense."""
        said = self._decode(request)
        if said is None:
            return b"", []
        if isinstance(said, Keys):
            return encode(self._own_keys()), self._adopt(said, how)
        answer, effects = self.swim.serve(now, source, said)
        if isinstance(answer, Sync) and how is Sealed.OLD:
            answer = replace(answer, keys=self._own_keys())
        return encode(answer) if answer else b"", self._out(now, effects)

    def answered(
        self, now: float, asked: Exchange, answer: bytes | None, how: Sealed = Sealed.NOT
    ) -> list[Effect]:
        """The whole and fresh answer to an exchange, or None."""
        said = self._decode(answer) if answer else None
        found: list[Effect] = []
        if isinstance(said, Keys):
            found += self._adopt(said, how)
        elif isinstance(said, Sync) and said.keys is not None:
            found += self._adopt(said.keys, how)
        elif isinstance(said, Sync) and how is Sealed.OLD:
            found.append(self._tell_keys(asked.name, asked.to))
        effects = self.swim.answered(now, asked.number, asked.to, said)
        return found + self._out(now, effects)

    def tick(self, now: float) -> list[Effect]:
        """Time has passed."""
        return self._out(now, self.swim.tick(now))

    def due(self) -> float:
        """When ``tick`` is to be called next."""
        return self.swim.due()

    def join(self, now: float, endpoints: Iterable[Endpoint]) -> list[Effect]:
        """Calls hosts that may be members."""
        return self._out(now, self.swim.join(now, endpoints))

    def leave(self, now: float) -> list[Effect]:
        """Says goodbye."""
        return self._out(now, self.swim.leave(now))

    def publish(self, now: float, values: Mapping[str, Value]) -> list[Effect]:
        """This member's status. Raises TooLarge, and changes nothing."""
        return self._out(now, self.swim.publish(now, values))

    def tell(self, now: float, name: str, subject: str, data: bytes) -> list[Effect]:
        """A letter to one member."""
        return self._out(now, self.swim.tell(name, subject, data))

    # Keys

    def change_keys(self, change: Callable[[], None]) -> list[Effect]:
        """A change to the keyring, told to every member. Raises KeyProblem, and changes nothing.

        A change that takes the sealing key of others away is made by them first: see ``use``.
        """
        change()
        found: list[Effect] = [Event("keys_changed", self.swim.members.me.name, {})]
        for member in self.swim.members.others():
            to = self.swim.paths.best(member.name, member.endpoints)
            if not member.gone and to is not None:
                found.append(self._tell_keys(member.name, to))
        return found

    def counters(self) -> Counter[str]:
        """What was dropped, by reason."""
        return self.channel.counters + self.swim.counters

    # Inside

    def _out(self, now: float, effects: list[Effect]) -> list[Effect]:
        if self.channel.session != self.swim.members.me.alive.session:
            alive = replace(self.swim.members.me.alive, session=self.channel.session)
            effects = effects + self.swim.announce(now, alive)
        return [self._seal(now, effect) for effect in effects]

    def _seal(self, now: float, effect: Effect) -> Effect:
        if isinstance(effect, Event) and effect.type in _MOVES:
            members = self.swim.members.others()
            self._hosts = {e.host for m in members for e in m.endpoints}
        if not isinstance(effect, SendPacket):
            return effect
        member = self.swim.members.get(effect.name)
        guess = member.alive.session if member else 0
        ours = self.channel.sealer.speaks
        version = common(ours, member.alive.speaks) if member else ours[0]
        address = (effect.to.host, effect.to.port)
        return effect._replace(
            payload=self.channel.seal(now, address, effect.payload, version, guess)
        )

    def _own_keys(self) -> Keys:
        ring = self.channel.sealer.keyring
        return Keys(ring.version, ring.texts() if self.sealed else ())

    @property
    def sealed(self) -> bool:
        """Whether what this member says is sealed."""
        return self.channel.sealer.policy.seal and bool(self.channel.sealer.keyring)

    def _tell_keys(self, name: str, to: Endpoint) -> Exchange:
        wait = self.swim.profile.tcp_timeout
        return Exchange(self.swim.out.number(), name, to, self._own_keys(), wait)

    def _adopt(self, said: Keys, how: Sealed) -> list[Effect]:
        """Takes a keyring that came under a seal; without one it could be anybody's."""
        ring = self.channel.sealer.keyring
        try:
            changed = how is not Sealed.NOT and ring.adopt(said.keys, said.version)
        except KeyProblem:
            self.channel.counters["malformed"] += 1
            return []
        return [Event("keys_changed", self.swim.members.me.name, {})] if changed else []

    def _decode(self, data: bytes) -> AnyMessage | None:
        try:
            return decode(data)
        except CodecError:
            self.channel.counters["malformed"] += 1
            return None


def common(ours: tuple[int, int], theirs: tuple[int, int]) -> int:
    """The newest version that both sides speak; our oldest if there is none."""
    return max(min(theirs[1], ours[1]), ours[0])
