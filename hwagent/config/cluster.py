"""What types cannot say of the cluster's section."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from .schema import Cluster, Config
from .source import Source

#: UDP and TCP port of gossip where none is given.
PORT = 7956


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


def _check_secrecy(source: Source, cluster: Cluster) -> None:
    open = [n for n in cluster.networks if not _address(n.bind).is_loopback]
    if open and not cluster.key_file and cluster.encryption != "none":
        what = "gossip beyond this host needs key_file, or `encryption: none` said on purpose"
        raise source.error(("cluster",), what)


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
