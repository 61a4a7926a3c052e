"""Texts of ``key : value`` under headings, as sas3ircu, arcconf and ssacli print them. Pure."""

import re
from collections.abc import Iterator, Sequence

#: A heading's pattern, and what begins with it; its first group is the name.
Heading = tuple[re.Pattern[str], str]
Block = dict[str, str]
#: More than any controller has.
BLOCKS_MAX = 4096


def blocks(content: str, headings: Sequence[Heading]) -> Iterator[tuple[str, str, Block]]:
    """What begins with each heading: its kind, its name, its keys; of one key the first counts."""
    kind, name, block, count = "", "", Block(), 0
    for line in content.splitlines():
        found = next(((k, m) for pattern, k in headings if (m := pattern.fullmatch(line))), None)
        if found and count < BLOCKS_MAX:
            if kind:
                yield kind, name, block
            kind, name, block = found[0], found[1][1].strip() if found[1].groups() else "", Block()
            count += 1
            continue
        key, colon, value = line.partition(":")
        if colon and kind:
            block.setdefault(" ".join(key.split()), value.strip())
    if kind:
        yield kind, name, block
