"""Names that tell parts apart and stay the same: makers give many parts one name."""

from collections import Counter
from collections.abc import Sequence

from hwagent.collect.identity import safe

from .entities import Entities, Entity, ancestors

#: What people know the place of: a sensor's supply, module or port.
_PLACES = ("chassis", "module", "powerSupply", "fan", "port", "cpu")
#: Prefix of the id, name, entity.
Named = tuple[str, str, Entity | None]


def id_part(name: str) -> str:
    """A name as a part of an id; slashes stay, as people know ports by them."""
    return "/".join(safe(part) for part in name.split("/")) or "_"


def told_apart(parts: Sequence[Named], entities: Entities) -> list[str]:
    """A name for each part: its own; if others have it too, with what the part is in; if that does
    not tell them apart either, with its number in ENTITY-MIB, or in the order found."""
    plain = [name for _, name, _ in parts]
    placed = [_placed(name, entity, entities) for _, name, entity in parts]
    own = Counter((prefix, name.casefold()) for prefix, name, _ in parts)
    near = Counter((parts[n][0], name.casefold()) for n, name in enumerate(placed))
    names, used = [], Counter[tuple[str, str]]()
    for n, (prefix, _, entity) in enumerate(parts):
        name = plain[n]
        if own[prefix, name.casefold()] > 1:
            name = placed[n]
            if near[prefix, name.casefold()] > 1:
                name = f"{name}-{entity.number}" if entity else name
        used[prefix, name.casefold()] += 1
        again = used[prefix, name.casefold()]
        names.append(name if again == 1 else f"{name}-{again}")
    return names


def _placed(name: str, entity: Entity | None, entities: Entities) -> str:
    above = ancestors(entities, entity.number) if entity else []
    place = next((e.label for e in above if e.kind in _PLACES and e.label != name), "")
    return f"{place}/{name}" if place else name
