"""YAML that remembers where everything stood, turned into typed structs.

An error names the file, line, column and path of the value, what was expected, and for a wrong
key the nearest right one.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

from .units import UNIT_TYPES, parse_unit

T = TypeVar("T")
Path = tuple[str | int, ...]
#: More than this in one file is a mistake or an attack (aliases that multiply).
NODES_MAX = 100_000


class Place(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ConfigError(Exception):
    """Something wrong in a file that a person wrote."""

    def __init__(self, place: Place, what: str, path: str = "", hint: str = "") -> None:
        at = f" at {path}" if path else ""
        super().__init__(f"{place}: {what}{at}" + (f"; {hint}" if hint else ""))
        self.place = place
        self.what = what
        self.path = path
        self.hint = hint


class Source(NamedTuple):
    """The data of a YAML file with the place of every key and value."""

    file: str
    data: Any
    values: dict[Path, Place]
    keys: dict[Path, Place]

    def place(self, path: Path) -> Place:
        """Where a value stands, or the nearest thing around it that stands in the file."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(self.file, 1, 1))

    def error(self, path: Path, what: str, hint: str = "") -> ConfigError:
        """Something wrong with the value at a path."""
        return ConfigError(self.place(path), what, _dotted(path), hint)


def parse(text: str | bytes, file: str) -> Source:
    """Reads YAML text. Raises ConfigError for what is not YAML, or holds a key twice."""
    try:
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
            source = Source(file, None, {}, {})
            _record(source, (), node, [0])
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise ConfigError(place, f"not valid YAML: {e.problem or e.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        first = str(e).splitlines()[0] if str(e) else type(e).__name__
        raise ConfigError(Place(file, 1, 1), f"not valid YAML: {first}") from None
    return source._replace(data=data)


def convert(source: Source, type: type[T], at: Path = ()) -> T:
    """The data (or the part of it at a path) as a typed struct. Raises ConfigError."""
    data = source.data
    for step in at:
        data = data[step]
    try:
        return msgspec.convert(data, type, dec_hook=_decode_unit)
    except msgspec.ValidationError as e:
        raise _explain(source, type, at, str(e)) from None


def nearest(name: str, names: Iterable[str]) -> str:
    """``did you mean ...?`` for a wrong name, or the list of right ones if there are few."""
    choices = sorted(names)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are {', '.join(choices)}" if 0 < len(choices) <= 12 else ""


def _record(source: Source, path: Path, node: Any, count: list[int]) -> None:
    if node is None:
        return
    count[0] += 1
    place = Place(source.file, node.start_mark.line + 1, node.start_mark.column + 1)
    if count[0] > NODES_MAX or len(path) > 50:
        raise ConfigError(place, "too large or too deeply nested")
    source.values[path] = place
    for step, key, value in _children(node):
        if key is not None:
            if (*path, step) in source.keys:
                mark = key.start_mark
                raise ConfigError(
                    Place(source.file, mark.line + 1, mark.column + 1),
                    f"key {step!r} stands twice",
                    _dotted(path),
                )
            source.keys[(*path, step)] = Place(
                source.file, key.start_mark.line + 1, key.start_mark.column + 1
            )
        _record(source, (*path, step), value, count)


def _children(node: Any) -> Iterator[tuple[str | int, Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, None, value


def _decode_unit(type: type, value: Any) -> Any:
    if type in UNIT_TYPES:
        return parse_unit(type, value)
    raise NotImplementedError


_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"unknown field `([^`]+)`")
_ENUM = re.compile(r"Invalid enum value '?([^']*)'?")


def _explain(source: Source, type: type, at: Path, message: str) -> ConfigError:
    match = _AT.match(message)
    what, text = (match["what"], match["path"] or "") if match else (message, "")
    path = at + tuple(int(i) if i else name for name, i in _STEP.findall(text) if name or i)
    known = _known_at(type, path[len(at) :])
    if field := _FIELD.search(what):
        place = source.keys.get((*path, field[1]), source.place(path))
        what, hint = f"unknown key {field[1]!r}", nearest(field[1], known)
    else:
        place, value = source.place(path), _ENUM.match(what)
        hint = nearest(value[1], known) if value else ""
    return ConfigError(place, what.replace("`", "'"), _dotted(path), hint)


def _known_at(type: Any, path: Path) -> list[str]:
    """Names of the keys, or of the words, that may stand at a path of a type, if it tells."""
    info = msgspec.inspect.type_info(type)
    for step in path:
        info = _step_into(info, step)
    for part in getattr(info, "types", (info,)):
        match part:
            case msgspec.inspect.StructType(fields=fields):
                return [f.encode_name for f in fields]
            case msgspec.inspect.EnumType(cls=words):
                return [str(word.value) for word in words]
            case msgspec.inspect.LiteralType(values=values):
                return [str(value) for value in values]
    return []


def _step_into(info: Any, step: str | int) -> Any:
    for part in getattr(info, "types", (info,)):
        if isinstance(part, msgspec.inspect.StructType):
            return next((f.type for f in part.fields if f.encode_name == step), None)
        if isinstance(part, msgspec.inspect.DictType):
            return part.value_type
        if hasattr(part, "item_type"):
            return part.item_type
    return None


def _dotted(path: Path) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")
