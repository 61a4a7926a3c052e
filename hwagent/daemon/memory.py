"""What people told the agent and a restart must not forget: silences, acks, maintenance."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from .core import Core
from .tasks import Tasks


class Memory:
    """The file of one agent's memory; ``trouble`` takes what is wrong with it, or nothing."""

    def __init__(
        self, path: Path, core: Core, tasks: Tasks, trouble: Callable[[str, str], None]
    ) -> None:
        self._path = path
        self._core = core
        self._tasks = tasks
        self._trouble = trouble

    def recall(self) -> None:
        """Tells the core what it knew; what cannot be read is lost, and that is said."""
        data, problem = load_memory(self._path)
        self._trouble("memory", problem and f"silences and acknowledgements are lost: {problem}")
        try:
            self._core.restore(data)
        except msgspec.ValidationError as e:
            self._trouble("memory", f"{self._path}: {e}")

    def save(self) -> None:
        """Writes what people told the agent, without waiting for the disk."""
        self._tasks.start(self._save(self._core.keep()))

    async def _save(self, data: dict[str, Any]) -> None:
        problem = await asyncio.to_thread(save_memory, self._path, data)
        self._trouble("memory", problem and f"what people said does not outlive us: {problem}")


def load_memory(path: Path) -> tuple[dict[str, Any], str]:
    """The kept data, and what is wrong with the file if it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any]), ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, msgspec.DecodeError) as e:
        return {}, f"{path}: {e}"


def save_memory(path: Path, data: dict[str, Any]) -> str:
    """Writes the data beside the file and moves it into place; returns a problem or nothing.

    To be called in a thread: the disk may hang.
    """
    beside = path.with_suffix(".new")
    try:
        with open(beside, "wb") as file:
            file.write(msgspec.json.encode(data))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as e:
        return f"{path}: {e}"
    return ""
