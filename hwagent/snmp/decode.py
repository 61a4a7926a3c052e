"""``hwagent decode snmprec`` and ``snmpwalk``: recorded walks, as the poller would see them."""

from collections.abc import Callable

from hwagent.config import ConfigError
from hwagent.model import Sample

from .makers import Makers, shipped_makers
from .printed import parse_printed
from .recorded import parse_recording
from .switch import samples
from .walk import Walk


def recording(data: bytes, makers: Makers | None = None) -> list[Sample]:
    """A recording of snmpsim, read with the shipped makers' tables or others. Never raises."""
    return _decode(parse_recording, data, makers)


def printed(data: bytes, makers: Makers | None = None) -> list[Sample]:
    """Output of snmpwalk or snmpbulkwalk, alike. Never raises."""
    return _decode(parse_printed, data, makers)


def _decode(parse: Callable[[bytes], Walk], data: bytes, makers: Makers | None) -> list[Sample]:
    try:
        return samples(parse(data), makers or shipped_makers())
    except ConfigError as e:
        return [Sample(id="switch:unknown", kind="switch", unreadable=str(e))]
