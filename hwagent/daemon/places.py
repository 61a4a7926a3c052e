"""Where the agent's sockets and files are: the system's places for root, the user's for others."""

import os
from pathlib import Path
from typing import NamedTuple

from hwagent.config import Config


class Places(NamedTuple):
    """Paths of one agent."""

    runtime: Path
    state: Path
    socket: str
    journal: str

    @property
    def holder(self) -> str:
        """Socket of the holder."""
        return str(self.runtime / "holder.sock")

    @property
    def memory(self) -> Path:
        """File of silences, acknowledgements and maintenance."""
        return self.state / "memory.json"

    @property
    def stalls(self) -> Path:
        """File of the holder's worst stalls."""
        return self.state / "stalls.json"

    def make(self) -> str:
        """Makes the directories; returns why there is none for the journal, which is no reason not
        to start. Raises OSError if there is none for the socket."""
        self.runtime.mkdir(mode=0o750, parents=True, exist_ok=True)
        try:
            self.state.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as e:
            return f"{self.state}: {e.strerror}"
        return ""


def places(config: Config, runtime: str = "", state: str = "") -> Places:
    """The paths that a configuration means; ``runtime`` and ``state`` override it."""
    run = Path(runtime or user_directory(config.runtime_directory, "XDG_RUNTIME_DIR", "/tmp"))
    home = os.path.expanduser("~/.local/state")
    lib = Path(state or user_directory(config.state_directory, "XDG_STATE_HOME", home))
    return Places(
        runtime=run,
        state=lib,
        socket=config.api.socket or str(run / "hwagent.sock"),
        journal=config.journal.path or str(lib / "journal.db"),
    )


def user_directory(system: str, variable: str, fallback: str) -> str:
    """A system directory for root and for users who may write there, else the user's own."""
    if os.geteuid() == 0 or os.access(system, os.W_OK):
        return system
    base = os.environ.get(variable) or fallback
    return f"{base}/hwagent" if base != "/tmp" else f"/tmp/hwagent-{os.geteuid()}"
