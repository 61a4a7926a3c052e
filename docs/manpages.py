"""``make man``: docs/man from the command line, the configuration's schema and docs/rules.md."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import click
import msgspec

from hwagent.cli import cli
from hwagent.config import Config, Duration, Size, shipped

DOCS = Path(__file__).parent
_EXIT = """\
0: ok. 1: degraded, or an action was refused. 2: failed or critical, or a test did not pass.
3: unknown, or an error in use. `hwagent check` follows the monitoring plugins: 0 OK, 1 WARNING,
2 CRITICAL, 3 UNKNOWN.
"""
_PLACES = """\
- `/etc/hwagent/hwagent.yaml`: the configuration, see `hwagent.yaml(5)`; without it, the shipped
  one.
- `/run/hwagent/hwagent.sock`: the query socket: HTTP, described by `/v1/openapi.yaml` on it.
- `/var/lib/hwagent`: the journal, and what people told the agent.

Users who may not write there have an agent of their own in `$XDG_RUNTIME_DIR/hwagent` and
`$XDG_STATE_HOME/hwagent`.
"""
_ENVIRONMENT = """\
- `HWAGENT_SOCKET`: the query socket to ask, as `--socket`.
- `NO_COLOR`: no colours, also on a terminal.
"""
_CONFIGURATION = """\
One YAML file, and `conf.d/*.yaml` beside it in the order of their names: mappings join, lists are
appended. Every key is optional. Unknown keys, wrong types and wrong units are errors with file,
line and path. `hwagent config check` checks, `hwagent config show` shows what counts,
`hwagent config reload` or SIGHUP apply what changed without dropping a virtual IP; a wrong file
leaves the old one in force and says so.

A duration is `500ms`, `30s`, `5m`, `1h30m` or `7d`; a size is `64MiB` or `1GB`.
"""


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    return {
        "hwagent.1": _page("hwagent", 1, "watches this host's hardware", _program()),
        "hwagent.yaml.5": _page("hwagent.yaml", 5, "configuration of hwagent", _configuration()),
        "hwagent-rules.5": _page("hwagent-rules", 5, "rules of hwagent, and their tests", _rules()),
    }


def _page(name: str, section: int, what: str, body: Iterator[str]) -> str:
    head = f'.TH {name.upper()} {section} "" hwagent "hwagent manual"'
    lines = [head, ".ad l", ".SH NAME", f"{_text(name)} \\- {_text(what)}", *body]
    return "\n".join(line for line in lines if line) + "\n"


def _program() -> Iterator[str]:
    yield from (".SH SYNOPSIS", ".B hwagent", "COMMAND [OPTION]...")
    yield ".SH DESCRIPTION"
    yield from _prose(cli.help or "")
    yield ".SH COMMANDS"
    for names, command in commands(cli, ()):
        yield from _command(" ".join(("hwagent", *names)), command)
    for title, text in (("EXIT STATUS", _EXIT), ("FILES", _PLACES), ("ENVIRONMENT", _ENVIRONMENT)):
        yield f".SH {title}"
        yield from markdown(text)
    yield ".SH SEE ALSO"
    yield from markdown("`hwagent.yaml(5)`, `hwagent-rules(5)`")


def commands(
    command: click.Command, names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its names."""
    if not isinstance(command, click.Group):
        yield names, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, (*names, name))


def _command(name: str, command: click.Command) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    words = [p.make_metavar(click.Context(command)) for p in arguments]
    yield f'.SS "{_text(" ".join([name, *words]))}"'
    yield from _prose(command.help or "")
    for option in command.params:
        if isinstance(option, click.Option):
            yield from _option(option, click.Context(command))


def _option(option: click.Option, context: click.Context) -> Iterator[str]:
    forms = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    yield ".TP"
    yield f"\\fB{_text(forms)}\\fR{_text(value)}"
    default = f" Default: {option.default}." if option.show_default else ""
    yield _text((option.help or "").rstrip(".") + "." + default)


def _configuration() -> Iterator[str]:
    yield ".SH DESCRIPTION"
    yield from markdown(_CONFIGURATION)
    yield ".SH KEYS"
    yield from _keys(Config, "")
    yield ".SH EXAMPLE"
    yield "The shipped file; what stands commented out is the default."
    yield from _literal((shipped() / "hwagent.yaml").read_text().splitlines())
    yield ".SH SEE ALSO"
    yield from markdown("`hwagent(1)`, `hwagent-rules(5)`")


def _keys(section: type[msgspec.Struct], above: str) -> Iterator[str]:
    """The plain keys of a section, then the sections in it."""
    inner = []
    for field in msgspec.structs.fields(section):
        struct, suffix = _struct_in(field.type)
        if struct is not None:
            inner.append((struct, f"{above}{field.encode_name}{suffix}"))
            continue
        yield ".TP"
        yield f"\\fB{_text(above + field.encode_name)}\\fR ({_text(_type(field.type))})"
        yield _text(f"Default: {_default(field)}." if not field.required else "Needed.")
    for struct, name in inner:
        yield f'.SS "{_text(name)}"'
        yield from _prose(struct.__doc__ or "")
        yield from _keys(struct, f"{name}.")


def _struct_in(of: Any) -> tuple[type[msgspec.Struct] | None, str]:
    """The section that a key holds, and how its name goes on if it is one of many."""
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return of, ""
    suffix = {dict: ".NAME", list: "[]", tuple: "[]"}.get(get_origin(of) or of, "")
    for part in get_args(of):
        struct, rest = _struct_in(part)
        if struct is not None:
            return struct, suffix + rest
    return None, ""


_TYPES = {
    str: "text", bool: "true or false", int: "number", float: "number",
    Duration: "duration", Size: "size",
}  # fmt: skip


def _type(of: Any) -> str:
    """A type in the words of people."""
    parts = get_args(of)
    if of in _TYPES:
        return _TYPES[of]
    if isinstance(of, type) and issubclass(of, StrEnum):
        return " or ".join(of)
    if get_origin(of) is Literal:
        return " or ".join(map(str, parts))
    if get_origin(of) in (list, tuple):
        return f"list of {_type(parts[0])}"
    if get_origin(of) is dict:
        return f"mapping of {_type(parts[0])} to {_type(parts[1])}"
    if get_origin(of) is Annotated:
        return _type(parts[0])
    return " or ".join(_type(part) for part in parts if part is not NoneType)


def _default(field: Any) -> str:
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if isinstance(value, Duration | Size):
        return value.text()
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) or "none"


def _rules() -> Iterator[str]:
    title, _, text = (DOCS / "rules.md").read_text().partition("\n## ")
    assert title
    yield from markdown("## " + text)


def markdown(text: str) -> Iterator[str]:
    """The part of Markdown that we write: headings, lists, code, and words in backticks."""
    for block in re.split(r"\n(?=```)|\n\n", text.strip()):
        if block.startswith("```"):
            yield from _literal(block.strip("`\n").splitlines())
        elif block.startswith("## "):
            yield f".SH {block[3:].upper()}"
        elif block.startswith("- "):
            for item in re.split(r"^- ", block, flags=re.M)[1:]:
                yield from (".IP \\(bu 2", _inline(item))
        else:
            yield from (".PP", _inline(block))


def _prose(text: str) -> Iterator[str]:
    r"""Help texts: paragraphs, and after \b lines that stay as they are."""
    for paragraph in re.split(r"\n\s*\n", text.replace("``", "`").strip()):
        if paragraph.lstrip().startswith("\b"):
            yield from _literal(paragraph.replace("\b", "").strip("\n").splitlines())
        else:
            yield from (".PP", _inline(paragraph))


def _literal(lines: list[str]) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf", *(_text(line) or "\\&" for line in lines), ".fi", ".RE")


def _inline(text: str) -> str:
    plain = _text(" ".join(text.split()))
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", plain)


def _text(text: str) -> str:
    """Text that roff takes as text."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return "\\&" + text if text.startswith((".", "'")) else text


def main() -> None:
    """Writes all pages."""
    (DOCS / "man").mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / "man" / name).write_text(text)


if __name__ == "__main__":
    main()
