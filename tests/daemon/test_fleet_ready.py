"""A host whose check says that it is not ready: known to the whole fleet, and not chosen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwagent.cluster.report import unready
from tests.daemon.fleets import Fleet
from tests.waiting import wait_for

VIP = "10.9.0.100/24"


def config() -> dict[str, Any]:
    """Two hosts of a group; each is ready while it has a file."""
    check = {"type": "file", "target": "/ready", "interval": "100ms"}
    ready = {"ready": {**check, "rise": 1, "fall": 1}}
    vip = {"address": VIP, "interfaces": ["eth0"], "group": "db", "services": ready}
    voters = {f"h{n}": [f"127.0.8.{n}"] for n in (1, 2)}
    return {"vips": [vip], "groups": [{"name": "db", "voters": voters}]}


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path, net=8)
    try:
        for name in ("h1", "h2"):
            made.add(name, config(), disks=[{"name": "sda"}])
        for name in made.agents:
            made.wait(name, h1="alive", h2="alive")
        yield made
    finally:
        made.stop()


def told(fleet: Fleet, of: str) -> str:
    """Why a host would not take the address over, as the first one knows."""
    for member in fleet.agents["h1"].get("/v1/fleet")["members"]:
        if member["name"] == of:
            return unready(member["vips"].get(VIP, ""))
    return "no such member"


def test_the_fleet_knows_who_is_not_ready_and_moves_nothing_there(fleet: Fleet) -> None:
    wait_for(lambda: "No such file" in told(fleet, "h2"), 60, "told")
    refused = fleet.agents["h1"].cli("vip", "move", VIP, "h2").stderr
    assert f"h2 would not take {VIP}: not ready: No such file" in refused
    Path(fleet.agents["h2"].server.tree.path, "ready").touch()
    wait_for(lambda: told(fleet, "h2") == "", 60, "ready")
    refused = fleet.agents["h1"].cli("vip", "move", VIP, "h2").stderr
    assert "mode is observe" in refused, "for another reason"
    [mine] = fleet.agents["h1"].status()["vips"]
    assert mine["unready"].startswith("not ready: No such file")
