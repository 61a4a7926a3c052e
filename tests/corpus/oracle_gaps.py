"""What node_exporter tells of its test tree and we do not, each with the reason.

Patterns of families (without ``node_``), and of single lines ``family{label=value,...}``.
"""

from collections.abc import Mapping

FAMILIES_LEFT_OUT: Mapping[str, str] = {
    r"arp_entries": "no hardware",
    r"bcache_\w+": "a cache in software; its devices are disks like others",
    r"disk_device_mapper_info": "logical volumes are no hardware; multipath devices have a kind",
    r"disk_filesystem_info": "what is on a disk is told of file systems by their mount point",
    r"network_(address_assign|name_assign|protocol)_type": "how it came to its name and address",
    r"network_(device_id|iface_id|iface_link|iface_link_mode|net_dev_group)": "kernel numbers",
    r"network_dormant": "a part of the operational state",
    r"network_flags": "bits; whether it is switched on is admin_up",
    r"network_transmit_queue_length": "a setting",
    r"network_(receive|transmit)_\w+": "the oracle has the loopback only, which cannot fail",
    r"nvme_namespace_(size|capacity)_bytes": (
        "it takes sectors of 512 bytes for blocks of 4096; test_nvme_controller.py has the size"
    ),
    r"pcidevice_(d3cold_allowed|numa_node|power_state)": "settings and places, of no link",
    r"pcidevice_sriov_\w+": "settings of virtual functions",
    r"rapl_\w+": "energy that processors used: no state of theirs",
    r"tape_\w+": "tape drives are not watched",
    r"infiniband_legacy_packets_(received|transmitted)_total": (
        "the old twin of a counter; the larger of the two is right, and told"
    ),
}

LINES_LEFT_OUT: Mapping[str, str] = {
    r"disk_\w+\{(.*,)?device=dm-\d+(,.*)?\}": "a logical volume, no disk",
    r"disk_\w+\{(.*,)?device=mmcblk\d+p\d+(,.*)?\}": "a partition; its disk is told",
    r"disk_\w+\{(.*,)?device=sr\d+(,.*)?\}": "a drive of removable media, often empty",
    r"network_carrier_(down|up)_changes_total\{device=bond0\}": "a bond's changes are told in sum",
    r"network_info\{.*device=bond0.*\}": "no address of hardware",
    r"infiniband_(port_data|unicast_packets|multicast_packets)_\w+\{device=mlx4_0,port=2\}": (
        "the wide twin of the counter (legacy) has counted more, and is told"
    ),
}
