"""What is wrong with virtual router ids that types cannot say."""

from .schema import Config
from .source import Source

#: RFC 5798, 5.2.3.
_MOST = 255


def check_routers(source: Source, config: Config) -> None:
    """Raises ConfigError for an id that is none, or that two addresses of a family share: both
    would have one MAC address, and that can be at one host only."""
    found: dict[tuple[int, bool], str] = {}
    for index, vip in enumerate(config.vips):
        at = ("vips", index, "router_id")
        if not 0 <= vip.router_id <= _MOST:
            what = f"expected a virtual router id from 1 to {_MOST}, or 0, not {vip.router_id}"
            raise source.error(at, what)
        other = found.setdefault((vip.router_id, ":" in vip.address), vip.address)
        if vip.router_id and other != vip.address:
            what = f"{other} has the virtual router id {vip.router_id} too"
            raise source.error(at, what, "each address needs one of its own")
