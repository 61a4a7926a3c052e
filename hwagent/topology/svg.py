"""A drawing of the racks: ``hwagent topology -o svg``. Pure.

Each rack is a card, its switches on top and its hosts below; each power supply has the colour of
its feed, each network card that of its switch: two alike beside each other are redundancy that is
none. What takes an address down alone has a red ring, what does not work is struck out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .floor import Box, Floor, Plug, Rack, floor

_CARD, _GAP, _MARGIN, _ROW, _HEAD = 380, 20, 28, 30, 52
#: Cards side by side.
_COLUMNS = 4
#: Colours that are told apart with every kind of eyes, in this order; red is kept for trouble.
_COLOURS = ("#2a78d6", "#eda100", "#1baf7a", "#4a3aa7", "#eb6834", "#008300", "#e87ba4")
#: The first colour of feeds: others than those of the first switches.
_FEEDS = 3
#: So many power supplies, cards and groups of one host are drawn; letters that are worth drawing.
_PLUGS, _GROUPS, _LEAST = 4, 3, 5
#: Letters of an address and its group.
_PILL = 40
#: The mean width of a letter, of the usual size, of the small one, and of a name in a wide font.
_LETTER, _SMALL, _WIDE = 7.0, 6.0, 7.6
#: So many single points of failure are named, more are counted.
_NAMED = 4
_GREEN = "#0ca30c"
_RED, _INK, _SOFT, _LINE, _PAPER, _BACK = (
    "#d03b3b", "#1c2733", "#66727f", "#d9dee3", "#ffffff", "#f4f6f8",
)  # fmt: skip


def svg(topology: Mapping[str, Any]) -> str:
    """The drawing of what the API tells."""
    picture = _Picture(floor(topology["components"]), topology["components"])
    return picture.drawn()


class _Picture:
    def __init__(self, plan: Floor, components: Iterable[Mapping[str, Any]]) -> None:
        self._plan = plan
        self._alone = [c["id"] for c in components if c["alone"]]
        self._columns = max(1, min(_COLUMNS, len(plan.racks)))
        self._width = max(640, 2 * _MARGIN + self._columns * (_CARD + _GAP) - _GAP)
        self._feeds = _coloured(sorted(plan.feeds), _FEEDS)
        self._groups = _coloured(sorted(plan.groups))
        self._switches: dict[str, str] = {}
        for rack in plan.racks:
            self._switches |= _coloured(s.id for s in rack.switches)

    def drawn(self) -> str:
        """The whole text."""
        body, y = self._title()
        for part in (self._vips, self._racks, self._legend):
            lines, y = part(y)
            body += lines
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self._width}" height="{y}" '
            f'viewBox="0 0 {self._width} {y}" font-family="Inter, system-ui, Helvetica, Arial, '
            f'sans-serif" font-size="13" fill="{_INK}">'
        )
        ground = f'<rect width="100%" height="100%" fill="{_BACK}"/>'
        return "\n".join([head, ground, *body, "</svg>"])

    def _title(self) -> tuple[list[str], int]:
        hosts = sum(len(r.hosts) for r in self._plan.racks)
        switches = sum(len(r.switches) for r in self._plan.racks)
        counted = [
            _counted(hosts, "host", "hosts"),
            _counted(switches, "switch", "switches"),
            _counted(len(self._plan.vips), "address", "addresses"),
        ]
        lines = [
            _text(_MARGIN, 38, "What hangs on what", size=20, weight=600),
            _text(_MARGIN, 60, ", ".join(counted), fill=_SOFT),
        ]
        words = _counted(len(self._alone), "single point of failure", "single points of failure")
        if 0 < len(self._alone) <= _NAMED:
            words += f": {', '.join(self._alone)}"
        colour, y = _RED if self._alone else _SOFT, 80
        words = _cut(words, int((self._width - 2 * _MARGIN) / _LETTER))
        return [*lines, _text(_MARGIN, y, words, fill=colour, weight=600)], y + 18

    def _vips(self, y: int) -> tuple[list[str], int]:
        """Addresses, each with the colour of its group."""
        lines: list[str] = []
        x = _MARGIN
        for address, group, state in sorted(self._plan.vips):
            words = _cut(f"{address}  {group}" if group else address, _PILL)
            width = 36 + int(len(words) * _WIDE)
            if x + width > self._width - _MARGIN:
                x, y = _MARGIN, y + 36
            lines.append(_rect(x, y, width, 26, 13, _PAPER, _RED if state == "down" else _LINE))
            lines.append(_dot(x + 15, y + 13, self._groups.get(group, _SOFT)))
            lines.append(_text(x + 26, y + 17.5, words, struck=state == "down"))
            x += width + 10
        return lines, y + (46 if lines else 0)

    def _racks(self, y: int) -> tuple[list[str], int]:
        lines: list[str] = []
        racks = self._plan.racks
        for begin in range(0, len(racks), self._columns):
            row = racks[begin : begin + self._columns]
            height = max(_height(rack) for rack in row)
            for number, rack in enumerate(row):
                lines += self._rack(_MARGIN + number * (_CARD + _GAP), y, height, rack)
            y += height + _GAP
        return lines, y

    def _rack(self, x: int, y: int, height: int, rack: Rack) -> Iterator[str]:
        yield _rect(x, y, _CARD, height, 10, _PAPER, _RED if rack.alone else _LINE)
        name = rack.id.partition(":")[2] or "in no rack we know"
        yield _text(
            x + 16,
            y + 26,
            _short(name, 18),
            title=name,
            size=15,
            weight=600,
            struck=rack.state == "down",
        )
        yield _text(x + _CARD - 16, y + 21, _cut(rack.place, 22), fill=_SOFT, anchor="end")
        yield _text(x + _CARD - 18, y + 38, "network  power", size=9, fill=_SOFT, anchor="end")
        at = y + _HEAD - 10
        for box in rack.switches:
            colour = self._switches[box.id]
            yield _rect(x + 10, at + 2, _CARD - 20, _ROW - 4, 6, _BACK, _ring(box.alone, _BACK))
            yield _square(x + 18, at + 8, colour, box.id, "", box.state)
            yield from self._box(x, at, box)
            at += _ROW
        at += 6 if rack.switches else 0
        for box in rack.hosts:
            yield _rect(x + 10, at + 2, _CARD - 20, _ROW - 4, 6, _PAPER, _ring(box.alone, _PAPER))
            yield _dot(x + 25, at + 15, {"up": _GREEN, "down": _RED}.get(box.state, _SOFT))
            yield from self._box(x, at, box)
            at += _ROW

    def _box(self, x: int, y: int, box: Box) -> Iterator[str]:
        """Name at the left; at the right power supplies, then network cards, then what it bears."""
        right = x + _CARD - 34
        for plugs, colours in ((box.psus, self._feeds), (box.nics, self._switches)):
            for plug in reversed(plugs[:_PLUGS]):
                yield _square(right, y + 8, colours.get(plug.end, ""), *_told(plug))
                right -= 19
            if (more := len(plugs) - _PLUGS) > 0:
                yield _text(right + 14, y + 19, f"+{more}", size=10, fill=_SOFT, anchor="end")
                right -= 22
            right -= 12
        right += 12
        for group in box.seats[:_GROUPS]:
            yield _dot(right + 4, y + 15, self._groups.get(group, _SOFT), group)
            right -= 14
        name = _short(box.id.partition(":")[2], min(15, int((right - x - 42) / _LETTER)))
        yield _text(x + 42, y + 19.5, name, title=box.id, struck=box.state == "down")
        room = int((right - x - 50 - len(name) * _LETTER) / _SMALL)
        if box.stores and room > _LEAST:
            stores = _cut(", ".join(box.stores), room)
            yield _text(right, y + 19.5, stores, size=11, fill=_SOFT, anchor="end")

    def _legend(self, y: int) -> tuple[list[str], int]:
        """What the marks mean, one beside the other for as long as they fit."""
        marks = [
            (_square(0, 0, self._feeds[id], id, "alone" if alone else "", "up"),
             f"feed {id.partition(':')[2]}", _INK)
            for id, alone in sorted(self._plan.feeds.items())
        ]  # fmt: skip
        marks += [
            (_square(0, 0, "", "", "alone", "up"), "takes an address down alone", _SOFT),
            (_square(0, 0, "", "", "", "down"), "does not work", _SOFT),
            (_dot(7, 7, _GREEN), "works", _SOFT),
            (_dot(7, 7, _SOFT), "not known", _SOFT),
            (
                "",
                "network cards have the colour of their switch, dots beside them are groups",
                _SOFT,
            ),
        ]
        lines: list[str] = []
        x, y = _MARGIN, y + 6
        for mark, words, colour in marks:
            indent = 21 if mark else 0
            width = indent + int(len(words) * _LETTER)
            if x > _MARGIN and x + width > self._width - _MARGIN:
                x, y = _MARGIN, y + 24
            lines += [f'<g transform="translate({x} {y})">{mark}</g>'] if mark else []
            lines.append(_text(x + indent, y + 12, words, fill=colour))
            x += width + 20
        return lines, y + 36


def _height(rack: Rack) -> int:
    rows = len(rack.switches) + len(rack.hosts)
    return _HEAD + rows * _ROW + (6 if rack.switches else 0)


def _coloured(names: Iterable[str], first: int = 0) -> dict[str, str]:
    return {name: _COLOURS[(n + first) % len(_COLOURS)] for n, name in enumerate(names)}


def _told(plug: Plug) -> tuple[str, str, str]:
    return f"{plug.id} on {plug.end or '?'}", "alone" if plug.alone else "", plug.state


def _ring(alone: bool, other: str) -> str:
    return _RED if alone else other


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _short(name: str, most: int) -> str:
    """A name without its domain, or its middle: names of one rack differ at their ends."""
    if len(name) > most:
        name = name.partition(".")[0]
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - most // 2 + 1 :]}"


def _rect(x: float, y: float, w: float, h: float, r: float, fill: str, stroke: str) -> str:
    width = 2 if stroke == _RED else 1
    return (
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{width}"/>'
    )


def _square(x: float, y: float, colour: str, title: str, ring: str, state: str) -> str:
    """A plug; hollow where it is not known what it hangs on."""
    fill = colour or _PAPER
    border = _RED if ring else colour or _SOFT
    shape = (
        f'<rect x="{x}" y="{y}" width="14" height="14" rx="3" fill="{fill}" stroke="{border}" '
        f'stroke-width="{3 if ring else 1}"/>'
    )
    cross = f'<path d="M{x - 2} {y + 16}l18 -18" stroke="{_RED}" stroke-width="2.5"/>'
    return f"<g><title>{escape(title)}</title>{shape}{cross if state == 'down' else ''}</g>"


def _dot(x: float, y: float, colour: str, title: str = "") -> str:
    said = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}">{said}</circle>'


def _text(
    x: float, y: float, text: str, *, size: int = 13, weight: int = 400, fill: str = _INK,
    anchor: str = "start", title: str = "", struck: bool = False,
) -> str:  # fmt: skip
    said = f"<title>{escape(title)}</title>" if title else ""
    line = ' text-decoration="line-through"' if struck else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill={quoteattr(fill)} '
        f'text-anchor="{anchor}"{line}>{said}{escape(text)}</text>'
    )
