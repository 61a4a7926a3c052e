"""What a BMC says of events: what its event service offers, and what an event is about. Pure.

Source: DMTF DSP0266, "Eventing"; DSP0268, EventService, Event.
"""

import re
from typing import Any, NamedTuple

from .document import dig, load, objects, text

#: What one event may name; more than that is seen by the full round.
ORIGINS_MAX = 4
_PATH = re.compile(r"/[!-~]{0,511}")
#: Documents that tell of health and cost one request; what a log holds is no state.
_PART = re.compile(r"/redfish/v1/(Chassis|Systems|Managers)/[A-Za-z0-9._~:%@()/-]{1,400}")
_NO_PART = ("/LogServices/", "/Actions/", "/..", "//")
#: Types of events of old services that are none of health.
_OTHER_TYPES = ("MetricReport",)
_ONLY_EVENTS = "?$filter=EventFormatType%20eq%20Event"


class Offer(NamedTuple):
    """Paths of a service's stream of events and of its subscriptions, empty if it has none; the
    types of events that old ones want listed; ``why`` there is neither."""

    stream: str = ""
    subscriptions: str = ""
    types: tuple[str, ...] = ()
    why: str = ""


def offer(service: Any) -> Offer:
    """What an EventService document offers."""
    if not isinstance(service, dict):
        return Offer(why="it has no event service")
    if service.get("ServiceEnabled") is False:
        return Offer(why="its event service is switched off")
    stream = path(service.get("ServerSentEventUri"))
    if stream and dig(service, "SSEFilterPropertiesSupported", "EventFormatType") is True:
        stream += _ONLY_EVENTS  # and no reports of telemetry
    subscriptions = path(dig(service, "Subscriptions", "@odata.id"))
    why = "" if stream or subscriptions else "its event service offers nothing"
    return Offer(stream, subscriptions, _types(service), why)


def path(value: Any) -> str:
    """A path on the same server, fit to be asked for; empty for anything else."""
    good = isinstance(value, str) and _PATH.fullmatch(value) and not value.startswith("//")
    return value if good else ""


def origins(data: bytes) -> list[str] | None:
    """Paths of the parts that an event is about, as far as they are cheap to read; None for what
    is no event, such as a report of telemetry. Raises ValueError for what is no document at all."""
    document = load(data)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    if not isinstance(document.get("Events"), list):
        return None
    found = (_origin(record) for record in objects(document, "Events"))
    return list(dict.fromkeys(p for p in found if p))[:ORIGINS_MAX]


def wishes(offered: Offer, destination: str, context: str) -> list[dict[str, Any]]:
    """Subscriptions to ask for, one after the other until one is taken: old services insist on
    EventTypes, new ones refuse them (DSP0268, EventDestination 1.5)."""
    wish = {"Destination": destination, "Protocol": "Redfish", "Context": context}
    return [{**wish, "EventTypes": list(offered.types)}, wish] if offered.types else [wish]


def _origin(record: dict[str, Any]) -> str:
    """As an object with a link, or, before Event 1.1, as a text."""
    named = record.get("OriginOfCondition")
    named = named.get("@odata.id") if isinstance(named, dict) else named
    named = named.partition("#")[0].rstrip("/") if isinstance(named, str) else ""
    good = _PART.fullmatch(named) and not any(part in f"{named}/" for part in _NO_PART)
    return named if good else ""


def _types(service: dict[str, Any]) -> tuple[str, ...]:
    listed = service.get("EventTypesForSubscription")
    named = [text({"type": t}, "type") for t in listed[:16]] if isinstance(listed, list) else []
    return tuple(t for t in named if t and t not in _OTHER_TYPES)
