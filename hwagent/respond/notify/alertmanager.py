"""Alertmanager itself, by its API: each one of a cluster is told, none is trusted to tell others.

Source: prometheus/alertmanager, api/v2/openapi.yaml and docs/high_availability.md.
"""

import re
from typing import Any

from .message import Item, Message, annotations, labels, rfc3339
from .post import post
from .receivers import UrlOptions

OPTIONS = UrlOptions
_PATH = "/api/v2/alerts"
_NAME = re.compile(r"[^a-zA-Z0-9_]")


def deliver(options: UrlOptions, message: Message) -> str:
    """POSTs all alerts."""
    base = options.url.rstrip("/")
    return post(options, base if base.endswith(_PATH) else base + _PATH, document(message))


def document(message: Message) -> list[dict[str, Any]]:
    """An array of postableAlert. One that fires ends by itself unless it is told again in time."""
    return [_alert(item, message.host) for item in message.alerts]


def _alert(item: Item, host: str) -> dict[str, Any]:
    alert: dict[str, Any] = {
        "labels": {_NAME.sub("_", k): v for k, v in labels(item, host).items()},
        "annotations": annotations(item),
        "startsAt": rfc3339(item.since),
    }
    if item.ended:
        alert["endsAt"] = rfc3339(item.ended)
    return alert
