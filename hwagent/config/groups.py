"""What is wrong with groups that types cannot say."""

from ipaddress import ip_address, ip_interface

from .schema import Config, Group, Hosts
from .source import Path, Source, nearest

_VOTER_SETS = ("voters", "previous", "members")


def check_groups(source: Source, config: Config, host: str) -> None:
    """Raises ConfigError for groups that cannot work, and for addresses of groups not there."""
    if config.groups and not config.cluster.key_file and config.cluster.encryption != "none":
        what = "groups need cluster.key_file, or cluster `encryption: none` said on purpose"
        raise source.error(("groups",), what)
    names: set[str] = set()
    for index, group in enumerate(config.groups):
        at = ("groups", index)
        if group.name in names:
            raise source.error((*at, "name"), f"group {group.name!r} stands twice")
        names.add(group.name)
        _check_hosts(source, at, group)
        _check_times(source, at, group)
        _check_gateway(source, at, group)
        if host not in {**group.voters, **group.previous, **group.members}:
            what = f"this host, {host!r}, is neither voter nor member of {group.name!r}"
            hint = nearest(host, [*group.voters, *group.members])
            raise source.error(("host",) if config.host else at, what, hint)
    _check_vips(source, config, names)


def unsafe(group: Group) -> str:
    """Why a group may give an address two owners, for wherever it is shown; empty if it may not."""
    if group.quorum != "any":
        return ""
    reason = "quorum is any: a cut network can give an address two owners"
    return reason if group.gateway else f"{reason}, and no gateway breaks the tie"


def _check_vips(source: Source, config: Config, names: set[str]) -> None:
    gateways = {str(ip_address(g.gateway)): g.name for g in config.groups if g.gateway}
    for index, vip in enumerate(config.vips):
        if vip.group and vip.group not in names:
            what = f"no group {vip.group!r}"
            raise source.error(("vips", index, "group"), what, nearest(vip.group, names))
        if name := gateways.get(str(ip_interface(vip.address).ip)):
            what = f"{vip.address} is the gateway of {name!r}: its answer would say nothing"
            raise source.error(("vips", index, "address"), what)


def _check_hosts(source: Source, at: Path, group: Group) -> None:
    if not group.voters:
        raise source.error((*at, "voters"), "expected at least one voter")
    for name in _VOTER_SETS:
        hosts: Hosts = getattr(group, name)
        for host, addresses in hosts.items():
            if not addresses:
                raise source.error((*at, name, host), f"{host!r} has no address")
            for number, address in enumerate(addresses):
                _check_address(source, (*at, name, host, number), address)
    for number, witness in enumerate(group.witnesses):
        if witness not in group.voters:
            hint = nearest(witness, group.voters)
            raise source.error((*at, "witnesses", number), f"{witness!r} is no voter", hint)
    owners: dict[str, str] = {}
    for host, addresses in {**group.members, **group.voters}.items():
        for address in addresses:
            if owners.setdefault(str(ip_address(address)), host) != host:
                what = f"{address} is the address of {owners[str(ip_address(address))]!r} too"
                raise source.error((*at, "voters", host), what)


def _check_address(source: Source, at: Path, address: str) -> None:
    try:
        ip_address(address)
    except ValueError:
        what = f"expected an IP address without prefix length, not {address!r}"
        raise source.error(at, what) from None


def _check_gateway(source: Source, at: Path, group: Group) -> None:
    if not group.gateway:
        return
    if group.quorum != "any":
        what = "a majority needs no gateway to break ties: it is for `quorum: any`"
        raise source.error((*at, "gateway"), what)
    _check_address(source, (*at, "gateway"), group.gateway)
    if ip_address(group.gateway).is_link_local:
        raise source.error((*at, "gateway"), f"{group.gateway} is another host on every link")
    hosts = {**group.members, **group.voters}.items()
    for name in (n for n, many in hosts if group.gateway in many):
        what = f"{group.gateway} is the address of {name!r}: its answer says nothing"
        raise source.error((*at, "gateway"), what)


def _check_times(source: Source, at: Path, group: Group) -> None:
    interval, lease, longest = (float(t) for t in (group.interval, group.lease, group.longest))
    if interval < 0.005:
        raise source.error((*at, "interval"), f"{interval:g} s is shorter than 5 ms")
    if lease < 2 * interval:
        what = f"a lease of {lease:g} s leaves no second try at an interval of {interval:g} s"
        raise source.error((*at, "lease"), what)
    if longest < lease:
        what = f"the longest lease, {longest:g} s, is shorter than this one of {lease:g} s"
        raise source.error((*at, "longest"), what)
    if group.previous_longest is not None and not group.previous:
        raise source.error((*at, "previous_longest"), "expected `previous` with it")
    for name, most in (("drift", 0.01), ("slew", 0.2)):
        value = getattr(group, name)
        if not 0 <= value <= most:
            raise source.error((*at, name), f"expected a ratio from 0 to {most:g}, not {value:g}")
    if not 0 < group.port < 65536:
        raise source.error((*at, "port"), f"no port: {group.port}")
