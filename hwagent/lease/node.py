"""One host in one group: its voter and its owner, behind one door."""

from collections.abc import Iterable
from random import Random

from .effects import Effect, Now, Send, Word
from .group import Group
from .messages import Accept, Ack, Heartbeat, Message, Offer, Release
from .owner import Owner
from .voter import Voter


class Node:
    """What a holder drives, and a witness, which just never gets a word of fitness.

    Each host is a voter from its start, though nobody may ask it: when a voter set comes to include
    it, it has been silent for M already and owners need not wait for it.

    Each input returns the effects, to be performed one after the other. ``nonce`` is another one at
    every start. The socket must be bound to the addresses that the voter set has for this host:
    messages to oneself go that way too, so that a copied host does not count its own vote.
    """

    def __init__(self, now: Now, name: str, nonce: int, group: Group, random: Random) -> None:
        self._name = name
        self._nonce = nonce
        self.group = group
        self.owner = Owner(name, nonce, group, random, self._promised)
        self.voter = Voter(now.raw, name, nonce, group)

    def fitness(self, now: Now, word: Word) -> list[Effect]:
        """Takes the agent's word."""
        self.owner.fitness(now, word)
        return self.tick(now)

    def prolong(self, until: float) -> None:
        """The agent's word stands as it is, for longer."""
        self.owner.prolong(until)

    def alone(self, enough: bool) -> None:
        """Takes whether this host's own vote is enough, where one voter is: not while it may be the
        one that is cut off. It is, unless that is said."""
        self.owner.alone(enough)

    def move(self, now: Now, vip: str, successor: str) -> list[Effect]:
        """Offers a VIP to a member, who gets it by accepting; nothing if it is not held here."""
        self.owner.move(now, vip, successor)
        return self.tick(now)

    def close(self, now: Now) -> list[Effect]:
        """Gives everything up."""
        self.owner.close(now)
        return self.tick(now)

    def reconfigure(self, now: Now, group: Group) -> list[Effect]:
        """Takes another configuration of the same group.

        Raises ValueError for a voter set that does not name the present one as the previous one:
        majorities of the two might not meet.
        """
        if not group.follows(self.group):
            raise ValueError("another voter set must declare the present one as the previous one")
        self.group = group
        self.owner.reconfigure(group)
        self.voter.reconfigure(now.raw, group)
        return self.tick(now)

    def receive(self, now: Now, source: str, message: Message) -> list[Effect]:
        """Takes a message that came from an address."""
        if message.group != self.group.name:
            return []
        answer = self._dispatch(now, source, message)
        return [*answer, *self.tick(now)]

    def tick(self, now: Now) -> list[Effect]:
        """Time has passed; to be called at ``due`` at the latest."""
        self.owner.tick(now)
        return self.owner.take()

    def due(self) -> float:
        """When time alone changes something, in seconds of CLOCK_BOOTTIME."""
        return self.owner.due()

    def will(self) -> Release:
        """For the helper: to be sent when this process has died and the gate is shut."""
        return self.owner.will()

    def _dispatch(self, now: Now, source: str, message: Message) -> Iterable[Effect]:
        if isinstance(message, Ack):
            self.owner.ack(now, source, message)
        elif isinstance(message, Heartbeat):
            return self._vote(now, source, message)
        elif isinstance(message, Release):
            self._release(now, message)
        elif isinstance(message, Offer):
            self.owner.offered(now, source, message)
        elif isinstance(message, Accept):
            self.owner.accepted(now, message)
        return ()

    def _vote(self, now: Now, source: str, message: Heartbeat) -> Iterable[Effect]:
        ack = self.voter.heartbeat(now.raw, message)
        freed = self.voter.freed()
        if message.nonce != self._nonce:
            self.owner.freed(now, freed)
            self.owner.contested(self.voter.contested())
        return () if ack is None else (Send(source, ack),)

    def _release(self, now: Now, message: Release) -> None:
        self.voter.release(now.raw, message)
        freed = self.voter.freed()
        if message.nonce == self._nonce:
            return  # what this host gave back, it asks for again at its own time
        if message.claims is None:
            self.owner.freed(now, freed)
        else:
            self.owner.released(now, message)

    def _promised(self, now: Now, vip: str) -> float:
        """A host that has just started asks for nothing before it may vote: it knows too little."""
        return max(self.voter.silence(now.raw), self.voter.left(now.raw, vip, self._nonce))
