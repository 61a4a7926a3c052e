"""The command line: one file per command, found by name, imported only when used."""

import sys
from importlib import import_module

import click

from hwagent import __version__

from .output import EXIT_ERROR, fail

#: Command and the module that has it as ``command``.
COMMANDS = {
    "ack": "ack",
    "alerts": "alerts",
    "capture": "capture",
    "check": "check",
    "collect": "collect",
    "components": "components",
    "config": "config",
    "decode": "decode",
    "do": "do",
    "events": "events",
    "forget": "forget",
    "history": "history",
    "maintenance": "maintenance",
    "metrics": "metrics",
    "notify": "notify",
    "replay": "replay",
    "rules": "rules",
    "run": "run",
    "silence": "silence",
    "simulate": "simulate",
    "status": "status",
    "top": "top",
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


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Watches this host's hardware, judges it, acts before users notice.

    Exit status everywhere: 0 ok, 1 degraded, 2 failed or critical, 3 unknown or error in use.
    """


def main() -> None:
    """Entry point: errors are one line that says what to do next, and exit status 3."""
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as e:
        e.show()
        sys.exit(EXIT_ERROR)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except PermissionError as e:
        fail(f"{e.filename}: permission denied; try as root")
    sys.exit(status if isinstance(status, int) else 0)
