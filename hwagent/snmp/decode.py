"""``hwagent decode snmprec`` and ``snmpwalk``: recorded walks, as the poller would see them."""

from collections.abc import Callable

from hwagent.config import ConfigError
from hwagent.model import Sample

from .makers import shipped_makers
from .printed import parse_printed
from .recorded import parse_recording
from .switch import samples
from .walk import Walk


def recording(data: bytes) -> list[Sample]:
    """A recording of snmpsim. Never raises."""
    return _decode(parse_recording, data)


def printed(data: bytes) -> list[Sample]:
    """Output of snmpwalk or snmpbulkwalk. Never raises."""
    return _decode(parse_printed, data)


def _decode(parse: Callable[[bytes], Walk], data: bytes) -> list[Sample]:
    try:
        return samples(parse(data), shipped_makers())
    except ConfigError as e:
        return [Sample(id="switch:unknown", kind="switch", unreadable=str(e))]
