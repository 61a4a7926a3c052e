"""What types cannot say of the cluster's section."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from .schema import Cluster, Config, FleetLimits
from .source import Source

#: UDP and TCP port of gossip where none is given.
PORT = 7956
#: Most permits of one kind: each is a name that voters remember.
PERMITS_MAX = 64


def check_cluster(source: Source, config: Config) -> None:
    """Raises ConfigError for networks that cannot be, and for gossip that anybody could read."""
    cluster = config.cluster
    names = [network.name for network in cluster.networks]
    for index, network in enumerate(cluster.networks):
        at = ("cluster", "networks", index)
        if names.count(network.name) > 1:
            raise source.error((*at, "name"), "two networks need names, each another")
        for key, text in (("bind", network.bind), ("advertise", network.advertise)):
            try:
                _address(text or network.bind)
            except ValueError as e:
                raise source.error((*at, key), str(e)) from None
        if _address(network.advertise or network.bind).is_unspecified:
            what = "others cannot call that address: set advertise"
            raise source.error((*at, "bind"), what)
    _check_secrecy(source, cluster)
    if cluster.weight < 0:
        raise source.error(("cluster", "weight"), "expected 0 or more")
    _check_limits(source, config.limits.fleet)


def _check_limits(source: Source, limits: FleetLimits) -> None:
    at = ("limits", "fleet")
    for key in ("voters", "previous"):
        names: list[str] = getattr(limits, key)
        for number, name in enumerate(names):
            if not name or name in names[:number]:
                raise source.error((*at, key, number), f"expected another name, not {name!r}")
    if limits.previous and not limits.voters:
        raise source.error((*at, "previous"), "there are no voters that could replace these")
    for key in ("rebuilds", "disruptive_per_hour"):
        if not 1 <= getattr(limits, key) <= PERMITS_MAX:
            raise source.error((*at, key), f"expected 1 to {PERMITS_MAX}")
    if not 1 <= float(limits.lease) <= 3600:
        raise source.error((*at, "lease"), "expected 1s to 1h")
    if not 0 <= limits.storm.share <= 1:
        raise source.error((*at, "storm", "share"), "expected a share from 0 to 1")
    if limits.storm.members < 2:
        raise source.error((*at, "storm", "members"), "one host is no storm: expected 2 or more")


def _check_secrecy(source: Source, cluster: Cluster) -> None:
    open = [n for n in cluster.networks if not _address(n.bind).is_loopback]
    if open and not cluster.key_file and cluster.encryption != "none":
        what = "gossip beyond this host needs key_file, or `encryption: none` said on purpose"
        raise source.error(("cluster",), what)


def unsealed(config: Config) -> str:
    """Why gossip and leases can be forged, for wherever that matters; empty if they cannot."""
    cluster = config.cluster
    if cluster.encryption != "none" or not (cluster.networks or config.groups):
        return ""
    return "encryption is none: whoever reaches the network can forge gossip and leases"


def split_host_port(text: str, port: int = PORT) -> tuple[str, int]:
    """``host``, ``host:port``, ``[IPv6]:port`` or a bare IPv6 address. Raises ValueError."""
    host, bracket, rest = text.removeprefix("[").partition("]")
    if bracket:
        number = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, number = text.split(":")
    else:
        host, number = text, ""
    found = int(number) if number.isdecimal() else port
    if not host or (number and not number.isdecimal()) or found > 65535:
        raise ValueError(f"expected a host with or without a port, not {text!r}")
    return host, found


def _address(text: str) -> IPv4Address | IPv6Address:
    host = split_host_port(text)[0]
    try:
        return ip_address(host)
    except ValueError:
        raise ValueError(f"expected an address with or without a port, not {text!r}") from None
