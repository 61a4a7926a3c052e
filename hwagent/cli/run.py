"""``hwagent run``: the agent itself."""

import asyncio
import faulthandler
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from hwagent.config import ConfigError

from .output import fail, output_option

if TYPE_CHECKING:
    from hwagent.daemon.agent import Options

#: Time that the agent has to answer when it is started for the live view.
START = 30.0


@click.command("run")
@click.option("-c", "--config", "config_file", default="", help="Configuration file.")
@click.option("--root", default="/", help="Tree to watch instead of this host.", metavar="DIR")
@click.option("--runtime-directory", "runtime", default="", help="Where sockets go.")
@click.option("--state-directory", "state", default="", help="Where the journal goes.")
@click.option("--holder", default="", metavar="SOCKET", help="A holder that runs by itself.")
@click.option("--helper", default="", metavar="SOCKET", help="A root helper that runs by itself.")
@click.option("--show", is_flag=True, help="Also show live status; Ctrl-C ends both.")
@click.option(
    "--log-level",
    default="info",
    show_default=True,
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What goes into the log.",
)
@output_option
def command(
    config_file: str,
    root: str,
    runtime: str,
    state: str,
    holder: str,
    helper: str,
    show: bool,
    log_level: str,
    output: str,
) -> int:
    """Runs the agent in the foreground; by hand it starts holder and helper as its children.

    As services they run by themselves, and the agent is told where they listen. The log goes to
    standard error; as JSON, one object a line.
    """
    options = _options(config_file, root, runtime, state, holder, helper)
    if show:
        return _run_and_show(options, output)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _JsonFormatter() if output == "json" else logging.Formatter("%(levelname)s %(message)s")
    )
    logging.basicConfig(level=log_level.upper(), handlers=[handler])
    return _run(options)


class _JsonFormatter(logging.Formatter):
    """One object a line: time, level, message, and the traceback of what should not happen."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {"time": record.created, "level": record.levelname, "message": record.getMessage()}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()


def _options(
    config_file: str, root: str, runtime: str, state: str, holder: str, helper: str
) -> "Options":
    from hwagent.config import load_config
    from hwagent.daemon.agent import Options
    from hwagent.daemon.places import places

    try:
        config = load_config(config_file)
    except ConfigError as e:
        fail(str(e))
    found = places(config, runtime, state)
    return Options(config=config_file, places=found, root=root, holder=holder, helper=helper)


def _run(options: "Options") -> int:
    from hwagent.config import load_config
    from hwagent.daemon.agent import Agent
    from hwagent.daemon.loading import COLLECTOR_NAMES

    faulthandler.enable()  # a watchdog's SIGABRT: the log says where it hung
    try:
        agent = Agent(options, load_config(options.config, COLLECTOR_NAMES))
        asyncio.run(agent.run())
    except ConfigError as e:
        fail(str(e))
    except OSError as e:
        fail(f"cannot start: {e}")
    return 0


def _run_and_show(options: "Options", output: str) -> int:
    from .top import follow

    options.places.runtime.mkdir(parents=True, exist_ok=True)
    log = options.places.runtime / "hwagent.log"
    argv = [sys.executable, "-m", "hwagent.cli", "run", "--root", options.root]
    argv += ["--config", options.config] if options.config else []
    argv += ["--runtime-directory", str(options.places.runtime)]
    argv += ["--state-directory", str(options.places.state)]
    with open(log, "wb") as file:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                 start_new_session=True)  # fmt: skip
    try:
        if not _wait(options.places.socket, child):
            fail(f"the agent did not start:\n{log.read_text().strip()}")
        said = f"the agent runs; its log is {log}, its socket {options.places.socket}"
        click.echo(said, err=output == "json")
        return follow(options.places.socket, output=output)
    finally:
        child.terminate()
        child.wait()


def _wait(socket: str, child: "subprocess.Popen[bytes]") -> bool:
    """Until the socket is there; False if the agent ended instead."""
    import time

    end = time.monotonic() + START
    while not os.path.exists(socket):
        if child.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
