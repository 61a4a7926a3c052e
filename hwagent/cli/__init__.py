"""The command line: one file per command, found by name, imported only when used."""

import os
import sys
from importlib import import_module

import click

from hwagent import __version__
from hwagent.config import nearest

from .output import EXIT_ERROR, fail

#: Command and the module that has it as ``command``.
COMMANDS = {
    "ack": "ack",
    "alerts": "alerts",
    "audit": "audit",
    "capture": "capture",
    "check": "check",
    "collect": "collect",
    "completion": "completion",
    "components": "components",
    "config": "config",
    "decode": "decode",
    "do": "do",
    "doctor": "doctor",
    "events": "events",
    "forget": "forget",
    "history": "history",
    "join": "join",
    "keys": "keyring",
    "leave": "leave",
    "limits": "limits",
    "maintenance": "maintenance",
    "members": "members",
    "metrics": "metrics",
    "monitor": "monitor",
    "notify": "notify",
    "replay": "replay",
    "rtt": "rtt",
    "rules": "rules",
    "run": "run",
    "silence": "silence",
    "simulate": "simulate",
    "status": "status",
    "top": "top",
    "topology": "topology",
    "vip": "vip",
}


class Commands(click.Group):
    """Imports a command's module when it is called; ``hwagent --help`` imports them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, or None."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = import_module(f"{__name__}.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; for an unknown one the error names the nearest."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            hint = nearest(args[0], COMMANDS) or "see `hwagent --help`"
            raise click.UsageError(f"no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Watches this host's hardware, judges it, acts before users notice.

    Exit status everywhere: 0 ok, 1 degraded, 2 failed or critical, 3 unknown or error in use.
    Colours only on a terminal, and none if NO_COLOR is set (no-color.org).
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> None:
    """Entry point: errors are one line that says what to do next, and exit status 3."""
    try:
        status = cli.main(prog_name="hwagent", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as e:
        e.show()
        sys.exit(EXIT_ERROR)
    except BrokenPipeError:
        # the reader has seen enough; what Python has not written yet goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except PermissionError as e:
        fail(f"{e.filename}: permission denied; try as root")
    except OSError as e:
        fail(f"{e.filename or ''}: {e.strerror or e}".lstrip(": "))
    sys.exit(status if isinstance(status, int) else 0)
