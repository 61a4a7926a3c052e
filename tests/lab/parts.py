"""What is plugged into a machine, and how hwagent knows it."""

from typing import NamedTuple

#: The model of QEMU's NVMe disks, of which the kernel makes their world wide names.
_NVME = b"QEMU NVMe Ctrl"


class Disk(NamedTuple):
    """A disk: ``bus`` is scsi or nvme. In the machine it has a serial number like its name."""

    name: str
    bus: str = "scsi"
    size: int = 64 << 20

    @property
    def wwn(self) -> str:
        """World wide name of a SCSI disk, of its name."""
        return f"0x5000c500{int.from_bytes(self.name.encode()[-4:], 'big'):08x}"

    @property
    def id(self) -> str:
        """hwagent's id of it."""
        if self.bus == "scsi":
            return f"disk:wwn-{self.wwn}"
        return f"disk:nvme-nvme.1b36-{self.name.encode().hex()}-{_NVME.hex()}-00000001"


class Nic(NamedTuple):
    """A network card; ``network`` is QEMU's backend, such as ``hubport,hubid=1``."""

    name: str
    network: str
    mac: str

    @property
    def card(self) -> str:
        """QEMU's name of the device."""
        return f"{self.name}-card"
