"""Six whole agents in three racks: one rack's switch loses its power."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from hwagent.collect.registry import COLLECTORS
from tests.fleet.lab import Fleet, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
    ),
    pytest.mark.timeout(900),
]
#: How long a machine may take for anything that has much else to do.
LONG = 240
RACKS = 3
#: The script that all hosts tell: one line an alert, and what follows from it.
SCRIPT = 'echo "$HWAGENT_STATUS $HWAGENT_RULE $HWAGENT_COMPONENT|$HWAGENT_FOLLOWS" >> {}\n'


class Racked(Hwagent):
    """Each host has a port on its rack's switch, which bears the addresses, and one on another
    network, by which the agents hear each other all the while."""

    def rack(self, host: Host) -> int:
        """Number of a host's rack: 1 and 2 stand in the first one."""
        return (host.number + 1) // 2

    def hosts(self, rack: int) -> list[Host]:
        """The hosts of a rack."""
        return [host for host in self.fleet.hosts if self.rack(host) == rack]

    def config(self, host: Host) -> dict[str, Any]:
        """As ever, with a description of the racks, and one script for all."""
        config = super().config(host)
        for vip in config["vips"]:
            vip["interfaces"] = ["eth0"]
        config["cluster"]["zone"] = [f"r{self.rack(host)}"]
        return {
            **config,
            "collectors": {name: {"enabled": name == "nic"} for name in COLLECTORS},
            "notify": {
                "journald": False,
                "hold": "25s",
                "exec": [{"command": ["/bin/sh", str(self.place / "tell")]}],
            },
            "topology": {
                "racks": {f"r{n}": {} for n in range(1, RACKS + 1)},
                "switches": {f"sw{n}": {"rack": f"r{n}"} for n in range(1, RACKS + 1)},
                "hosts": {
                    f"h{h.number}": {
                        "rack": f"r{self.rack(h)}",
                        "nics": {"eth0": f"sw{self.rack(h)}", "eth1": "management"},
                    }
                    for h in self.fleet.hosts
                },
            },
        }

    def told(self) -> list[str]:
        """What people were told, by whomever."""
        path = self.place / "told"
        return path.read_text().splitlines() if path.exists() else []

    def power(self, rack: int, on: bool) -> None:
        """A switch with power, or without: then no port of it has a link."""
        for host in self.hosts(rack):
            host.cable(plugged=on)


@pytest.fixture(scope="module")
def racks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Racked]:
    place = tmp_path_factory.mktemp("racks")
    with fleet(2 * RACKS, vips=4) as made:
        system = Racked(made, place, 0.3, ("eth0", "eth1"))
        (place / "tell").write_text(SCRIPT.format(place / "told"))
        for host in made.hosts:
            system.start(host)
        for host in made.hosts:
            wait_for(lambda host=host: know_all(system, host), LONG, f"{host.space} with all")  # type: ignore[misc]
        yield system


def know_all(system: Racked, host: Host) -> bool:
    """Whether a host is whole, hears all others, and knows what hangs on which switch."""
    status = system.status(host)
    if not status or not status["ready"] or status["problems"]:
        return False
    return [m["status"] for m in status["members"]] == ["alive"] * 2 * RACKS


def alerts(system: Racked, host: Host) -> dict[str, str]:
    """What fires on a host, and what that follows from."""
    status = system.status(host)
    return {a["component"]: a["follows_from"] for a in status["alerts"] if a["state"] == "firing"}


def apart(system: Racked) -> tuple[dict[str, int], int]:
    """Addresses in at least two racks, by their owners, and a rack that holds one."""
    made: Fleet = system.fleet
    owners = made.owners()
    if len({(number + 1) // 2 for number in owners.values()}) == 1:
        vip, number = next(iter(owners.items()))
        target = next(h for h in made.hosts if system.rack(h) != (number + 1) // 2)
        assert system.cli(made.hosts[number - 1], "vip", "move", vip, f"h{target.number}")
        wait_for(lambda: made.owners()[vip] == target.number, LONG, "an address elsewhere")
        owners = made.owners()
    return owners, (owners[made.vips[0]] + 1) // 2


def test_a_switch_that_dies_and_returns_is_two_messages_and_the_moves_that_had_to_be(
    racks: Racked,
) -> None:
    made = racks.fleet
    before, rack = apart(racks)
    hosts = racks.hosts(rack)
    numbers = {host.number for host in hosts}
    follows = {"nic:eth0": f"switch:sw{rack}"}
    cards = ", ".join(f"nic:h{host.number}/eth0" for host in hosts)
    assert racks.told() == []
    with made.probing_all() as seen:
        racks.power(rack, on=False)
        wait_for(lambda: numbers.isdisjoint(made.owners().values()), LONG, "the moves")
        wait_for(racks.told, LONG, "a message")
        for host in hosts:
            wait_for(lambda host=host: alerts(racks, host) == follows, LONG, "what follows")  # type: ignore[misc]
    assert racks.told() == [f"firing SwitchDown switch:sw{rack}|2: {cards}"]
    for vip, one in seen.items():
        assert one["overlaps"] == 0, vip
        owners = [int(host) for _, host in one["owners"]]
        assert owners[0] == before[vip]
        if before[vip] not in numbers:
            assert owners == [before[vip]], "it had to go nowhere"
    shown = racks.cli(next(h for h in made.hosts if h not in hosts), "alerts", "--fleet")
    tops = [line for line in shown.stdout.splitlines() if line[0] not in "│├└ "]
    assert [line.split()[0] for line in tops] == [f"switch:sw{rack}"]
    assert all(f"nic:h{host.number}/eth0" in shown.stdout for host in hosts)
    told = racks.cli(hosts[0], "alerts").stdout
    assert f"follows from switch:sw{rack}, told by h" in told
    racks.power(rack, on=True)
    wait_for(lambda: len(racks.told()) > 1, LONG, "a message")
    wait_for(lambda: not any(alerts(racks, host) for host in made.hosts), LONG, "peace")
    assert racks.told()[1:] == [f"resolved SwitchDown switch:sw{rack}|"]
