"""What a switch's parts were within the last day, for whoever polls it next. Pure.

Rules ask of a port without a link whether it had one, of a slow one whether it was faster. Only the
host that polls a switch has seen that. So it tells the others the best of each such value, in a
text that changes only when a port does, and whoever takes over goes on from there.
"""

import zlib
from base64 import b85decode, b85encode
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from hwagent.cluster.messages import Value
from hwagent.model import Sample

DAY = 86400.0
#: By kind, the metrics that are remembered: what the best of them is called where it is better than
#: what is now, and for how long it counts. As long as the rules looked back before.
KEPT: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "port": {
        "carrier": ("had_link", DAY),
        "speed_bits_per_second": ("speed_best_bits_per_second", DAY),
        "members_up": ("members_best", DAY),
    },
    "psu": {"inserted": ("was_inserted", 30 * DAY)},
}
#: Characters of one gossiped value, and values of one switch: more than a thousand ports need.
PIECE, PIECES_MAX = 700, 8
#: Bytes that a text may unfold to.
_TEXT_MAX = 200_000
#: By ``kind metric value``, and where it is so no more the minute since 1970 at which it was last:
#: the names of those that this is true of.
_Told = dict[str, list[str]]
#: Kind, name without that of the switch, metric.
Key = tuple[str, str, str]
_decoder = msgspec.json.Decoder(_Told)


class Best(NamedTuple):
    """The best value, when that was seen last, and whether it still was when all was read last."""

    value: float
    at: float
    holds: bool


class Remembered:
    """The best values of the parts of one switch."""

    def __init__(self, switch: str) -> None:
        self._switch = switch
        self._best: dict[Key, Best] = {}
        self._text: str | None = ""

    def take(self, now: float, samples: Iterable[Sample]) -> list[Sample]:
        """Takes all that was read of the switch; returns it with what was better before."""
        found = [self._one(now, s) if s.kind in KEPT else s for s in samples]
        for key, best in list(self._best.items()):
            if not self._counts(now, key, best):
                del self._best[key]
                self._text = None
            elif best.at < now:  # it is not so now, or not known
                self._put(key, best._replace(holds=False))
        return found

    def _one(self, now: float, sample: Sample) -> Sample:
        better: dict[str, float | int | str] = {}
        for metric, (name, span) in KEPT[sample.kind].items():
            value = sample.metrics.get(metric)
            if not isinstance(value, int | float):
                continue
            key = (sample.kind, self._short(sample), metric)
            before = self._best.get(key)
            if before is not None and value < before.value and now - before.at <= span:
                better[name] = before.value
            elif not sample.unreadable:
                self._put(key, Best(value, now, True))
        if not better:
            return sample
        return msgspec.structs.replace(sample, metrics={**sample.metrics, **better})

    def _put(self, key: Key, best: Best) -> None:
        before = self._best.get(key)
        self._best[key] = best
        if before is None or (before.value, before.holds) != (best.value, best.holds):
            self._text = None

    def lost(self) -> list[str]:
        """Names of the ports that had a link and were seen without one since."""
        return [k[1] for k, best in self._best.items() if k[2] == "carrier" and not best.holds]

    def merge(self, now: float, text: str, later: bool) -> dict[str, bool]:
        """Takes what another host remembers, who has looked ``later`` than this one or not. Returns
        the names of the parts of which it remembers better, and whether that is a port that it has
        seen without a link since."""
        news: dict[str, bool] = {}
        for key, theirs in _read(now, text):
            _, name, metric = key
            if not self._counts(now, key, theirs):
                continue
            mine = self._best.get(key)
            if later and mine is not None and theirs.value == mine.value:
                self._put(key, theirs)
            elif mine is None or theirs.value > mine.value:
                self._put(key, theirs)
                lost = metric == "carrier" and not theirs.holds
                news[name] = news.get(name, False) or lost
        return news

    def covered(self, now: float, text: str) -> bool:
        """Whether another host's text holds all that we remember, or better."""
        theirs = dict(_read(now, text))
        mine = ((k, b) for k, b in self._best.items() if b.value and self._counts(now, k, b))
        return all(k in theirs and theirs[k].value >= b.value for k, b in mine)

    def _counts(self, now: float, key: Key, best: Best) -> bool:
        return now - best.at <= KEPT[key[0]][key[2]][1]

    def text(self) -> str:
        """All of it, for others; empty if there is nothing, or too much."""
        if self._text is None:
            self._text = self._made()
        return self._text

    def _made(self) -> str:
        told: _Told = {}
        for (kind, name, metric), best in self._best.items():
            if best.value:
                since = "" if best.holds else f" {best.at / 60:.0f}"
                told.setdefault(f"{kind} {metric} {best.value:.0f}{since}", []).append(name)
        data = zlib.compress(msgspec.json.encode(told), 9)
        return b85encode(data).decode() if told else ""

    def _short(self, sample: Sample) -> str:
        return sample.id.removeprefix(f"{sample.kind}:{self._switch}/")


def _read(now: float, text: str) -> Iterator[tuple[Key, Best]]:
    """What a text tells; nothing of one that is damaged."""
    try:
        unfolded = zlib.decompressobj().decompress(b85decode(text), _TEXT_MAX)
        told = _decoder.decode(unfolded)
    except (ValueError, zlib.error):
        return
    for words, names in told.items():
        kind, _, rest = words.partition(" ")
        metric, _, rest = rest.partition(" ")
        value, _, minute = rest.partition(" ")
        if metric in KEPT.get(kind, {}) and value.isdecimal() and (minute or "0").isdecimal():
            best = Best(int(value[:18]), int(minute[:12]) * 60 if minute else now, not minute)
            yield from (((kind, name, metric), best) for name in names)


def pieces(switch: str, text: str) -> dict[str, Value]:
    """A text as keys of a gossiped status; none if it does not fit."""
    cut = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    if len(cut) > PIECES_MAX:
        return {}
    return {f"past:{switch}:{n}": piece for n, piece in enumerate(cut)}


def joined(switch: str, values: Mapping[str, Value]) -> str:
    """The text that a host's status has; empty if there is none."""
    found = ""
    for number in range(PIECES_MAX):
        piece = values.get(f"past:{switch}:{number}")
        if not isinstance(piece, str):
            break
        found += piece
    return found
