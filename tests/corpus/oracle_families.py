"""The families of node_exporter about hardware: how we tell each, or why we do not."""

from collections.abc import Mapping

from hwagent.model import Sample
from tests.corpus.oracle import Host, Labels, Read, Tell, attribute, first, info, metric, of


def _interface(read: str | Read, scale: float = 1) -> Tell:
    """Of a NIC, else of a bond."""
    return first(of("nic", read, scale), of("bond", read, scale))


def _difference(whole: str, part: str) -> Read:
    return lambda sample: sample.metrics[whole] - sample.metrics[part]


def _word(name: str, word: str) -> Read:
    return lambda s: int(s.metrics[name] == word) if name in s.metrics else None


def _by_row(row: str, unknown: str) -> Tell:
    """Errors of a row are told by its modules, those of no known row by the controller."""
    known, none = of("dimm", row), of("memory_controller", unknown)
    return lambda host, labels: (none if labels["csrow"] == "unknown" else known)(host, labels)


def _running(read: str) -> Read:
    """node_exporter takes no member of an inactive array for active, nor any to be required."""
    return lambda s: 0 if s.metrics["state"] == "inactive" else s.metrics.get(read)


def _disks(host: Host, labels: Labels) -> float | None:
    reads = {"active": _running("in_sync_disks"), "failed": "failed_disks", "spare": "spare_disks"}
    return of("mdstat", reads[labels["state"]])(host, labels)


def _state(host: Host, labels: Labels) -> float | None:
    """Its one word of five for what we tell in two: the state and the sync action."""
    actions = {"recover": "recovering", "resync": "resync", "check": "check"}

    def word(sample: Sample) -> int:
        action = actions.get(str(sample.metrics.get("sync_action")), "active")
        now = "inactive" if sample.metrics["state"] == "inactive" else action
        return int(now == labels["state"])

    return of("mdstat", word)(host, labels)


def _synced(sample: Sample) -> float | None:
    """Blocks in sync: all of them unless a sync runs or waits."""
    metrics = sample.metrics
    if metrics.get("sync_state") in ("delayed", "pending"):
        return 0
    return metrics.get("sync_done_blocks", metrics["size_bytes"] / 1024)


def _wwn(sample: Sample) -> str:
    return str(sample.attributes.get("wwn", "")).removeprefix("wwn-").removeprefix("nvme-")


def _address(name: str) -> Read:
    """node_exporter leaves 0x out of the names of Fibre Channel."""
    return lambda s: str(s.attributes.get(name, "")).removeprefix("0x")


def _fc_speed(sample: Sample) -> str:
    return f"{sample.metrics['speed_bits_per_second'] // 10**9} Gbit"


def _parent(sample: Sample) -> str:
    return str(sample.attributes.get("port", "pcie:*")).removeprefix("pcie:")


def _card(host: Host, labels: Labels) -> float | None:
    """A device's ids, and the port that it is plugged into."""
    parts = [labels[f"parent_{part}"] for part in ("segment", "bus", "device", "function")]
    place = "*" if parts[0] == "*" else "{}:{}:{}.{}".format(*parts)
    told = info(
        "pcie",
        class_id="class",
        vendor_id="vendor",
        device_id="device",
        subsystem_vendor_id="subsystem_vendor",
        subsystem_device_id="subsystem_device",
        parent=_parent,
    )
    return told(host, {**labels, "parent": place})


_BONDS = {"bonding_active": of("bond", "legs_up"), "bonding_slaves": of("bond", "legs_total")}
_DISKS = {
    "disk_ata_rotation_rate_rpm": of("disk", attribute("rotation_rate")),
    "disk_ata_write_cache": of("disk", "write_cache"),
    "disk_ata_write_cache_enabled": of("disk", "write_cache_enabled"),
    "disk_discard_time_seconds_total": of("disk", "discard_seconds"),
    "disk_discarded_sectors_total": of("disk", "discarded_bytes", 1 / 512),
    "disk_discards_completed_total": of("disk", "discards"),
    "disk_discards_merged_total": of("disk", "discards_merged"),
    "disk_flush_requests_time_seconds_total": of("disk", "flush_seconds"),
    "disk_flush_requests_total": of("disk", "flushes"),
    "disk_info": info(
        "disk",
        model="model",
        path="path",
        revision="firmware",
        serial="serial",
        wwn=_wwn,
        # where nobody says whether a disk rotates, node_exporter says that it does not
        rotational=lambda s: s.metrics.get("rotational", 0),
    ),
    "disk_io_now": of("disk", "in_flight"),
    "disk_io_time_seconds_total": of("disk", "busy_seconds"),
    "disk_io_time_weighted_seconds_total": of("disk", "queue_seconds"),
    "disk_read_bytes_total": of("disk", "read_bytes"),
    "disk_read_time_seconds_total": of("disk", "read_seconds"),
    "disk_reads_completed_total": of("disk", "reads"),
    "disk_reads_merged_total": of("disk", "reads_merged"),
    "disk_write_time_seconds_total": of("disk", "write_seconds"),
    "disk_writes_completed_total": of("disk", "writes"),
    "disk_writes_merged_total": of("disk", "writes_merged"),
    "disk_written_bytes_total": of("disk", "written_bytes"),
}
_ARRAYS = {
    # from /proc/mdstat, which in this tree tells of other arrays than sysfs does
    "md_blocks": of("mdstat", "size_bytes", 1 / 1024),
    "md_blocks_synced": of("mdstat", _synced),
    "md_disks": _disks,
    "md_disks_required": of("mdstat", _running("raid_disks")),
    "md_state": _state,
    # from sysfs; raid0 has no member to miss, so we do not say that none is missing
    "md_degraded": of("array", lambda s: s.metrics.get("degraded", 0)),
    "md_raid_disks": of("array", "raid_disks"),
}
_MEMORY = {
    "edac_channel_correctable_errors_total": of("dimm", "ce"),
    "edac_channel_uncorrectable_errors_total": of("dimm", "ue"),
    "edac_correctable_errors_total": of("memory_controller", "ce"),
    "edac_csrow_correctable_errors_total": _by_row("row_ce", "ce_noinfo"),
    "edac_csrow_uncorrectable_errors_total": _by_row("row_ue", "ue_noinfo"),
    "edac_uncorrectable_errors_total": of("memory_controller", "ue"),
}
_NETWORK = {
    "network_carrier": _interface("carrier"),
    "network_carrier_changes_total": _interface("carrier_changes"),
    "network_carrier_down_changes_total": of(
        "nic", _difference("carrier_changes", "carrier_up_count")
    ),
    "network_carrier_up_changes_total": of("nic", "carrier_up_count"),
    "network_info": info(
        "nic",
        address="address",
        ifalias="ifalias",
        duplex=metric("duplex"),
        operstate=metric("operstate"),
        adminstate=lambda s: "up" if s.metrics["admin_up"] else "down",
    ),
    "network_mtu_bytes": _interface("mtu_bytes"),
    "network_speed_bytes": _interface("speed_bits_per_second", 1 / 8),
    "network_up": _interface(_word("operstate", "up")),
}
_FIBRE_CHANNEL = {
    "fibrechannel_dumped_frames_total": of("fc_port", "dumped_frames"),
    "fibrechannel_error_frames_total": of("fc_port", "error_frames"),
    "fibrechannel_fcp_packet_aborts_total": of("fc_port", "aborts"),
    "fibrechannel_info": info(
        "fc_port",
        **{name: _address(name) for name in ("port_name", "port_id", "fabric_name")},
        **{name: name for name in ("port_type", "supported_classes", "supported_speeds")},
        dev_loss_tmo="dev_loss_tmo",
        symbolic_name="symbolic_name",
        port_state=metric("port_state"),
        speed=_fc_speed,
    ),
    "fibrechannel_link_failure_total": of("fc_port", "link_failures"),
    "fibrechannel_seconds_since_last_reset_total": of("fc_port", "seconds_since_reset"),
    **{
        f"fibrechannel_{name}_total": of("fc_port", name)
        for name in (
            *("invalid_crc", "invalid_tx_words", "loss_of_signal", "loss_of_sync", "nos"),
            *("rx_frames", "rx_words", "tx_frames", "tx_words"),
        )
    },
}
_INFINIBAND = {
    "infiniband_info": info(
        "ib_port", board_id="board", firmware_version="firmware", hca_type="hca_type"
    ),
    "infiniband_legacy_data_received_bytes_total": of("ib_port", "rx_bytes"),
    "infiniband_legacy_data_transmitted_bytes_total": of("ib_port", "tx_bytes"),
    "infiniband_legacy_multicast_packets_received_total": of("ib_port", "rx_multicast"),
    "infiniband_legacy_multicast_packets_transmitted_total": of("ib_port", "tx_multicast"),
    "infiniband_legacy_unicast_packets_received_total": of("ib_port", "rx_unicast"),
    "infiniband_legacy_unicast_packets_transmitted_total": of("ib_port", "tx_unicast"),
    "infiniband_link_downed_total": of("ib_port", "link_downed"),
    "infiniband_link_error_recovery_total": of("ib_port", "link_error_recoveries"),
    "infiniband_multicast_packets_received_total": of("ib_port", "rx_multicast"),
    "infiniband_multicast_packets_transmitted_total": of("ib_port", "tx_multicast"),
    "infiniband_physical_state_id": of("ib_port", "physical_state_number"),
    "infiniband_port_constraint_errors_received_total": of("ib_port", "rx_constraint_errors"),
    "infiniband_port_constraint_errors_transmitted_total": of("ib_port", "tx_constraint_errors"),
    "infiniband_port_data_received_bytes_total": of("ib_port", "rx_bytes"),
    "infiniband_port_data_transmitted_bytes_total": of("ib_port", "tx_bytes"),
    "infiniband_port_discards_received_total": of("ib_port", "rx_discards"),
    "infiniband_port_discards_transmitted_total": of("ib_port", "tx_discards"),
    "infiniband_port_errors_received_total": of("ib_port", "rx_errors"),
    "infiniband_port_packets_received_total": of("ib_port", "rx_packets"),
    "infiniband_port_packets_transmitted_total": of("ib_port", "tx_packets"),
    "infiniband_port_transmit_wait_total": of("ib_port", "tx_wait"),
    "infiniband_rate_bytes_per_second": of("ib_port", "rate_bits_per_second", 1 / 8),
    "infiniband_state_id": of("ib_port", "state_number"),
    "infiniband_unicast_packets_received_total": of("ib_port", "rx_unicast"),
    "infiniband_unicast_packets_transmitted_total": of("ib_port", "tx_unicast"),
}
_PCI = {
    "pcidevice_current_link_transfers_per_second": of("pcie", "link_speed"),
    "pcidevice_current_link_width": of("pcie", "link_width"),
    "pcidevice_info": _card,
    "pcidevice_max_link_transfers_per_second": of("pcie", "link_speed_max"),
    "pcidevice_max_link_width": of("pcie", "link_width_max"),
}
_WATCHDOGS = {
    "watchdog_fw_version": of("watchdog", "firmware_version"),
    "watchdog_info": info(
        "watchdog",
        **{name: name for name in ("identity", "options", "pretimeout_governor", "status")},
        state=lambda s: s.metrics.get("state", ""),
    ),
    **{
        f"watchdog_{name}": of("watchdog", name)
        for name in (
            *("access_cs0", "bootstatus", "nowayout"),
            *("pretimeout_seconds", "timeleft_seconds", "timeout_seconds"),
        )
    },
}


def _namespace(read: str) -> Tell:
    """A number of the namespace with that nsid."""

    def tell(host: Host, labels: Labels) -> float | None:
        controller = host.find("nvme_controller", labels)
        found = controller.attributes["namespaces"] if controller else []
        return next((n[read] for n in found if str(n["nsid"]) == labels["nsid"]), None)

    return tell


def _reachable(host: Host, labels: Labels) -> float | None:
    return 1 if _namespace("ana_state")(host, labels) == labels["ana_state"] else None


_NVME = {
    "nvme_info": info(
        "nvme_controller",
        cntlid="cntlid",
        firmware_revision="firmware",
        model="model",
        serial="serial",
        state=metric("state"),
    ),
    "nvme_namespace_info": _reachable,
    "nvme_namespace_logical_block_size_bytes": _namespace("block_bytes"),
    "nvme_namespace_used_bytes": _namespace("used_bytes"),
}
_HOST = {
    "dmi_info": info(
        "host",
        system_vendor="vendor",
        product_name="product",
        product_serial="serial",
        board_name="board",
        bios_version="bios_version",
    )
}

#: Family without ``node_``, and how we tell its lines.
FAMILIES: Mapping[str, Tell] = {
    **_BONDS,
    **_DISKS,
    **_ARRAYS,
    **_MEMORY,
    **_NETWORK,
    **_FIBRE_CHANNEL,
    **_INFINIBAND,
    **_PCI,
    **_WATCHDOGS,
    **_NVME,
    **_HOST,
}
