"""What the sans-IO core wants done, and what it wants known."""

from typing import Any, NamedTuple

from .messages import Endpoint, Message


class SendPacket(NamedTuple):
    """One datagram to a member (``name`` empty: whoever listens there) over the endpoint's link."""

    name: str
    to: Endpoint
    payload: bytes


class Exchange(NamedTuple):
    """One request over a stream; the answer comes back under the same number."""

    number: int
    name: str
    to: Endpoint
    request: Message
    timeout: float


class Event(NamedTuple):
    """Something that people and the rest of the agent want to know."""

    type: str
    member: str
    data: dict[str, Any]


class Spread(NamedTuple):
    """To be told to everybody: goes into the queue of broadcasts."""

    subject: str
    message: Message


class Tell(NamedTuple):
    """To be told to one host at once, wherever the table says it is."""

    name: str
    message: Message
    endpoints: tuple[Endpoint, ...]


Effect = SendPacket | Exchange | Event
Consequence = Spread | Tell | Event
