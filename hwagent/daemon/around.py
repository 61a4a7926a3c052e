"""What is around the host and not of it. Pure."""

from collections.abc import Callable

from hwagent.config import Config


def around(config: Config) -> Callable[[str], bool]:
    """Tells components of switches from those of the host, by their ids."""
    names = {switch.name for switch in config.switches}
    return lambda id: id.partition(":")[2].partition("/")[0] in names
