"""What the agent and the process that hears BMCs say to each other: JSON, one message a line."""

from typing import Any, Literal

import msgspec

from hwagent.config.bmcs import Bmc, Events
from hwagent.model import Sample

#: No line is longer: a document tells of a few hundred parts at most.
MESSAGE_MAX = 8 << 20
#: How a BMC's events come: along a stream that we hold, pushed to our port, not at all (it offers
#: nothing that we may use), not now, though they could, or to another host, which tells us.
Way = Literal["stream", "push", "none", "broken", "elsewhere"]


class Orders(msgspec.Struct, frozen=True, tag=True):
    """Agent, first: which BMCs are to be heard, where their events may be pushed to, who we are."""

    bmcs: list[Bmc]
    events: Events
    host: str


class Look(msgspec.Struct, frozen=True, tag=True):
    """A BMC has told of an event, or may have while it was not heard. ``parts`` are those that the
    event named, as they are now."""

    name: str
    parts: list[Sample] = []


class Hearing(msgspec.Struct, frozen=True, tag=True):
    """How a BMC is heard and why not, how many events came, and when its stream last said anything
    (CLOCK_BOOTTIME; 0: never)."""

    name: str
    way: Way
    why: str = ""
    events: int = 0
    heard: float = 0.0


class Dropped(msgspec.Struct, frozen=True, tag=True):
    """How many requests at the port of events were dropped so far, by reason; ``problem`` is why
    that port could not be opened."""

    reasons: dict[str, int] = {}
    problem: str = ""


FromEars = Look | Hearing | Dropped


def _plain(type: type, value: Any) -> Any:
    """Durations travel as plain numbers of seconds."""
    return type(value)


orders: msgspec.json.Decoder[Orders] = msgspec.json.Decoder(Orders, dec_hook=_plain)
from_ears: msgspec.json.Decoder[FromEars] = msgspec.json.Decoder(FromEars)


def sent(message: Orders | FromEars) -> bytes:
    """A message as it is sent."""
    return msgspec.json.encode(message, enc_hook=float) + b"\n"
