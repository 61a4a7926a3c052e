"""From the configuration to the settings of a node."""

from typing import Any

from msgspec.structs import asdict, replace

from hwagent.config import Config
from hwagent.config.cluster import split_host_port
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import OVERHEAD

from .compound import LENGTH
from .profile import PROFILES, Profile
from .settings import Settings
from .snapshot import Snapshot
from .status import CHANGE_MAX
from .transport import Bind

#: The shortest packet: each change of a status that is taken has to fit into one.
BUFFER_MIN = CHANGE_MAX + LENGTH + OVERHEAD


def node_settings(config: Config, host: str, keyring: Keyring, snapshot: Snapshot) -> Settings:
    """The settings that a configuration means. Raises ValueError for parameters that cannot be."""
    cluster = config.cluster
    return Settings(
        name=host,
        binds=tuple(_bind(n.name, n.bind, n.advertise) for n in cluster.networks),
        seeds=tuple(cluster.seeds),
        known=snapshot.known,
        label=cluster.label,
        profile=profile(config),
        encryption=cluster.encryption,
        keyring=keyring,
        labels=labels(config),
        incarnation=snapshot.incarnation,
    )


def profile(config: Config) -> Profile:
    """The named profile with what is set otherwise. Raises ValueError."""
    wanted: dict[str, Any] = {
        key: type(getattr(PROFILES["lan"], key))(value)
        for key, value in asdict(config.cluster.parameters).items()
        if value is not None
    }
    found = replace(PROFILES[config.cluster.profile], **wanted)
    if not 0 < found.probe_timeout < found.probe_interval:
        raise ValueError("probe_timeout must be shorter than probe_interval")
    if not BUFFER_MIN <= found.udp_buffer_size <= 65000:
        raise ValueError(f"udp_buffer_size must be from {BUFFER_MIN} to 65000")
    return found


def labels(config: Config) -> dict[str, str]:
    """What others are told of this host: its labels and where it stands."""
    zone = "/".join(config.cluster.zone)
    return config.cluster.labels | ({"zone": zone} if zone else {})


def _bind(name: str, bind: str, advertise: str) -> Bind:
    host, port = split_host_port(bind)
    if not advertise:
        return Bind(name, host, port)
    told, told_port = split_host_port(advertise, port)
    return Bind(name, host, port, told, told_port)
