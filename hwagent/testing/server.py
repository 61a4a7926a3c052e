"""A simulated server: built from a short description, changed as time goes by."""

import threading
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hwagent.config import nearest

from . import arrays as md
from . import chassis, network
from . import disks as storage
from .base import Load, write_host
from .tree import Tree


class Description(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A server in a few lines; see conf/scenarios for examples."""

    name: str = "sim"
    disks: list[storage.Disk] = []
    arrays: list[md.Array] = []
    nics: list[network.Nic] = []
    bonds: list[network.Bond] = []
    psus: list[chassis.Psu] = []
    chips: list[chassis.Chip] = []
    dimms: list[chassis.Dimm] = []
    zones: list[chassis.Zone] = []
    load: Load = msgspec.field(default_factory=Load)


class Server:
    """The server's tree under a directory; ``advance`` is its kernel at work.

    ``hang`` names looks (``smart/sda``) that never come back, as with a controller that is stuck.
    Its time may pass in another thread than the one that changes it.
    """

    def __init__(self, path: str | Path, description: Description) -> None:
        self.tree = Tree(path)
        self.now = description
        self.hangs: set[str] = set()
        self._changing = threading.RLock()
        for number, disk in enumerate(self.now.disks):
            storage.complete(disk, number)
        self._gone: set[str] = set()
        self._partition()
        self.write()

    @classmethod
    def build(cls, path: str | Path, **parts: Any) -> "Server":
        """From plain data: ``Server.build(tmp, disks=[{"name": "sda"}], ...)``.

        Raises msgspec.ValidationError for what a description does not know.
        """
        return cls(path, msgspec.convert(parts, Description))

    def disk(self, name: str) -> storage.Disk:
        """A disk by its kernel name. Raises KeyError."""
        return _find(self.now.disks, name)

    def array(self, name: str) -> md.Array:
        """An array by name. Raises KeyError."""
        return _find(self.now.arrays, name)

    def nic(self, name: str) -> network.Nic:
        """A NIC by name. Raises KeyError."""
        return _find(self.now.nics, name)

    def pull(self, name: str) -> None:
        """Pulls a disk: it leaves the tree, and its arrays lose a member."""
        with self._changing:
            self._gone.add(name)
            storage.remove_disk(self.tree, self.disk(name))
            for array in self.now.arrays:
                for member in list(array.members):
                    if member.device.startswith(name):
                        array.members.remove(member)
            self.write()

    def set(self, what: str, **values: Any) -> None:
        """Changes something: ``set("disk:sda", pending_sectors=8)``.

        ``what`` is kind and name: disk, array, nic, bond, psu, dimm (by label), zone (by number),
        load, or sensor (``sensor:coretemp/temp1``). Raises KeyError for what there is not.
        """
        target = self._target(what)
        for key in values:
            if key not in target.__struct_fields__:
                raise KeyError(f"{what} has no {key!r}; {nearest(key, target.__struct_fields__)}")
        with self._changing:
            for key, value in values.items():
                if isinstance(target, network.Nic) and key == "carrier":
                    network.set_carrier(target, value)
                else:
                    setattr(target, key, value)
            self.write()

    def add(self, what: str, **values: Any) -> None:
        """Adds to counters: ``add("dimm:A1", ce=100)``."""
        target = self._target(what)
        self.set(what, **{k: getattr(target, k) + v for k, v in values.items()})

    def advance(self, seconds: float) -> None:
        """Lets time pass: takes in what was written, lets disks work and arrays rebuild."""
        nics = {n.name: n for n in self.now.nics}
        with self._changing:
            for array in self.now.arrays:
                md.react(self.tree, array)
                md.advance(array, seconds)
            for bond in self.now.bonds:
                network.react(self.tree, bond, nics)
            for disk in self.now.disks:
                storage.work(disk, seconds)
            self.now.load.uptime += seconds
            self.write()

    def write(self) -> None:
        """Writes the whole tree as it is now."""
        now, tree = self.now, self.tree
        for disk in now.disks:
            if disk.name not in self._gone:
                storage.write_disk(tree, disk)
        present = [d for d in now.disks if d.name not in self._gone]
        tree.write("proc/diskstats", storage.diskstats(present))
        for array in now.arrays:
            md.write_array(tree, array)
        tree.write("proc/mdstat", md.mdstat(now.arrays))
        nics = {n.name: n for n in now.nics}
        masters = {leg: bond.name for bond in now.bonds for leg in bond.legs}
        for number, nic in enumerate(now.nics):
            network.write_nic(tree, nic, number, masters.get(nic.name, ""))
        for bond in now.bonds:
            network.write_bond(tree, bond, nics)
        self._write_chassis()
        write_host(tree, now.name, now.load)

    def _write_chassis(self) -> None:
        for psu in self.now.psus:
            chassis.write_psu(self.tree, psu)
        for number, chip in enumerate(self.now.chips):
            chassis.write_chip(self.tree, chip, number)
        if self.now.dimms:
            chassis.write_memory(self.tree, self.now.dimms)
        for number, zone in enumerate(self.now.zones):
            chassis.write_zone(self.tree, zone, number)

    def _partition(self) -> None:
        """Members that are partitions get them, and arrays get what was left out."""
        for array in self.now.arrays:
            array.raid_disks = array.raid_disks or len(array.members)
            for member in array.members:
                for disk in self.now.disks:
                    number = member.device.removeprefix(disk.name).removeprefix("p")
                    if member.device != disk.name and number.isdecimal():
                        storage.write_partition(self.tree, disk, int(number))

    def _target(self, what: str) -> Any:
        kind, _, name = what.partition(":")
        if kind == "load":
            return self.now.load
        if kind == "sensor":
            chip, _, channel = name.partition("/")
            return _find(self.now.chips, chip).sensors[channel]
        if kind == "zone":
            return self.now.zones[int(name)]
        rooms: dict[str, list[Any]] = {
            "disk": self.now.disks,
            "array": self.now.arrays,
            "nic": self.now.nics,
            "bond": self.now.bonds,
            "psu": self.now.psus,
            "dimm": self.now.dimms,
        }
        if kind not in rooms:
            raise KeyError(f"no such kind {kind!r}; {nearest(kind, rooms)}")
        return _find(rooms[kind], name)


T = TypeVar("T")


def _find(room: list[T], name: str) -> T:
    for thing in room:
        if getattr(thing, "label" if isinstance(thing, chassis.Dimm) else "name") == name:
            return thing
    raise KeyError(f"nothing is named {name!r}")
