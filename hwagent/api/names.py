"""What metrics are called outside: as node_exporter calls them where the thing is the same.

Names and labels are those of node_exporter a7dcc3a0 with ``hwagent_`` for ``node_``, so that its
users' queries and joins need one word changed. What it does not know is named
``<prefix of the kind>_<metric>``.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from hwagent.model import Metric


class Shown(NamedTuple):
    """One family that a metric appears in, without ``hwagent_``.

    ``like`` is the kind whose labels it bears, if not its own; ``extra`` one more label;
    ``factor`` makes another unit; ``word`` turns a state into 1 (is that word) or 0.
    """

    family: str
    like: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    factor: float = 1.0
    word: str = ""


class Label(NamedTuple):
    """A label: its key, the attribute it comes from, and the part of that which counts.

    Without an attribute it is what follows the kind in the component's id.
    """

    key: str
    attribute: str = ""
    part: re.Pattern[str] = re.compile(r"(.*)")


_SENSOR = (Label("chip", "chip"), Label("sensor", "sensor"))
_CONTROLLER = re.compile(r"mc(\d+)$")
_DEVICE = (Label("device"),)
_SUPPLY = (Label("power_supply"),)
_SENSOR_INFO = ("hwmon_sensor_label", (Label("label", "label"),))
_SUPPLY_INFO = (
    "power_supply_info",
    (
        Label("type", "type"),
        Label("manufacturer", "manufacturer"),
        Label("model_name", "model"),
        Label("serial_number", "serial"),
    ),
)

#: The labels of each kind, besides ``component``.
LABELS: Mapping[str, tuple[Label, ...]] = {
    "disk": (Label("device", "name"),),
    "array": _DEVICE,
    "nic": _DEVICE,
    "link": _DEVICE,
    "bond": (Label("master"),),
    "temperature": _SENSOR,
    "fan": _SENSOR,
    "voltage": _SENSOR,
    "current": _SENSOR,
    "power": _SENSOR,
    "intrusion": _SENSOR,
    "energy": _SENSOR,
    "humidity": _SENSOR,
    "frequency": _SENSOR,
    "pwm": _SENSOR,
    "psu": _SUPPLY,
    "battery": _SUPPLY,
    "memory_controller": (Label("controller", "", _CONTROLLER),),
    "dimm": (
        Label("controller", "controller", _CONTROLLER),
        Label("csrow", "csrow", re.compile(r"csrow(\d+)")),
        Label("channel", "channel", re.compile(r"ch(\d+)")),
        Label("dimm", "dimm"),
        Label("dimm_label", "label"),
    ),
    "thermal": (Label("zone", "name", re.compile(r"(\d+)$")), Label("type", "type")),
    "cpu": (Label("package", "package"),),
    "cooling": (Label("type", "type"),),
    "watchdog": (Label("name"),),
    "fc_port": (Label("fc_host"),),
    "ib_port": (Label("device", "device"), Label("port", "port")),
    "filesystem": (Label("mountpoint"), Label("device", "source"), Label("fstype", "fstype")),
    "multipath": (Label("device", "device"), Label("name")),
    "pcie": (
        Label("segment", "", re.compile(r"^([0-9a-f]+):")),
        Label("bus", "", re.compile(r":([0-9a-f]+):")),
        Label("device", "", re.compile(r":([0-9a-f]+)\.")),
        Label("function", "", re.compile(r"\.(\w+)$")),
    ),
    "service": (Label("service"),),
    "probe": (Label("collector", "collector"), Label("target", "target")),
    "vip": (Label("address", "address"),),
}

#: Family that tells what a component is, and its labels; what moves with time is left out.
INFO: Mapping[str, tuple[str, tuple[Label, ...]]] = {
    "disk": (
        "disk_info",
        (
            Label("model", "model"),
            Label("serial", "serial"),
            Label("wwn", "wwn", re.compile(r"^(?:wwn-)?(.*)")),
            Label("revision", "firmware"),
            Label("path", "path"),
        ),
    ),
    "nic": ("network_info", (Label("address", "address"), Label("ifalias", "ifalias"))),
    "temperature": _SENSOR_INFO,
    "fan": _SENSOR_INFO,
    "voltage": _SENSOR_INFO,
    "current": _SENSOR_INFO,
    "power": _SENSOR_INFO,
    "energy": _SENSOR_INFO,
    "humidity": _SENSOR_INFO,
    "psu": _SUPPLY_INFO,
    "battery": _SUPPLY_INFO,
    "watchdog": (
        "watchdog_info",
        tuple(Label(k, k) for k in ("identity", "options", "pretimeout_governor")),
    ),
    "fc_port": (
        "fibrechannel_info",
        tuple(Label(k, k) for k in ("port_name", "port_id", "port_type", "fabric_name")),
    ),
    "ib_port": (
        "infiniband_info",
        (
            Label("board_id", "board"),
            Label("firmware_version", "firmware"),
            Label("hca_type", "hca_type"),
        ),
    ),
    "pcie": (
        "pcidevice_info",
        (
            Label("class_id", "class"),
            Label("vendor_id", "vendor"),
            Label("device_id", "device"),
            Label("driver", "driver"),
        ),
    ),
}

#: What stands between ``hwagent_`` and the metric, where it is not the kind.
PREFIXES: Mapping[str, str] = {
    "array": "md",
    "nic": "network",
    "link": "network",
    "bond": "bonding",
    "temperature": "hwmon_temp",
    "fan": "hwmon_fan",
    "voltage": "hwmon_in",
    "current": "hwmon_curr",
    "power": "hwmon_power",
    "intrusion": "hwmon_intrusion",
    "energy": "hwmon_energy",
    "humidity": "hwmon_humidity",
    "frequency": "hwmon_freq",
    "pwm": "hwmon_pwm",
    "psu": "power_supply",
    "battery": "power_supply",
    "memory_controller": "edac",
    "dimm": "edac_dimm",
    "thermal": "thermal_zone",
    "cooling": "cooling_device",
    "fc_port": "fibrechannel",
    "ib_port": "infiniband",
    "pcie": "pcidevice",
}

_NETWORK: Mapping[str, tuple[Shown, ...]] = {
    "operstate": (Shown("network_operstate"), Shown("network_up", word="up")),
    "carrier": (Shown("network_carrier"),),
    "carrier_changes": (Shown("network_carrier_changes"),),
    "carrier_up_count": (Shown("network_carrier_up_changes"),),
    "mtu_bytes": (Shown("network_mtu_bytes"),),
    "speed_bits_per_second": (Shown("network_speed_bytes", factor=1 / 8),),
    "rx_bytes": (Shown("network_receive_bytes"),),
    "rx_packets": (Shown("network_receive_packets"),),
    "rx_errors": (Shown("network_receive_errs"),),
    "rx_dropped": (Shown("network_receive_drop"),),
    "rx_fifo_errors": (Shown("network_receive_fifo"),),
    "rx_frame_errors": (Shown("network_receive_frame"),),
    "tx_bytes": (Shown("network_transmit_bytes"),),
    "tx_packets": (Shown("network_transmit_packets"),),
    "tx_errors": (Shown("network_transmit_errs"),),
    "tx_dropped": (Shown("network_transmit_drop"),),
    "tx_carrier_errors": (Shown("network_transmit_carrier"),),
    "collisions": (Shown("network_transmit_colls"),),
}


def _disks(state: str) -> tuple[Shown, ...]:
    return (Shown("md_disks", extra=(("state", state),)),)


def _of_nic(name: str) -> tuple[Shown, ...]:
    return (Shown(name, like="nic"),)


def _limits(prefix: str, ours: str, theirs: str) -> dict[str, tuple[Shown, ...]]:
    """A sensor's value and its limits in node_exporter's word for the unit."""
    limits = {f"{x}_{ours}": (Shown(f"{prefix}_{x}_{theirs}"),) for x in ("min", "max", "crit")}
    return {ours: (Shown(f"{prefix}_{theirs}"),), **limits}


_SUPPLIES = {
    "inserted": (Shown("power_supply_present"),),
    "volts": (Shown("power_supply_voltage_volt"),),
    "amperes": (Shown("power_supply_current_ampere"),),
    "watts": (Shown("power_supply_power_watt"),),
}

#: What every component has, whatever its kind, is one family for all of them.
COMMON: Mapping[str, tuple[Shown, ...]] = {
    name: (Shown(f"component_{name}", like="component"),) for name in ("present", "probe_stuck")
}

#: Kind and metric, and the families that node_exporter's users look for.
SAME: Mapping[str, Mapping[str, tuple[Shown, ...]]] = {
    "nic": _NETWORK,
    "link": _NETWORK,
    "bond": {
        "carrier": _of_nic("network_carrier"),
        "carrier_changes": _of_nic("network_carrier_changes"),
        "operstate": (
            Shown("network_operstate", like="nic"),
            Shown("network_up", like="nic", word="up"),
        ),
        "mtu_bytes": _of_nic("network_mtu_bytes"),
        "admin_up": _of_nic("network_admin_up"),
        "legs_total": (Shown("bonding_slaves"),),
        "legs_up": (Shown("bonding_active"),),
    },
    "array": {
        "raid_disks": (Shown("md_disks_required"), Shown("md_raid_disks")),
        "size_bytes": (Shown("md_size_bytes"), Shown("md_blocks", factor=1 / 1024)),
        "in_sync_disks": _disks("active"),
        "failed_disks": _disks("failed"),
        "spare_disks": _disks("spare"),
    },
    "disk": {
        "reads": (Shown("disk_reads_completed"),),
        "writes": (Shown("disk_writes_completed"),),
        "discards": (Shown("disk_discards_completed"),),
        "flushes": (Shown("disk_flush_requests"),),
        "read_seconds": (Shown("disk_read_time_seconds"),),
        "write_seconds": (Shown("disk_write_time_seconds"),),
        "discard_seconds": (Shown("disk_discard_time_seconds"),),
        "flush_seconds": (Shown("disk_flush_requests_time_seconds"),),
        "busy_seconds": (Shown("disk_io_time_seconds"),),
        "queue_seconds": (Shown("disk_io_time_weighted_seconds"),),
        "in_flight": (Shown("disk_io_now"),),
        "write_cache": (Shown("disk_ata_write_cache"),),
        "write_cache_enabled": (Shown("disk_ata_write_cache_enabled"),),
    },
    "memory_controller": {
        "ce": (Shown("edac_correctable_errors"),),
        "ue": (Shown("edac_uncorrectable_errors"),),
    },
    "dimm": {
        "ce": (Shown("edac_channel_correctable_errors"),),
        "ue": (Shown("edac_channel_uncorrectable_errors"),),
        "row_ce": (Shown("edac_csrow_correctable_errors"),),
        "row_ue": (Shown("edac_csrow_uncorrectable_errors"),),
    },
    "temperature": {"crit_alarm": (Shown("hwmon_temp_crit_alarm_celsius"),)},
    "fan": {
        "output_rpm": (Shown("hwmon_fan_output"),),
        "tolerance_rpm": (Shown("hwmon_fan_tolerance"),),
        "beep": (Shown("hwmon_fan_beep_enabled"),),
    },
    "voltage": {"beep": (Shown("hwmon_in_beep_enabled"),)},
    "intrusion": {"beep": (Shown("hwmon_intrusion_beep_enabled"),)},
    "current": _limits("hwmon_curr", "amperes", "amps"),
    "power": _limits("hwmon_power", "watts", "watt"),
    "frequency": {"hertz": (Shown("hwmon_freq_freq_mhz", factor=1e-6),)},
    "energy": {"joules": (Shown("hwmon_energy_joule"),)},
    "psu": _SUPPLIES,
    "battery": {
        **_SUPPLIES,
        "capacity_percent": (Shown("power_supply_capacity"),),
        "cycles": (Shown("power_supply_cyclecount"),),
        "energy_watt_hours": (Shown("power_supply_energy_watthour"),),
        "energy_full_watt_hours": (Shown("power_supply_energy_full"),),
        "energy_design_watt_hours": (Shown("power_supply_energy_full_design"),),
        "min_design_volts": (Shown("power_supply_voltage_min_design"),),
    },
    "thermal": {"celsius": (Shown("thermal_zone_temp"),)},
    "watchdog": {"firmware_version": (Shown("watchdog_fw_version"),)},
    "fc_port": {
        "link_failures": (Shown("fibrechannel_link_failure"),),
        "aborts": (Shown("fibrechannel_fcp_packet_aborts"),),
        "seconds_since_reset": (Shown("fibrechannel_seconds_since_last_reset"),),
    },
    "ib_port": {
        "state_number": (Shown("infiniband_state_id"),),
        "physical_state_number": (Shown("infiniband_physical_state_id"),),
        "rate_bits_per_second": (Shown("infiniband_rate_bytes_per_second", factor=1 / 8),),
        "rx_bytes": (Shown("infiniband_port_data_received_bytes"),),
        "tx_bytes": (Shown("infiniband_port_data_transmitted_bytes"),),
        "rx_packets": (Shown("infiniband_port_packets_received"),),
        "tx_packets": (Shown("infiniband_port_packets_transmitted"),),
        "rx_unicast": (Shown("infiniband_unicast_packets_received"),),
        "tx_unicast": (Shown("infiniband_unicast_packets_transmitted"),),
        "rx_multicast": (Shown("infiniband_multicast_packets_received"),),
        "tx_multicast": (Shown("infiniband_multicast_packets_transmitted"),),
        "rx_errors": (Shown("infiniband_port_errors_received"),),
        "rx_discards": (Shown("infiniband_port_discards_received"),),
        "tx_discards": (Shown("infiniband_port_discards_transmitted"),),
        "rx_constraint_errors": (Shown("infiniband_port_constraint_errors_received"),),
        "tx_constraint_errors": (Shown("infiniband_port_constraint_errors_transmitted"),),
        "link_error_recoveries": (Shown("infiniband_link_error_recovery"),),
        "tx_wait": (Shown("infiniband_port_transmit_wait"),),
    },
    "pcie": {
        "link_speed": (Shown("pcidevice_current_link_transfers_per_second"),),
        "link_speed_max": (Shown("pcidevice_max_link_transfers_per_second"),),
        "link_width": (Shown("pcidevice_current_link_width"),),
        "link_width_max": (Shown("pcidevice_max_link_width"),),
    },
    "filesystem": {
        "available_bytes": (Shown("filesystem_avail_bytes"),),
        "inodes": (Shown("filesystem_files"),),
        "inodes_free": (Shown("filesystem_files_free"),),
        "read_only": (Shown("filesystem_readonly"),),
    },
    "host": {
        "load1": (Shown("load1"),),
        "load5": (Shown("load5"),),
        "load15": (Shown("load15"),),
        "memory_total_bytes": (Shown("memory_MemTotal_bytes"),),
        "memory_available_bytes": (Shown("memory_MemAvailable_bytes"),),
        "hardware_corrupted_bytes": (Shown("memory_HardwareCorrupted_bytes"),),
        "swap_total_bytes": (Shown("memory_SwapTotal_bytes"),),
        "swap_free_bytes": (Shown("memory_SwapFree_bytes"),),
        "oom_kills": (Shown("vmstat_oom_kill"),),
        "blocked_tasks": (Shown("procs_blocked"),),
        "clock_synchronised": (Shown("timex_sync_status"),),
        "clock_max_error_seconds": (Shown("timex_maxerror_seconds"),),
        "boot_time_seconds": (Shown("boot_time_seconds"),),
        "file_handles": (Shown("filefd_allocated"),),
        "file_handles_max": (Shown("filefd_maximum"),),
    },
}

#: Units that a name ends with (prometheus.io/docs/practices/naming).
UNITS = ("bytes", "seconds", "celsius", "volts", "amperes", "watts", "joules", "ratio", "rpm")


def shown(kind: str, metric: Metric) -> tuple[Shown, ...]:
    """The families in which a metric of a kind appears."""
    same = COMMON.get(metric.name) or SAME.get(kind, {}).get(metric.name)
    return same or (Shown(_own_name(PREFIXES.get(kind, kind), metric)),)


def _own_name(prefix: str, metric: Metric) -> str:
    name = f"{prefix}_{metric.name}".removesuffix("_total")
    if metric.unit in UNITS and metric.unit not in metric.name.split("_"):
        name += f"_{metric.unit}"
    return name
