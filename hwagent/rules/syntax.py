"""The text of an expression turned into a tree; names and types are checked elsewhere.

The language is a small part of Python's: ``and or not``, comparisons, ``in``, ``+ - * /``, calls,
numbers, words in quotes, and quantities with a unit such as ``24h`` and ``10GiB``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from hwagent.config import duration, size

#: Longer expressions are a mistake or an attack: trees are walked recursively.
TOKENS_MAX = 400
DEPTH_MAX = 40


class ExpressionError(Exception):
    """Something wrong at an offset of an expression; ``hint`` says how to put it right."""

    def __init__(self, at: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.at = at
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression. Equal text gives equal nodes, wherever it stands."""

    at: int = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number or a word; ``unit`` is ``seconds`` or ``bytes`` for a quantity, else empty."""

    value: float | int | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A metric or an attribute."""

    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """Minus a number."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite of a condition."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """Conditions joined by ``and`` or by ``or``."""

    word: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic: one of ``+ - * /``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """A comparison of two values: one of ``== != < <= > >=``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Among(Node):
    """``item in (a, b)`` or its opposite; the choices are literals."""

    item: Node
    choices: tuple[Literal, ...]
    negated: bool


class Token(NamedTuple):
    """One word or sign of the text and where it begins."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<quantity>(?:\d+(?:\.\d+)?[A-Za-z]+)+(?!\w))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<word>"[^"\n]*"|'[^'\n]*')
    |(?P<sign>==|!=|<=|>=|[<>()+\-*/,])""",
    re.VERBOSE,
)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_KEYWORDS = ("and", "or", "not", "in")
_INSTEAD = {"&&": "and", "||": "or", "=": "==", "!": "not", "&": "and", "|": "or", "'": '"'}


def read(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError."""
    return _Reader(_tokens(text)).all()


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _strange(text, at)
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup or "", match[0], at))
        at = match.end()
    if len(tokens) > TOKENS_MAX:
        raise ExpressionError(tokens[TOKENS_MAX].at, f"longer than {TOKENS_MAX} words and signs")
    tokens.append(Token("end", "the end", len(text.rstrip())))
    return tokens


def _strange(text: str, at: int) -> ExpressionError:
    if text[at] in "\"'":
        return ExpressionError(at, "a word in quotes that does not end")
    if text[at].isdigit():
        return ExpressionError(at, f"not a number or quantity: {text[at:].split()[0]!r}")
    sign = text[at : at + 2] if text[at : at + 2] in _INSTEAD else text[at]
    hint = f"write {_INSTEAD[sign]!r}" if sign in _INSTEAD else ""
    return ExpressionError(at, f"unexpected {sign!r}", hint)


class _Reader:
    """Recursive descent, one method for each level of precedence."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    def all(self) -> Node:
        node = self._either()
        if self._next.kind != "end":
            raise self._unexpected("'and', 'or' or the end")
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._next
        self._index += 1
        return token

    def _accept(self, *texts: str) -> Token | None:
        token = self._next
        if token.kind in ("name", "sign") and token.text in texts:
            return self._take()
        return None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._unexpected(repr(text))

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self._next
        shown = token.text if token.kind == "end" else repr(token.text)
        return ExpressionError(token.at, f"expected {wanted}, found {shown}")

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ExpressionError(self._next.at, "too deeply nested")
        node = self._joined("or", lambda: self._joined("and", self._negation))
        self._depth -= 1
        return node

    def _joined(self, word: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self._accept(word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Logic(operands[0].at, word, tuple(operands))

    def _negation(self) -> Node:
        negations = []
        while token := self._accept("not"):
            negations.append(token)
        node = self._comparison()
        for token in reversed(negations):
            node = Not(token.at, node)
        return node

    def _comparison(self) -> Node:
        left = self._sum()
        found: list[Node] = []
        while True:
            if token := self._accept(*_COMPARISONS):
                right = self._sum()
                found.append(Compare(token.at, token.text, left, right))
                left = right
            elif token := self._accept("not", "in"):
                if token.text == "not":
                    self._expect("in")
                found.append(Among(token.at, left, self._choices(), token.text == "not"))
            else:
                break
        if len(found) > 1:
            return Logic(found[0].at, "and", tuple(found))
        return found[0] if found else left

    def _choices(self) -> tuple[Literal, ...]:
        self._expect("(")
        choices: list[Literal] = []
        while not (choices and self._accept(")")):
            node = self._factor()
            if not isinstance(node, Literal):
                raise ExpressionError(node.at, "expected numbers or words after 'in'")
            choices.append(node)
            if not self._accept(","):
                self._expect(")")
                break
        return tuple(choices)

    def _sum(self) -> Node:
        node = self._product()
        while token := self._accept("+", "-"):
            node = Binary(token.at, token.text, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._factor()
        while token := self._accept("*", "/"):
            node = Binary(token.at, token.text, node, self._factor())
        return node

    def _factor(self) -> Node:
        minus = self._accept("-")
        node = self._atom()
        if minus is None:
            return node
        if isinstance(node, Literal) and not isinstance(node.value, str):
            return Literal(minus.at, -node.value, node.unit)
        return Negative(minus.at, node)

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "number":
            return _number(self._take())
        if token.kind == "quantity":
            return _quantity(self._take())
        if token.kind == "word":
            return Literal(token.at, self._take().text[1:-1])
        if token.kind == "name" and token.text not in _KEYWORDS:
            return self._name(self._take())
        if self._accept("("):
            node = self._either()
            self._expect(")")
            return node
        raise self._unexpected("a metric, a number or a word in quotes")

    def _name(self, token: Token) -> Node:
        if token.text in ("true", "false"):
            return Literal(token.at, int(token.text == "true"))
        if not self._accept("("):
            return Name(token.at, token.text)
        arguments: list[Node] = []
        while not self._accept(")"):
            arguments.append(self._either())
            if not self._accept(","):
                self._expect(")")
                break
        return Call(token.at, token.text, tuple(arguments))


def _number(token: Token) -> Literal:
    if token.text.isdigit() and len(token.text) < 20:
        return Literal(token.at, int(token.text))
    return Literal(token.at, float(token.text))


def _quantity(token: Token) -> Literal:
    """``24h`` or ``10GiB``: the upper case B tells a size from a time."""
    try:
        if token.text.endswith("B"):
            return Literal(token.at, int(size(token.text)), "bytes")
        return Literal(token.at, float(duration(token.text)), "seconds")
    except ValueError as e:
        raise ExpressionError(token.at, str(e)) from None
