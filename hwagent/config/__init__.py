"""Configuration: YAML files in, typed and checked structs out."""

from .load import default_file, host_name, load_config, merge, read_source, shipped
from .schema import Config, Group, Limits, Notify, Service, Spare, Vip
from .source import ConfigError, Place, Source, convert, nearest, parse
from .units import Duration, Size, duration, size

__all__ = [
    "Config",
    "ConfigError",
    "Duration",
    "Group",
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
    "host_name",
    "load_config",
    "merge",
    "nearest",
    "parse",
    "read_source",
    "shipped",
    "size",
]
