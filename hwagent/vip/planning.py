"""From the configuration to the holder's plan. Pure."""

from ipaddress import ip_address, ip_interface

from hwagent.config import Config, Group, Vip
from hwagent.config.vip_services import VipServices, services_of

from . import protocol
from .protocol import GroupPlan, Plan, Secrets, VirtualLink
from .virtual import virtual_link


def plan_of(config: Config, host: str, secrets: Secrets) -> Plan:
    """What the holder of ``host`` is told; addresses in the kernel's form. Raises ValueError."""
    vips = tuple(
        protocol.Vip(
            str(ip_interface(vip.address)),
            tuple(link.name for link in _links(vip)) or tuple(vip.interfaces),
            vip.group,
            *_patience(services_of(config, vip)),
        )
        for vip in config.vips
    )
    groups = tuple(plan_of_group(group) for group in config.groups)
    links = tuple(link for vip in config.vips for link in _links(vip))
    return Plan(vips, host, groups, secrets, links)


def _links(vip: Vip) -> list[VirtualLink]:
    """Links with the virtual MAC address on each interface; none without a virtual router id."""
    numbered = enumerate(vip.interfaces) if vip.router_id else ()
    return [virtual_link(vip.address, vip.router_id, n, parent) for n, parent in numbered]


def _patience(services: VipServices) -> tuple[float, float]:
    """For how long services may start, and an address is left to others if they do not."""
    if not services.run:
        return 0.0, 0.0
    return float(services.start_timeout), float(services.cooldown)


def plan_of_group(group: Group) -> GroupPlan:
    """What the holder is told of one group."""
    return GroupPlan(
        name=group.name,
        voters=_hosts(group.voters),
        previous=_hosts(group.previous),
        previous_longest=float(group.previous_longest or group.longest),
        members=_hosts(group.members),
        interval=float(group.interval),
        lease=float(group.lease),
        longest=float(group.longest),
        rate=group.drift,
        slew=group.slew,
        quorum=group.quorum,
        gateway=str(ip_address(group.gateway)) if group.gateway else "",
        preempt=group.preempt,
        port=group.port,
    )


def _hosts(hosts: protocol.Hosts) -> protocol.Hosts:
    return {name: tuple(str(ip_address(a)) for a in many) for name, many in hosts.items()}
