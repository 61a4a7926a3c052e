"""Virtual router ids: each address of a family has one of its own."""

from pathlib import Path

import pytest

from hwagent.config import ConfigError, load_config
from hwagent.vip.planning import plan_of
from hwagent.vip.protocol import Secrets


def write(directory: Path, *vips: str) -> str:
    """A configuration with these virtual IPs."""
    path = directory / "hwagent.yaml"
    path.write_text("vips:\n" + "".join(f"- {{{vip}}}\n" for vip in vips))
    return str(path)


@pytest.mark.parametrize("number", [-1, 256])
def test_a_number_that_is_none_is_refused_with_its_place(tmp_path: Path, number: int) -> None:
    path = write(tmp_path, f"address: 10.0.0.1/32, interfaces: [eth0], router_id: {number}")
    with pytest.raises(ConfigError, match="from 1 to 255") as caught:
        load_config(path)
    assert caught.value.place.line == 2


def test_two_addresses_cannot_share_a_mac(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "address: 10.0.0.1/32, interfaces: [eth0], router_id: 5",
        "address: 10.0.0.2/32, interfaces: [eth1], router_id: 5",
    )
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1/32 has the virtual router id 5 too"):
        load_config(path)


def test_of_the_other_family_they_can(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "address: 10.0.0.1/32, interfaces: [eth0, eth1], router_id: 5",
        "address: fd00::1/128, interfaces: [eth0], router_id: 5",
        "address: 10.0.0.3/32, interfaces: [eth0]",
    )
    plan = plan_of(load_config(path), "h", Secrets())
    found = [vip.interfaces for vip in plan.vips]
    assert found == [("vip4-5-0", "vip4-5-1"), ("vip6-5-0",), ("eth0",)]
    assert [(link.parent, link.mac) for link in plan.links] == [
        ("eth0", "00:00:5e:00:01:05"),
        ("eth1", "00:00:5e:00:01:05"),
        ("eth0", "00:00:5e:00:02:05"),
    ]
