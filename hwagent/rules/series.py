"""Series of test values in promtool's notation: ``0x5 1+2x10 _ 7``, and words for states."""

import re
from collections.abc import Iterator

from hwagent.model import Metric, MetricType, Value

#: More values than this in one series are a mistake.
VALUES_MAX = 100_000
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TERM = re.compile(rf"({_NUMBER})(?:([+-])({_NUMBER}))?(?:x(\d+))?")
_MISSING = re.compile(r"(?:_|stale)(?:x(\d+))?")
_WORD = re.compile(r"(?:'([^']*)'|\"([^\"]*)\"|(\S+?))(?:x(\d+))?(?=\s|$)")


def series(notation: str | float, metric: Metric) -> list[Value | None]:
    """The values of a series, one for each interval; None where there is none.

    ``a+bxn`` and ``a-bxn`` are a value and n steps up or down, ``axn`` a value and n repetitions,
    ``_`` and ``_xn`` missing values. Raises ValueError.
    """
    if not isinstance(notation, str):
        return [notation]
    if metric.type is MetricType.STATE:
        values = [v for term in _words(notation) for v in term]
    else:
        values = [v for term in notation.split() for v in _term(term)]
    if not values:
        raise ValueError(f"no values in {notation!r}")
    return values


def _words(notation: str) -> Iterator[list[Value | None]]:
    at = 0
    while at < len(notation):
        if notation[at].isspace():
            at += 1
            continue
        match = _WORD.match(notation, at)
        if match is None:
            raise ValueError(f"not a word, nor a word and xN: {notation[at:]!r}")
        missing = _MISSING.fullmatch(match[0])
        word = match[1] or match[2] or match[3] or ""
        yield _gap(missing) if missing else [word] * (_times(match[4]) + 1)
        at = match.end()


def _term(term: str) -> list[Value | None]:
    if missing := _MISSING.fullmatch(term):
        return _gap(missing)
    match = _TERM.fullmatch(term)
    if match is None:
        raise ValueError(f"not a value such as 5, 5x10, 0+1x10 or _: {term!r}")
    start, sign, step, times = match.groups()
    first, by = _number(start), _number(step or "0")
    by = -by if sign == "-" else by
    return [first + by * i for i in range(_times(times) + 1)]


def _gap(missing: re.Match[str]) -> list[Value | None]:
    return [None] * max(_times(missing[1], 1), 1)


def _times(text: str | None, default: int = 0) -> int:
    times = int(text) if text else default
    if times > VALUES_MAX:
        raise ValueError(f"more than {VALUES_MAX} values")
    return times


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
