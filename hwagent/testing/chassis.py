"""Power supplies, sensors and memory of a simulated server."""

import msgspec

from .tree import Content, Tree


class Psu(msgspec.Struct, kw_only=True):
    """A power supply, or with ``type`` Battery a battery, whose charge is ``capacity`` percent
    (Documentation/ABI/testing/sysfs-class-power)."""

    name: str
    type: str = "Mains"
    online: bool = True
    present: bool = True
    health: str = ""
    status: str = "Full"
    capacity: int = 100


class Sensor(msgspec.Struct, kw_only=True):
    """One channel of an hwmon chip (Documentation/hwmon/sysfs-interface.rst).

    ``value`` is in the unit that people use: degrees Celsius, rpm, volts, amperes, watts; limits
    likewise. An intrusion switch has an alarm only.
    """

    label: str = ""
    value: float = 40.0
    max: float | None = None
    crit: float | None = None
    min: float | None = None
    fault: bool | None = None
    alarm: bool | None = None


class Chip(msgspec.Struct, kw_only=True):
    """An hwmon chip and its sensors, by channel name such as ``temp1`` or ``fan2``."""

    name: str
    device: str
    sensors: dict[str, Sensor]


class Dimm(msgspec.Struct, kw_only=True):
    """A memory module (Documentation/admin-guide/RAS/main.rst)."""

    label: str
    size_mib: int = 16384
    ce: int = 0
    ue: int = 0


class Zone(msgspec.Struct, kw_only=True):
    """A thermal zone."""

    type: str = "x86_pkg_temp"
    temperature: float = 45.0
    trips: dict[str, float] = {}


_SCALE = {"temp": 1000, "in": 1000, "fan": 1, "curr": 1000, "power": 1_000_000}


def write_psu(tree: Tree, psu: Psu) -> None:
    """Writes one power supply."""
    place = f"sys/devices/platform/psu/power_supply/{psu.name}"
    files: dict[str, Content] = {"type": psu.type, "present": int(psu.present)}
    if psu.type == "Battery":
        files |= {"status": psu.status, "capacity": psu.capacity}
    else:
        files["online"] = int(psu.online)
    if psu.health:
        files["health"] = psu.health
    tree.fill(place, files)
    tree.link(f"sys/class/power_supply/{psu.name}", place)


def write_chip(tree: Tree, chip: Chip, number: int) -> None:
    """Writes one chip."""
    device = f"sys/devices/platform/{chip.device}"
    place = f"{device}/hwmon/hwmon{number}"
    files: dict[str, Content] = {"name": chip.name}
    for channel, sensor in chip.sensors.items():
        files |= {f"{channel}_{end}": text for end, text in _channel(channel, sensor).items()}
    tree.fill(place, files)
    tree.link(f"{place}/device", device)
    tree.link(f"sys/class/hwmon/hwmon{number}", place)


def _channel(channel: str, sensor: Sensor) -> dict[str, Content]:
    """The files of one channel, by the end of their names."""
    files: dict[str, Content] = {}
    if sensor.label:
        files["label"] = sensor.label
    for flag in ("fault", "alarm"):
        if (state := getattr(sensor, flag)) is not None:
            files[flag] = int(state)
    scale = _SCALE.get(channel.rstrip("0123456789"))
    if scale is None:
        return files
    files["input"] = int(sensor.value * scale)
    for limit in ("max", "crit", "min"):
        if (value := getattr(sensor, limit)) is not None:
            files[limit] = int(value * scale)
    if sensor.crit is not None:
        files["crit_alarm"] = int(sensor.value >= sensor.crit)
    return files


def write_memory(tree: Tree, dimms: list[Dimm]) -> None:
    """Writes one memory controller with its modules."""
    place = "sys/devices/system/edac/mc/mc0"
    tree.fill(
        place,
        {
            "mc_name": "skx_edac",
            "size_mb": sum(d.size_mib for d in dimms),
            "ce_count": sum(d.ce for d in dimms),
            "ue_count": sum(d.ue for d in dimms),
            "ce_noinfo_count": 0,
            "ue_noinfo_count": 0,
            "seconds_since_reset": 86400,
        },
    )
    for number, dimm in enumerate(dimms):
        tree.fill(
            f"{place}/dimm{number}",
            {
                "dimm_label": dimm.label,
                "size": dimm.size_mib,
                "dimm_ce_count": dimm.ce,
                "dimm_ue_count": dimm.ue,
                "dimm_mem_type": "Registered-DDR4",
                "dimm_dev_type": "x4",
                "dimm_edac_mode": "S4ECD4ED",
                "dimm_location": f"channel {number} slot 0",
            },
        )


def write_zone(tree: Tree, zone: Zone, number: int) -> None:
    """Writes one thermal zone."""
    place = f"sys/devices/virtual/thermal/thermal_zone{number}"
    files: dict[str, Content] = {
        "type": zone.type,
        "temp": int(zone.temperature * 1000),
        "mode": "enabled",
        "policy": "step_wise",
    }
    for index, (kind, value) in enumerate(zone.trips.items()):
        files[f"trip_point_{index}_type"] = kind
        files[f"trip_point_{index}_temp"] = int(value * 1000)
    tree.fill(place, files)
    tree.link(f"sys/class/thermal/thermal_zone{number}", place)
