"""Parts that were read by themselves, put among all those of the last round. Pure.

A part of one document is not always called as in a round: two of one name get a number there
(``redfish.decode``). It is the same one if kind, name and the BMC's own number are, and no other
part has these; what cannot be told apart waits for the round.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from hwagent.model import Sample

_Key = tuple[str, str, str]


def overlaid(all_parts: Sequence[Sample], parts: Sequence[Sample]) -> list[Sample]:
    """The parts of a round, with those in their places that were read since."""
    often = Counter(map(_key, all_parts)) + Counter(map(_key, parts))
    newer = {_key(part): part for part in parts if often[_key(part)] == 2}
    return [_newer(part, newer.get(_key(part))) for part in all_parts]


def _newer(part: Sample, newer: Sample | None) -> Sample:
    return part if newer is None else msgspec.structs.replace(newer, id=part.id)


def _key(part: Sample) -> _Key:
    named = (str(part.attributes.get(key, "")) for key in ("name", "member"))
    name, member = named
    return part.kind, name, member
