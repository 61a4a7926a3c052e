"""Configuration: YAML files in, typed and checked structs out."""

from .load import default_file, load_config, merge, read_source, shipped
from .schema import Config, Limits, Notify, Service, Spare, Vip
from .source import ConfigError, Place, Source, convert, nearest, parse
from .units import Duration, Size, duration, size

__all__ = [
    "Config",
    "ConfigError",
    "Duration",
    "Limits",
    "Notify",
    "Place",
    "Service",
    "Size",
    "Source",
    "Spare",
    "Vip",
    "convert",
    "default_file",
    "duration",
    "load_config",
    "merge",
    "nearest",
    "parse",
    "read_source",
    "shipped",
    "size",
]
