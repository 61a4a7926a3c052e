"""What the agent and the process that polls switches say to each other: MessagePack, each message
with its length before it."""

from typing import Any, Literal

import msgspec

from hwagent.config.switches import Switch, Traps
from hwagent.helper.protocol import framed
from hwagent.model import Sample

#: What this host does about a switch: reads all of it, only asks whether it is there, or nothing.
Role = Literal["poll", "check", "rest"]


class Orders(msgspec.Struct, frozen=True, tag=True):
    """Agent, first: what is to be polled, where the user's own makers are, where traps come to."""

    switches: list[Switch]
    makers: list[str] = []
    traps: Traps = Traps()


class Roles(msgspec.Struct, frozen=True, tag=True):
    """Agent: what to do about each switch from now on; those that are not named are polled."""

    roles: dict[str, Role]


class Hurry(msgspec.Struct, frozen=True, tag=True):
    """Agent: another host heard a trap of this switch, or somebody calls some of its ports (their
    ids) down."""

    name: str
    down: list[str] = []


class Locate(msgspec.Struct, frozen=True, tag=True):
    """Agent: addresses of cards; behind which ports are they?"""

    addresses: list[str]


class Polled(msgspec.Struct, frozen=True, tag=True):
    """Poller: what one poll of a switch found; ``why`` says why there is nothing. ``same`` are the
    ids of components that are as they were told of last."""

    name: str
    answered: bool
    samples: list[Sample] = []
    why: str = ""
    same: list[str] = []


class Checked(msgspec.Struct, frozen=True, tag=True):
    """Poller: whether a switch that another host polls answers here too."""

    name: str
    answered: bool


class Trapped(msgspec.Struct, frozen=True, tag=True):
    """Poller: a trap of this switch came."""

    name: str
    oid: str


class Dropped(msgspec.Struct, frozen=True, tag=True):
    """Poller: how many datagrams at the port of traps were dropped so far, by reason; ``problem``
    is why that port could not be opened, or what else of the configuration does not count."""

    reasons: dict[str, int] = {}
    problem: str = ""


ToPoller = Orders | Roles | Hurry | Locate
FromPoller = Polled | Checked | Trapped | Dropped


def _plain(type: type, value: Any) -> Any:
    """Durations travel as plain numbers of seconds."""
    return type(value)


to_poller: msgspec.msgpack.Decoder[ToPoller] = msgspec.msgpack.Decoder(ToPoller, dec_hook=_plain)
from_poller: msgspec.msgpack.Decoder[FromPoller] = msgspec.msgpack.Decoder(FromPoller)


def sent(message: ToPoller | FromPoller) -> bytes:
    """A message as it is sent."""
    return framed(msgspec.msgpack.encode(message, enc_hook=float))
