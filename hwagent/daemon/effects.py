"""What the agent's core asks its shell to do."""

from typing import Any

import msgspec

from hwagent.journal import Record
from hwagent.respond import Run
from hwagent.respond.notify import Delivery


class Write(msgspec.Struct, frozen=True):
    """Put a record into the journal; lost rather than waited for."""

    record: Record


class Publish(msgspec.Struct, frozen=True):
    """Tell whoever listens."""

    type: str
    component: str
    data: Any


class Changed(msgspec.Struct, frozen=True):
    """A component's readings are new, or it is forgotten: what was made of them is stale."""

    component: str


class Perform(msgspec.Struct, frozen=True):
    """Journal the intent, then have the helper run the verbs, then report back."""

    step: Run


class Deliver(msgspec.Struct, frozen=True):
    """Hand a message to one receiver."""

    delivery: Delivery


class TellHolder(msgspec.Struct, frozen=True):
    """The host is fit to hold virtual IPs, or why not."""

    fit: bool
    reason: str


class Hurry(msgspec.Struct, frozen=True):
    """Look again now at what may have changed."""

    collector: str
    target: str = ""


Effect = Write | Publish | Changed | Perform | Deliver | TellHolder | Hurry
