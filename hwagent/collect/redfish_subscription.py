"""A subscription of ours at a BMC that pushes events: made, looked after, taken back.

Source: DMTF DSP0266, "Eventing"; DSP0268, EventDestination.
"""

import json
from typing import NamedTuple
from urllib.parse import urlsplit

from .document import objects, text
from .redfish_event import Offer, path, wishes
from .redfish_talk import Answer, Talk

#: What a BMC's list may make us read; most take fewer than a dozen.
_SUBSCRIPTIONS_MAX = 64
#: States of one that sends nothing any more.
_ASLEEP = ("Disabled", "StandbyOffline", "UnavailableOffline")


class Refused(ValueError):
    """The BMC answered, and does not want to."""


class Ours(NamedTuple):
    """What a subscription of ours looks like: where it sends to, how all of ours begin, and the
    context, which says who we are."""

    destination: str
    prefix: str
    context: str


async def subscribe(talk: Talk, offered: Offer, ours: Ours) -> str:
    """Has events sent; returns the path of the subscription. Those that an earlier life of this
    agent left behind are taken back first. Raises Refused, OSError and ValueError."""
    await take_back(talk, offered, ours)
    answer = Answer(0, {}, b"")
    for wish in wishes(offered, ours.destination, ours.context):
        answer = await talk.ask("POST", offered.subscriptions, json.dumps(wish).encode())
        if answer.status != 400:
            break
    if not 200 <= answer.status < 300:
        raise Refused(f"HTTP {answer.status} to our wish to be told of events")
    made = _place(answer) or next(iter(await _left_behind(talk, offered, ours)), "")
    if not made:
        raise Refused("it does not say where our subscription is")
    return made


async def alive(talk: Talk, subscription: str) -> bool:
    """Whether the BMC still has it, and sends. Raises OSError and ValueError."""
    answer = await talk.ask("GET", subscription)
    if answer.status == 404 or answer.status == 410:
        return False
    if answer.status != 200:
        raise ValueError(f"{subscription}: HTTP {answer.status}")
    return text(answer.document(), "Status", "State") not in _ASLEEP


async def unsubscribe(talk: Talk, subscription: str) -> None:
    """Takes one back; one that is gone is as good. Raises OSError and ValueError."""
    await talk.ask("DELETE", subscription)


async def take_back(talk: Talk, offered: Offer, ours: Ours) -> None:
    """Takes back all of ours, whatever their paths. Raises OSError and ValueError."""
    for left in await _left_behind(talk, offered, ours):
        await unsubscribe(talk, left)


async def _left_behind(talk: Talk, offered: Offer, ours: Ours) -> list[str]:
    """Paths of the subscriptions that are ours by their context and destination."""
    found = []
    collection = await talk.get(offered.subscriptions)
    for member in objects(collection, "Members")[:_SUBSCRIPTIONS_MAX]:
        place = path(member.get("@odata.id"))
        document = await talk.get(place) if place and set(member) == {"@odata.id"} else member
        same = text(document, "Context") == ours.context
        if place and same and text(document, "Destination").startswith(ours.prefix):
            found.append(place)
    return found


def _place(answer: Answer) -> str:
    """Where the BMC has put it: a header, or what the answer holds."""
    place = path(urlsplit(answer.headers.get("location", "")).path)
    return place or path(text(answer.document(), "@odata.id")) if answer.status == 201 else place
