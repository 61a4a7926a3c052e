"""What is said of virtual IPs besides what the holder knows. Pure."""

from collections.abc import Iterable
from typing import Any

from hwagent.config import Config
from hwagent.config.groups import unsafe

from .fitness import Verdict


def label(config: Config, verdict: Verdict, vips: Iterable[dict[str, Any]]) -> None:
    """Adds to rows of virtual IPs why they are unsafe (empty if they are not), and to those of
    groups that nobody holds that this host is unfit, if it is."""
    reasons = {group.name: unsafe(group) for group in config.groups}
    for vip in vips:
        vip["unsafe"] = reasons.get(vip["group"], "")
        if vip["group"] and vip["state"] == "released" and not vip["holder"] and not verdict.fit:
            vip["reason"] = f"unfit: {verdict.reason}"
