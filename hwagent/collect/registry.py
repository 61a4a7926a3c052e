"""Finding collectors and the vocabulary that they make."""

from collections.abc import Callable, Mapping
from importlib import import_module

from hwagent.model import Metric, Sample, Vocabulary, gauge

from .base import Collector

#: Every component has these, whatever its kind: the agent makes them.
COMMON = (
    gauge("present", "1, or 0 once a component that was seen before is not found any more"),
    gauge("probe_stuck", "1 while a read of it has overrun its deadline and not come back"),
)

#: One line per collector: the file's name in this package; its class is COLLECTOR there.
COLLECTORS: tuple[str, ...] = (
    "link",
    "bond",
    "optics",
    "ethtool",
    "nic",
    "md",
    "service",
    "multipath",
    "filesystem",
    "host",
    "disk",
    "smart",
    "thermometer",
    "nvme_controller",
    "pcie",
    "edac",
    "mce",
    "watchdog",
    "power_supply",
    "hwmon",
    "thermal",
    "throttling",
    "fc",
    "infiniband",
    "lldp",
    "lldp_listen",
    "ipmi_device",
    "bmc",
)

#: Kinds of ``hwagent decode``, and the function (module:name) that reads one such file.
DECODERS: Mapping[str, str] = {
    "bonding": "bond:decode",
    "ethtool-module": "optics:decode",
    "ethtool": "ethtool:decode",
    "smartctl": "smartctl:decode",
    "smartctl-scan": "smartctl:decode_scan",
    "nvme-smart-log": "nvme:decode_smart_log",
    "nvme-list": "nvme:decode_list",
    "mdstat": "mdstat:decode",
    "mdadm-detail": "mdadm:decode",
    "lldp": "lldp:decode",
    "ipmi-sensors": "ipmi:decode_freeipmi",
    "ipmitool-sdr": "ipmi:decode_ipmitool",
    "ipmi-dcmi": "ipmi:decode_dcmi",
    "redfish": "redfish:decode",
    "storcli": "storcli:decode",
    "megacli": "megacli:decode",
    "sas3ircu": "sas3ircu:decode",
    "arcconf": "arcconf:decode",
    "ssacli": "ssacli:decode",
    "snmprec": "hwagent.snmp.decode:recording",
    "snmpwalk": "hwagent.snmp.decode:printed",
}

#: Modules that declare kinds of components which no collector of the host itself finds.
DECLARING: tuple[str, ...] = (
    "hwagent.snmp.switch",
    "hwagent.snmp.far",
    "hwagent.collect.ipmi",
    "hwagent.collect.redfish",
    "hwagent.collect.hwraid",
)


def collectors() -> list[Collector]:
    """All collectors, in the order of the list."""
    return [import_module(f"{__package__}.{name}").COLLECTOR() for name in COLLECTORS]


def decoder(kind: str) -> Callable[[bytes], list[Sample]]:
    """The function that turns one captured file into samples. Raises KeyError."""
    module, _, name = DECODERS[kind].partition(":")
    place = module if "." in module else f"{__package__}.{module}"
    function: Callable[[bytes], list[Sample]] = getattr(import_module(place), name)
    return function


def vocabulary(of: list[Collector] | None = None) -> Vocabulary:
    """Every kind with the metrics that any collector makes for it."""
    kinds: dict[str, dict[str, Metric]] = {}
    around = [import_module(module).KINDS for module in DECLARING]
    own = [collector.kinds for collector in (collectors() if of is None else of)]
    for declared in (*around, *own):
        for kind, metrics in declared.items():
            known = kinds.setdefault(kind, {m.name: m for m in COMMON})
            known.update({m.name: m for m in metrics})
    return kinds


def attribute_names(of: list[Collector] | None = None) -> dict[str, frozenset[str]]:
    """Every kind with the attributes that rules may name."""
    kinds: dict[str, set[str]] = {}
    around = [import_module(module).NAMES for module in DECLARING]
    own = [collector.attributes for collector in (collectors() if of is None else of)]
    for declared in (*around, *own):
        for kind, names in declared.items():
            kinds.setdefault(kind, set()).update(names)
    return {kind: frozenset(names) for kind, names in kinds.items()}
