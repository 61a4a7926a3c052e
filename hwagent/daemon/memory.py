"""What people told the agent and a restart must not forget: silences, acks, maintenance."""

import os
from pathlib import Path
from typing import Any

import msgspec


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
