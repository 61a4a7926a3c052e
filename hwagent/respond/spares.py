"""Which disk may be added to an array: only one that is declared and holds nothing. Pure.

Each function says why a disk may not be taken, or nothing. The root helper looks at the disk
itself once more, for signatures and data, before it writes (helper/blank.py).
"""

from hwagent.model import Component, Health

from .arrays import bytes_needed, name_of, number
from .base import View


def undeclared(view: View, array: Component, disk: Component) -> str:
    """A spare is a disk that the configuration names, for this array or for any."""
    for spare in view.config.spares:
        if spare.disk == disk.id and (not spare.arrays or name_of(array.id) in spare.arrays):
            return ""
    return f"{disk.id} is not declared as a spare of {name_of(array.id)}"


def unstable(disk: Component) -> str:
    """A kernel name may be another disk tomorrow: only a world wide name or a serial number do."""
    if disk.id == f"disk:{disk.attributes.get('name', '')}" or not disk.attributes.get("name"):
        return f"{disk.id} has no identity that survives a reboot"
    return ""


def too_small(array: Component, disk: Component) -> str:
    """As far as both sizes are known; not known is not large enough."""
    needed, size = bytes_needed(array), number(disk, "size_bytes")
    if needed is None or size is None:
        return f"the size of {array.id if needed is None else disk.id} is not known"
    if size < needed:
        return f"{disk.id} has {size:.0f} bytes, a member needs {needed:.0f}"
    return ""


def in_use(view: View, disk: Component) -> str:
    """Held by an array, by a file system, or by anything else that a collector tells of."""
    for what in ("arrays", "holders", "partitions", "mounts", "signature", "filesystem"):
        if found := disk.attributes.get(what):
            return f"{disk.id} is in use: {what} {_words(found)}"
    name = str(disk.attributes.get("name", ""))
    for other in view.components.values():
        device = str(other.attributes.get("device", "")).removeprefix("/dev/")
        if name and other.kind == "filesystem" and _on(device, name):
            return f"{disk.id} is in use by {other.id}"
    return ""


def unwell(disk: Component) -> str:
    """A spare that is failing, gone or not known is none."""
    if disk.metrics.get("present") == 0:
        return f"{disk.id} is not there"
    if disk.health in (Health.FAILED, Health.UNKNOWN):
        return f"{disk.id} is {disk.health}"
    return ""


def unfit(view: View, array: Component, disk: Component) -> str:
    """All of the above: why a disk may not be added to an array, or nothing."""
    return (
        undeclared(view, array, disk)
        or unstable(disk)
        or unwell(disk)
        or in_use(view, disk)
        or too_small(array, disk)
    )


def choose(view: View, array: Component) -> tuple[Component | None, str]:
    """The first declared spare that fits, or why there is none."""
    reasons = []
    for spare in view.config.spares:
        disk = view.components.get(spare.disk)
        if disk is None:
            reasons.append(f"{spare.disk} is not there")
        elif not (why := unfit(view, array, disk)):
            return disk, ""
        elif not undeclared(view, array, disk):
            reasons.append(why)
    return None, "; ".join(reasons) or f"no spare is declared for {name_of(array.id)}"


def disk_of_device(view: View, device: str) -> Component | None:
    """The disk whose kernel name is ``device``; a partition has no component, so none."""
    for component in view.components.values():
        if component.kind == "disk" and component.attributes.get("name") == device:
            return component
    return None


def _on(device: str, disk: str) -> bool:
    rest = device.removeprefix(disk)
    return device.startswith(disk) and (not rest or rest.removeprefix("p").isdecimal())


def _words(found: object) -> str:
    return ", ".join(map(str, found)) if isinstance(found, list | tuple) else str(found)
