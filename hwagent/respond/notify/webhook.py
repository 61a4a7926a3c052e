"""Alertmanager's webhook: dozens of receivers understand it.

Source: prometheus/alertmanager, notify/webhook and template (version 4).
"""

from typing import Any

from .message import Item, Message, annotations, fingerprint, labels, rfc3339
from .post import post
from .receivers import UrlOptions

OPTIONS = UrlOptions


def deliver(options: UrlOptions, message: Message) -> str:
    """POSTs all alerts as one group."""
    return post(options, options.url, document(message))


def document(message: Message) -> dict[str, Any]:
    """The JSON document; the alerts of one host are one group."""
    alerts = [_alert(item, message.host) for item in message.alerts]
    return {
        "version": "4",
        "groupKey": f'{{}}:{{host="{message.host}"}}',
        "truncatedAlerts": 0,
        "status": message.status,
        "receiver": message.receiver,
        "groupLabels": {"host": message.host},
        "commonLabels": _common([a["labels"] for a in alerts]),
        "commonAnnotations": _common([a["annotations"] for a in alerts]),
        "externalURL": "",
        "alerts": alerts,
    }


def _alert(item: Item, host: str) -> dict[str, Any]:
    known = labels(item, host)
    return {
        "status": item.status,
        "labels": known,
        "annotations": annotations(item),
        "startsAt": rfc3339(item.since),
        "endsAt": rfc3339(item.ended if item.status == "resolved" else 0),
        "generatorURL": "",
        "fingerprint": fingerprint(known),
    }


def _common(maps: list[dict[str, str]]) -> dict[str, str]:
    first, *others = maps
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
