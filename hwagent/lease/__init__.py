"""One owner for each virtual IP, by majority leases: voters, owners, and what they say.

Nothing in here has a clock, a socket, a file or randomness: ``Node`` takes what was received and
the time, and returns effects. The protocol is described rule by rule in ``voter.py`` and
``owner.py``; ``make sim`` tries it, ``make sim-mutants`` breaks each rule and sees that it shows.

Where the simulation or an argument has corrected the design (LEASE.md):

- The sending of a heartbeat is known by its number, not by its time: two can be sent at one reading
  of the clock, and an ack of the first would count for a claim that only the second has.
- An ack counts for the lease that its heartbeat asked for, not for the one configured since, and a
  heartbeat of a shorter lease takes nothing from a promise made for a longer one.
- The end of a lease is taken on CLOCK_BOOTTIME when the heartbeat is sent. Converting from RAW when
  the ack comes is wrong over a suspend, in which RAW stands still.
- The previous voter set is dropped by the voters M after the order, and by an owner when a majority
  of the new set has dropped it: leases of the previous set alone may live so long.
- A host votes from its start, though nobody may ask it, or a new voter set is silent at first. It
  asks for nothing until it may vote.
- A candidate that failed leaves its epoch with the voters that granted it. An owner with a lower
  one takes a higher one, or those voters refuse it for as long as it owns.
- A planned move is offered before it is released: whether the successor is willing the owner cannot
  know for certain, and a VIP released to one that is not was silent until another asked for it.
- A round against a rival is cut short: where a third voter is silent, two candidates with a vote
  each kept each other out for ever.

What it cannot do: tell voter sets apart that have each a majority of their own. A host whose list
is itself alone owns everything, and so does each side of a network cut between a host and its copy
with the same address; whoever compares what members believe (gossip) must raise the alarm. A copy
of a running process (a snapshot of a virtual machine started twice) has even the boot nonce.
Epochs grow over a restart of voters only if the hosts' wall clocks agree to within M.
"""

from .effects import (
    AddAddress,
    Announce,
    DelAddress,
    Effect,
    Now,
    Report,
    Send,
    SetGate,
    Standing,
    Word,
)
from .group import Electorate, Group
from .messages import Malformed, decode, encode
from .node import Node

__all__ = [
    "AddAddress",
    "Announce",
    "DelAddress",
    "Effect",
    "Electorate",
    "Group",
    "Malformed",
    "Node",
    "Now",
    "Report",
    "Send",
    "SetGate",
    "Standing",
    "Word",
    "decode",
    "encode",
]
