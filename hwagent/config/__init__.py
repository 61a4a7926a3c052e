"""Configuration: YAML files in, typed and checked structs out."""

from .schema import Config
from .source import ConfigError, Place, Source, convert, nearest, parse
from .units import Duration, Size, duration, size

__all__ = [
    "Config",
    "ConfigError",
    "Duration",
    "Place",
    "Size",
    "Source",
    "convert",
    "duration",
    "nearest",
    "parse",
    "size",
]
