"""What the agent and the process that polls switches say to each other."""

import msgspec

from hwagent.config.switches import Switch
from hwagent.model import Sample


class Orders(msgspec.Struct, frozen=True):
    """Agent: what is to be polled, and where the user's own makers are."""

    switches: list[Switch]
    makers: list[str] = []


class Polled(msgspec.Struct, frozen=True):
    """Poller: what one poll of a switch found; ``why`` says why there is nothing."""

    name: str
    answered: bool
    samples: list[Sample] = []
    why: str = ""
