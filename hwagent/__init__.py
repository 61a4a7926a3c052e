"""Per-host agent for bare-metal Linux."""

__version__ = "0.1.0"
