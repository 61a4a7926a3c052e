"""Verbs for bonds. Source: Documentation/networking/bonding.rst of the kernel."""

from hwagent.collect.root import Root

from .names import Interface
from .verb import Verb, VerbRefused, write

#: Modes that have one active leg at a time, or for receiving.
_SWITCHABLE = frozenset({"active-backup", "balance-tlb", "balance-alb"})


class BondActive(Verb, frozen=True):
    """Makes another leg of a bond the active one."""

    bond: Interface
    leg: Interface

    def perform(self, root: Root) -> str:
        """Refuses a leg that has no link, and a bond whose mode has no active leg."""
        bonding = f"sys/class/net/{self.bond}/bonding"
        mode = root.text(f"{bonding}/mode").partition(" ")[0]
        if mode not in _SWITCHABLE:
            raise VerbRefused(f"{self.bond} is {mode}, which has no active leg to choose")
        if self.leg not in root.text(f"{bonding}/slaves").split():
            raise VerbRefused(f"{self.leg} is no leg of {self.bond}")
        _refuse_if_down(root, self.leg)
        if root.text(f"{bonding}/active_slave") == self.leg:
            return f"{self.leg} is active already"
        write(root, f"{bonding}/active_slave", self.leg)
        if (now := root.text(f"{bonding}/active_slave")) != self.leg:
            raise VerbRefused(f"the kernel kept {now or 'no leg'} active")
        return ""


def _refuse_if_down(root: Root, leg: str) -> None:
    """By the carrier and by the bond's own monitor (MII or ARP)."""
    if root.number(f"sys/class/net/{leg}/carrier") != 1:
        raise VerbRefused(f"{leg} has no carrier")
    monitor = f"sys/class/net/{leg}/bonding_slave/mii_status"
    if root.exists(monitor) and (status := root.text(monitor)) != "up":
        raise VerbRefused(f"{leg} is {status} to its bond")
