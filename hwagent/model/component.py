"""Components: the things that can fail, and what one look at one of them found."""

from typing import Any

import msgspec

from .health import Health
from .metric import Value


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What one collector found at one component in one look.

    Several collectors may report the same id (sysfs and SMART of one disk): their attributes and
    metrics are joined. ``attributes`` say what it is (model, serial, address) and hardly change;
    ``metrics`` say how it is and are what rules judge. ``problems`` names each metric that is
    there but could not be read, with the reason. ``unreadable`` says why the component as a whole
    cannot be judged: its health is then unknown, never ok. A ``partial`` look (a disk sleeps and
    was not woken) leaves what it does not mention as it was.
    """

    id: str
    kind: str
    attributes: dict[str, Any] = {}
    metrics: dict[str, Value] = {}
    problems: dict[str, str] = {}
    unreadable: str = ""
    partial: bool = False


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A component as the agent knows it now; the shape that the API and the CLI show."""

    id: str
    kind: str
    health: Health
    reason: str
    attributes: dict[str, Any]
    metrics: dict[str, Value]
