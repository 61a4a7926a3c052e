"""Racks full of hosts, as their agents would tell of them: for tests and benchmarks of fleets."""

from collections.abc import Iterator

from hwagent.config.topology import Machine
from hwagent.topology.graph import Node, need
from hwagent.topology.parts import described, host_nodes, owned, switch_nodes


class Racks:
    """``racks`` with ``hosts`` each: two switches a rack, two feeds for all, a mirror in each host.

    Of every three hosts of three racks one group is made, which holds ``vips`` addresses. Switches
    of racks hang on ``spines``, of which each needs one of two.
    """

    def __init__(self, racks: int = 3, hosts: int = 4, vips: int = 1, spines: int = 0) -> None:
        self.racks = [f"r{n + 1}" for n in range(racks)]
        self._hosts, self._vips, self._spines = hosts, vips, spines
        self.names = [f"{rack}h{n + 1}" for rack in self.racks for n in range(hosts)]

    def parts(self) -> Iterator[tuple[str, list[Node]]]:
        """Each host and what it tells."""
        for name in self.names:
            yield name, self.part(name)

    def part(self, host: str) -> list[Node]:
        """What one host tells: itself, its switches, and its group."""
        rack = host.partition("h")[0]
        switches = self.switches(rack)
        machine = self.machine(host)
        nodes = list(host_nodes(host, machine, described(machine)))
        for number, switch in enumerate(switches):
            nodes += switch_nodes(switch, self._switch(rack, number))
        nodes.append(Node(id=f"rack:{rack}", needs=(need(1, ["site:s1"]),)))
        return nodes + list(self._held(host))

    def machine(self, host: str) -> Machine:
        """A host with two legs, two power supplies and two disks, each pair on two things."""
        rack = host.partition("h")[0]
        legs = {f"eno{n + 1}": f"{s}/{host}" for n, s in enumerate(self.switches(rack))}
        return Machine(
            rack=rack,
            psus={"PSU1": "a", "PSU2": "b"},
            nics=legs,
            bonds={"bond0": list(legs)},
            arrays={"md0": ["sda", "sdb"]},
        )

    def switches(self, rack: str) -> list[str]:
        """The two switches of a rack."""
        return [f"{rack}-sw1", f"{rack}-sw2"]

    def group(self, host: str) -> list[str]:
        """The hosts that hold addresses together with this one: one in each of three racks."""
        rack, _, number = host.partition("h")
        at = self.racks.index(rack)
        three = self.racks[at - at % 3 : at - at % 3 + 3]
        return [f"{r}h{number}" for r in three]

    def _switch(self, rack: str, number: int) -> Machine:
        pair = 2 * (self.racks.index(rack) % max(1, self._spines // 2))
        uplinks = [f"spine{pair + 1}", f"spine{pair + 2}"] if self._spines else []
        return Machine(rack=rack, psus={"PSU1": "ab"[number]}, uplinks=uplinks)

    def _held(self, host: str) -> Iterator[Node]:
        mine = self.group(host)
        name = f"g-{mine[0]}"
        seats = [owned(h, f"seat:{name}") for h in mine]
        hosts = [f"host:{h}" for h in mine]
        yield Node(id=f"group:{name}", needs=(need(len(mine) // 2 + 1, hosts), need(1, seats)))
        bond = owned(host, "bond:bond0")
        seat = owned(host, f"seat:{name}")
        yield Node(id=seat, needs=(need(1, [f"host:{host}"]), need(1, [bond])))
        for number in range(self._vips):
            yield Node(id=f"vip:{name}.{number + 1}", needs=(need(1, [f"group:{name}"]),))
