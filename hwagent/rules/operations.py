"""The operations of compiled expressions: small closures over three-valued logic.

Each maker takes the closures of its operands and returns one. None is what is not known; absurd
numbers, a division by zero and values of the wrong type are not known either.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from hwagent.model import Value

from .subject import Run, Subject
from .window import FUNCTIONS, single

#: Larger numbers are no readings; beyond this, sums of them would overflow.
_LIMIT = 1e200
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def constant(value: Value) -> Run:
    """A literal."""
    return lambda subject: value


def number(name: str) -> Run:
    """A metric that is a number."""

    def run(subject: Subject) -> Value | None:
        value = subject.metrics.get(name)
        if value is None or isinstance(value, str):
            return None
        return value if -_LIMIT < value < _LIMIT else None

    return run


def word(name: str) -> Run:
    """A metric that is a word."""

    def run(subject: Subject) -> Value | None:
        value = subject.metrics.get(name)
        return value if isinstance(value, str) else None

    return run


def attribute(name: str) -> Run:
    """An attribute; lists and the like are not known to expressions."""

    def run(subject: Subject) -> Value | None:
        value = subject.attributes.get(name)
        if isinstance(value, str):
            return value
        return value if isinstance(value, int | float) and -_LIMIT < value < _LIMIT else None

    return run


def has(name: str) -> Run:
    """True if a metric or an attribute is there."""
    return lambda s: s.metrics.get(name) is not None or s.attributes.get(name) is not None


def negative(operand: Run) -> Run:
    """Minus a number."""
    return _number_of(operator.neg, operand)


def absolute(operand: Run) -> Run:
    """A number without its sign."""
    return _number_of(abs, operand)


def _number_of(function: Callable[[Any], float], operand: Run) -> Run:
    def run(subject: Subject) -> Value | None:
        value = operand(subject)
        return None if value is None or isinstance(value, str) else function(value)

    return run


def negation(operand: Run) -> Run:
    """The opposite of a condition; of the unknown, unknown."""

    def run(subject: Subject) -> Value | None:
        value = operand(subject)
        return None if value is None else not value

    return run


def joined(word: str, operands: tuple[Run, ...]) -> Run:
    """``and`` and ``or``: one operand can decide, else one unknown makes the whole unknown."""
    decides = word == "or"

    def run(subject: Subject) -> Value | None:
        result: bool | None = not decides
        for operand in operands:
            value = operand(subject)
            if value is None:
                result = None
            elif bool(value) is decides:
                return decides
        return result

    return run


def arithmetic(sign: str, left: Run, right: Run) -> Run:
    """Sums and products of numbers."""
    apply = _ARITHMETIC[sign]

    def run(subject: Subject) -> Value | None:
        a, b = left(subject), right(subject)
        if a is None or b is None or isinstance(a, str) or isinstance(b, str):
            return None
        try:
            result = apply(a, b)
        except (ZeroDivisionError, OverflowError):
            return None
        return result if -_LIMIT < result < _LIMIT else None

    return run


def compare(sign: str, left: Run, right: Run, sure: bool) -> Run:
    """A comparison; ``sure`` if both sides are known to be of one type."""
    apply = _COMPARE[sign]

    def run(subject: Subject) -> Value | None:
        a, b = left(subject), right(subject)
        if a is None or b is None:
            return None
        if not sure and isinstance(a, str) is not isinstance(b, str):
            return None
        return apply(a, b)

    return run


def compare_constant(sign: str, left: Run, value: Value, sure: bool) -> Run:
    """A comparison with a literal, the most frequent one."""
    apply = _COMPARE[sign]
    is_word = isinstance(value, str)

    def run(subject: Subject) -> Value | None:
        a = left(subject)
        if a is None or (not sure and isinstance(a, str) is not is_word):
            return None
        return apply(a, value)

    return run


def among(item: Run, choices: frozenset[Value], negated: bool) -> Run:
    """``in`` and ``not in``."""

    def run(subject: Subject) -> Value | None:
        value = item(subject)
        return None if value is None else (value in choices) is not negated

    return run


def over(function: str, key: str, argument: Run, span: float) -> Run:
    """A function over a window of the history with that key."""
    compute = FUNCTIONS[function][0]

    def run(subject: Subject) -> Value | None:
        world = subject.world
        if world.impatient:
            return single(function, argument(subject))
        history = subject.histories.get(key)
        return compute(history, world.now, span) if history else None

    return run


def peers(key: str, inner: Run) -> Run:
    """The median of an expression over the other members of the peer group."""
    return lambda subject: subject.world.median_of_peers(subject, key, inner)
