"""What the organs of the core hand out: packets filled up with news, exchanges, events."""

from collections.abc import Callable, Iterable
from itertools import count

from .broadcast import Broadcasts, Class
from .codec import encode
from .compound import LENGTH, TooLarge, pack
from .effects import Effect, Event, Exchange, SendPacket, Spread, Tell
from .messages import Endpoint, Message


class Outbox:
    """Collects the effects of one input. ``room`` is the payload that fits into a packet."""

    def __init__(self, room: int, me: str, limit: Callable[[], int]) -> None:
        self.room = room
        self.news = Broadcasts()
        self.oversize = 0
        self._me = me
        self._limit = limit
        self._effects: list[Effect] = []
        self._numbers = count(1)

    def take(self) -> list[Effect]:
        """All effects since the last call."""
        found, self._effects = self._effects, []
        return found

    def number(self) -> int:
        """A number that no other request of this life has."""
        return next(self._numbers)

    def packet(self, name: str, to: Endpoint, *messages: Message) -> None:
        """One packet; what room is left goes to news. Nothing is sent if it would be empty."""
        parts = [encode(m) for m in messages]
        left = self.room - sum(len(p) + LENGTH for p in parts)
        parts += self.news.take(left, self._limit())
        if parts:
            self._effects.append(SendPacket(name, to, pack(parts)))

    def exchange(self, number: int, name: str, to: Endpoint, said: Message, wait: float) -> None:
        """One request over a stream."""
        self._effects.append(Exchange(number, name, to, said, wait))

    def events(self, events: Iterable[Event]) -> None:
        """Things to be known."""
        self._effects.extend(events)

    def check(self, message: Message) -> None:
        """Raises TooLarge for what fits into no packet."""
        size = len(encode(message)) + LENGTH
        if size > self.room:
            raise TooLarge(f"{size} bytes, and a packet holds {self.room}")

    def spread(self, subject: str, message: Message, of: Class = Class.MEMBERS) -> None:
        """News for everybody; what others said and fits into no packet goes no further."""
        data = encode(message)
        if len(data) + LENGTH > self.room:
            self.oversize += 1
        else:
            self.news.add(subject, data, of)

    def follow(self, consequences: Iterable[Spread | Tell | Event]) -> None:
        """What followed from something that was said."""
        for one in consequences:
            match one:
                case Spread(subject, message):
                    of = Class.OWN if subject == self._me else Class.MEMBERS
                    self.spread(subject, message, of)
                case Tell(name, message, endpoints):
                    if endpoints:
                        self.packet(name, endpoints[0], message)
                case Event():
                    self._effects.append(one)
