"""Expressions checked against the vocabulary and compiled to closures.

Logic has three values: what is not known (None) stays unknown unless the other side decides, so
``unknown or true`` is true. Names, types and units are checked here, once; a compiled expression
never raises.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from hwagent.config import nearest
from hwagent.model import Metric, MetricType

from . import operations
from .subject import Run
from .syntax import (
    Among,
    Binary,
    Call,
    Compare,
    ExpressionError,
    Literal,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    read,
)
from .window import FUNCTIONS

#: The longest window: memory is bounded anyway, but a span of years is a mistake.
SPAN_MAX = 32 * 86400.0


class Type(Enum):
    """What a part of an expression yields, in the words of error messages."""

    NUMBER = "a number"
    WORD = "a word"
    CONDITION = "a condition"
    ANY = "an attribute"


class Scope(NamedTuple):
    """The names that expressions about one kind may use."""

    kind: str
    metrics: Mapping[str, Metric]
    attributes: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.attributes | self.metrics.keys()


class Window(NamedTuple):
    """A history that an expression needs: what of, by which names, how far back."""

    key: str
    run: Run
    reads: frozenset[str]
    span: float
    smooth: bool


class Expression(NamedTuple):
    """A compiled condition, the names it reads, and the histories it needs.

    ``peer_reads`` and ``peer_windows`` are those inside ``peers()``: of other components.
    """

    text: str
    run: Run
    reads: frozenset[str]
    peer_reads: frozenset[str]
    windows: tuple[Window, ...]
    peer_windows: tuple[Window, ...]


class _Part(NamedTuple):
    """A compiled part; ``unit`` is None where any unit may stand, empty for a bare count."""

    run: Run
    type: Type
    unit: str | None = None


def compile(text: str, scope: Scope) -> Expression:
    """Compiles a condition. Raises ExpressionError."""
    node = read(text)
    compiler = _Compiler(scope)
    run = compiler.part(node, Type.CONDITION).run
    return Expression(
        text,
        run,
        frozenset(compiler.reads),
        frozenset(compiler.peer_reads),
        tuple(compiler.windows),
        tuple(compiler.peer_windows),
    )


class _Compiler:
    """Walks a tree once; gathers the names it reads and the histories it needs."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.reads: set[str] = set()
        self.peer_reads: set[str] = set()
        self.windows: list[Window] = []
        self.peer_windows: list[Window] = []
        self._inside = ""

    def part(self, node: Node, wanted: Type | None = None) -> _Part:
        """Compiles a node; an attribute passes for a number or a word, not for a condition."""
        part = self._any(node)
        fits = part.type is wanted or (part.type is Type.ANY and wanted is not Type.CONDITION)
        if wanted is None or fits:
            return part
        what = f"expected {wanted.value}, found {part.type.value}"
        raise ExpressionError(node.at, what + _named(node), _hint(node, wanted, part.type))

    def _any(self, node: Node) -> _Part:
        match node:
            case Literal():
                return self._literal(node)
            case Name():
                return self._name(node)
            case Call():
                return self._call(node)
            case Negative(operand=operand):
                part = self.part(operand, Type.NUMBER)
                return _Part(operations.negative(part.run), Type.NUMBER, part.unit)
            case Not(operand=operand):
                run = operations.negation(self.part(operand, Type.CONDITION).run)
                return _Part(run, Type.CONDITION)
            case Logic(word=word, operands=operands):
                runs = tuple(self.part(o, Type.CONDITION).run for o in operands)
                return _Part(operations.joined(word, runs), Type.CONDITION)
            case Binary():
                return self._binary(node)
            case Compare():
                return self._compare(node)
            case Among():
                return self._among(node)
        raise AssertionError(node)

    def _literal(self, node: Literal) -> _Part:
        type = Type.WORD if isinstance(node.value, str) else Type.NUMBER
        return _Part(operations.constant(node.value), type, node.unit or None)

    def _name(self, node: Name) -> _Part:
        self._read(node)
        metric = self._scope.metrics.get(node.name)
        if metric is None:
            return _Part(operations.attribute(node.name), Type.ANY)
        if metric.type is MetricType.STATE:
            return _Part(operations.word(node.name), Type.WORD)
        return _Part(operations.number(node.name), Type.NUMBER, metric.unit)

    def _read(self, node: Name) -> None:
        if node.name not in self._scope.names:
            raise ExpressionError(
                node.at,
                f"unknown name {node.name!r} of kind {self._scope.kind!r}",
                _nearest_name(node.name, self._scope),
            )
        self.reads.add(node.name)

    def _binary(self, node: Binary) -> _Part:
        left = self.part(node.left, Type.NUMBER)
        right = self.part(node.right, Type.NUMBER)
        unit = None
        if node.sign in "+-":
            _same_unit(node.at, node.left, left, node.right, right)
            unit = left.unit or right.unit
        return _Part(operations.arithmetic(node.sign, left.run, right.run), Type.NUMBER, unit)

    def _compare(self, node: Compare) -> _Part:
        left, right = self.part(node.left), self.part(node.right)
        types = {left.type, right.type} - {Type.ANY}
        if Type.CONDITION in types:
            wrong = node.left if left.type is Type.CONDITION else node.right
            raise ExpressionError(wrong.at, "a condition cannot be compared", "join with 'and'")
        if len(types) == 2:
            raise _unlike(node, left, right)
        if Type.WORD in types and node.sign not in ("==", "!="):
            raise ExpressionError(node.at, "words have no order", "use ==, != or in")
        _same_unit(node.at, node.left, left, node.right, right)
        sure = Type.ANY not in (left.type, right.type)
        if isinstance(node.right, Literal):
            run = operations.compare_constant(node.sign, left.run, node.right.value, sure)
        else:
            run = operations.compare(node.sign, left.run, right.run, sure)
        return _Part(run, Type.CONDITION)

    def _among(self, node: Among) -> _Part:
        item = self.part(node.item)
        for choice in node.choices:
            part = self.part(choice, None if item.type is Type.ANY else item.type)
            _same_unit(choice.at, node.item, item, choice, part)
        values = frozenset(choice.value for choice in node.choices)
        return _Part(operations.among(item.run, values, node.negated), Type.CONDITION)

    def _call(self, node: Call) -> _Part:
        match node.name:
            case "has":
                return self._has(node)
            case "abs":
                part = self.part(_arguments(node, "abs(number)", 1)[0], Type.NUMBER)
                return _Part(operations.absolute(part.run), Type.NUMBER, part.unit)
            case "peers":
                return self._peers(node)
            case name if name in FUNCTIONS:
                return self._window(node)
        names = [*FUNCTIONS, "has", "abs", "peers"]
        hint = nearest(node.name, names) or f"known are {', '.join(names)}"
        raise ExpressionError(node.at, f"unknown function {node.name!r}", hint)

    def _has(self, node: Call) -> _Part:
        (name,) = _arguments(node, "has(metric)", 1)
        if not isinstance(name, Name):
            raise ExpressionError(name.at, "expected the name of a metric")
        self._read(name)
        return _Part(operations.has(name.name), Type.CONDITION)

    def _peers(self, node: Call) -> _Part:
        (inner,) = _arguments(node, "peers(number)", 1)
        if self._inside:
            raise ExpressionError(node.at, f"peers() cannot stand inside {self._inside}()")
        part, found = self._within("peers", inner, Type.NUMBER)
        self.peer_reads |= found.reads
        self.peer_windows += found.windows
        return _Part(operations.peers(repr(inner), part.run), Type.NUMBER, part.unit)

    def _window(self, node: Call) -> _Part:
        what, length = _arguments(node, f"{node.name}(metric, 10m)", 2)
        if self._inside not in ("", "peers"):
            raise ExpressionError(node.at, f"{node.name}() cannot stand inside {self._inside}()")
        part, found = self._within(node.name, what, _WINDOW_TYPES.get(node.name))
        if node.name in ("increase", "rate"):
            self._counter(node.name, what)
        span = _span(length)
        smooth = FUNCTIONS[node.name][1]
        window = Window(repr(what), part.run, frozenset(found.reads), span, smooth)
        self.reads |= found.reads
        self.windows.append(window)
        unit = part.unit if node.name in _KEEP_UNIT else None if node.name == "rate" else ""
        return _Part(operations.over(node.name, window.key, part.run, span), Type.NUMBER, unit)

    def _within(self, function: str, node: Node, type: Type | None) -> "tuple[_Part, _Compiler]":
        """Compiles an argument by itself, so that its reads and windows are told apart."""
        inner = _Compiler(self._scope)
        inner._inside = function
        return inner.part(node, type), inner

    def _counter(self, function: str, node: Node) -> None:
        metric = self._scope.metrics.get(node.name) if isinstance(node, Name) else None
        if metric is None or metric.type is not MetricType.COUNTER:
            raise ExpressionError(
                node.at,
                f"{function}() needs a counter{_named(node)}",
                "use max() - min() or changes() for what moves both ways",
            )


_WINDOW_TYPES = {
    "increase": Type.NUMBER,
    "rate": Type.NUMBER,
    "min": Type.NUMBER,
    "max": Type.NUMBER,
    "avg": Type.NUMBER,
    "share": Type.CONDITION,
}
_KEEP_UNIT = ("increase", "min", "max", "avg")


def _arguments(node: Call, form: str, count: int) -> tuple[Node, ...]:
    if len(node.arguments) != count:
        raise ExpressionError(node.at, f"{node.name}() has {len(node.arguments)} arguments", form)
    return node.arguments


def _span(node: Node) -> float:
    if not isinstance(node, Literal) or node.unit != "seconds" or isinstance(node.value, str):
        hint = "such as 30s, 10m, 24h"
        if isinstance(node, Literal) and isinstance(node.value, int) and not node.unit:
            hint = f"did you mean {node.value}s or {node.value}m?"
        raise ExpressionError(node.at, "expected a span of time", hint)
    if not 0 < node.value <= SPAN_MAX:
        raise ExpressionError(node.at, "a window is longer than 0s and at most 32d")
    return float(node.value)


def _same_unit(at: int, one: Node, left: _Part, other: Node, right: _Part) -> None:
    """Seconds go with seconds; a quantity such as 24h needs a unit on the other side."""
    units = (left.unit, right.unit)
    if None in units or left.unit == right.unit:
        return
    bare = not left.unit or not right.unit
    if bare and not any(isinstance(n, Literal) for n in (one, other)):
        return
    what = f"{left.unit or 'no unit'} with {right.unit or 'no unit'}"
    raise ExpressionError(at, f"units do not go together: {what}")


def _unlike(node: Compare, left: _Part, right: _Part) -> ExpressionError:
    word, part = (node.left, left) if left.type is Type.WORD else (node.right, right)
    number = node.right if part is left else node.left
    if isinstance(word, Literal):
        return ExpressionError(word.at, f"a word is compared with a number{_named(number)}")
    hint = "write the word in quotes"
    return ExpressionError(word.at, f"a word is compared with a number{_named(word)}", hint)


def _named(node: Node) -> str:
    return f": {node.name!r}" if isinstance(node, Name) else ""


def _hint(node: Node, wanted: Type, found: Type) -> str:
    if wanted is Type.CONDITION and isinstance(node, Name):
        if found is Type.NUMBER:
            return f"write {node.name} > 0"
        return f'write {node.name} == "..."'
    return ""


def _nearest_name(name: str, scope: Scope) -> str:
    hint = nearest(name, scope.names)
    return hint or ("put a word in quotes" if scope.names else "")
