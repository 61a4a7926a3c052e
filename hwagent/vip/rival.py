"""Another machine that says an address is its own which is held here. Pure."""

import math
from typing import NamedTuple

import msgspec

#: Seconds after an address was taken in which the host before may still be heard: what was under
#: way, and what waited here to be read.
SETTLING = 1.0
#: Seconds between two answers to it: neighbours ignore a second change within one (``locktime``).
DEFENCE = 1.1
#: Seconds without a word of it after which it is over.
CALM = 60.0


class Answer(NamedTuple):
    """What follows from hearing one: whether it is news, and whether the neighbours are told again
    whose the address is."""

    news: bool
    defend: bool


class Rival(msgspec.Struct):
    """The last one that was heard: its MAC address, and who that is; how often any was heard."""

    mac: str = ""
    who: str = ""
    count: int = 0
    until: float = -math.inf
    defended_at: float = -math.inf

    def heard(self, now: float, mac: str, who: str) -> Answer:
        """Notes that it was heard."""
        news = mac != self.mac or now >= self.until
        defend = now - self.defended_at >= DEFENCE
        self.mac, self.who, self.until = mac, who, now + CALM
        self.count += 1
        if defend:
            self.defended_at = now
        return Answer(news, defend)

    def told(self, now: float) -> str:
        """Who it is, in words; empty if all is calm."""
        return f"{self.mac}, {self.who}" if now < self.until else ""
