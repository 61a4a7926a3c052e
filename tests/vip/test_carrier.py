"""The carrier by an open file and the last word of netlink: as a table, and on the real kernel."""

from pathlib import Path

import pytest

from hwagent.net.rtnetlink import Link
from hwagent.vip import carrier
from hwagent.vip.carrier import Carriers
from tests.vip.lab import VIP, Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]


class Files:
    """A sysfs of one interface, eth0."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._place = path / "eth0"
        self._place.mkdir()
        (self._place / "ifindex").write_text("7\n")
        self.count(0)
        monkeypatch.setattr(carrier, "_SYS", str(path))
        monkeypatch.setattr(carrier.socket, "if_nametoindex", {"eth0": 7}.__getitem__)

    def count(self, changes: int | str) -> None:
        """What ``carrier_changes`` shows from now on."""
        (self._place / "carrier_changes").write_text(f"{changes}\n")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The tree, in place of /sys/class/net."""
    return Files(tmp_path, monkeypatch)


def link(carrier: bool = True, changes: int = 0, up: bool = True) -> dict[str, Link]:
    """What netlink told last."""
    return {"eth0": Link(7, "eth0", 1, b"", up, carrier, changes, False)}


def watching() -> Carriers:
    """Watches eth0."""
    made = Carriers()
    made.watch({"eth0"})
    made.open()
    return made


def test_the_first_look_is_no_change(files: Files) -> None:
    carriers = watching()
    assert carriers.missing() == []
    assert carriers.read(link()) == set()
    assert carriers.up("eth0")
    assert carriers.read(link()) is not None, "another link object may say another thing"


def test_nothing_new_is_told_from_no_change(files: Files) -> None:
    carriers, told = watching(), link()
    carriers.read(told)
    assert carriers.read(told) is None


@pytest.mark.parametrize(
    ("told", "told_at", "counted", "up"),
    [
        (True, 2, 2, True),
        (True, 2, 3, False),  # lost since, and netlink has not told yet
        (True, 2, 4, True),  # lost and found again
        (False, 3, 3, False),
        (False, 3, 4, True),
        (False, 3, 5, False),
    ],
)
def test_the_count_goes_ahead_of_what_netlink_told(
    files: Files, told: bool, told_at: int, counted: int, up: bool
) -> None:
    carriers = watching()
    files.count(told_at)
    links = link(told, told_at)
    carriers.read(links)
    files.count(counted)
    assert carriers.read(links) == (None if counted == told_at else {"eth0"})
    assert carriers.up("eth0") == up


def test_late_news_change_nothing(files: Files) -> None:
    carriers = watching()
    carriers.read(link(True, 0))
    files.count(1)
    assert carriers.read(link(True, 0)) == {"eth0"}
    assert carriers.read(link(False, 1)) == set()
    assert not carriers.up("eth0")


def test_a_link_switched_off_is_not_up_though_it_has_carrier(files: Files) -> None:
    carriers = watching()
    carriers.read(link(up=False))
    assert not carriers.up("eth0")


@pytest.mark.parametrize("content", ["", "x", "-5", "1 2"])
def test_a_file_that_makes_no_sense_is_no_carrier(files: Files, content: str) -> None:
    carriers, told = watching(), link()
    carriers.read(told)
    files.count(content)
    assert carriers.read(told) == {"eth0"}
    assert not carriers.up("eth0")


def test_an_interface_that_netlink_does_not_know_is_down(files: Files) -> None:
    carriers = watching()
    assert carriers.read({}) == set()
    assert not carriers.up("eth0")


def test_without_the_file_netlink_alone_is_believed(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier.socket, "if_nametoindex", lambda _: 8)  # another /sys
    carriers = watching()
    assert carriers.missing() == ["eth0"]
    carriers.read(link(True, 4))
    assert carriers.up("eth0")
    assert carriers.read(link(False, 5)) == {"eth0"}
    assert not carriers.up("eth0")


def test_what_is_not_watched_any_more_is_closed(files: Files) -> None:
    def open_here() -> int:
        places = [str(f.resolve()) for f in Path("/proc/self/fd").iterdir()]
        return sum(place.endswith("eth0/carrier_changes") for place in places)

    before = open_here()
    carriers = watching()
    assert open_here() == before + 1
    carriers.watch({"eth1"})
    assert open_here() == before
    assert carriers.missing() == ["eth1"]


@pytest.mark.root
def test_an_address_on_top_of_a_nic_goes_with_the_nics_cable(lab: Lab) -> None:
    lab.ip("link add vlan5 link eth0 type macvlan")
    lab.ip("link set vlan5 up")
    lab.holder("--ignore-link-events")
    agent = lab.agent()
    agent.plan(VIP, interfaces=("vlan5", "eth1"))
    agent.fit()
    wait_for(lambda: lab.where() == ["vlan5"], what="held")
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], what="moved")
    lab.cable(0, plugged=True)
    wait_for(lambda: agent.carrier("vlan5"), what="carrier again")


@pytest.mark.root
def test_the_carrier_below_counts_while_the_upper_link_has_not_heard_yet(lab: Lab) -> None:
    lab.ip("link add vlan5 link eth0 type macvlan")
    lab.ip("link set vlan5 up")
    lab.cable(0, plugged=False)
    output = lab.python(
        "from hwagent.vip.kernel import Kernel\n"
        "k = Kernel(True)\n"
        "k.watch(['vlan5', 'eth1'])\n"
        "k.look()\n"
        "k._carriers._watched['vlan5'].up = True  # linkwatch is late\n"
        "print(k.carriers())\n"
    )
    assert output == "{'vlan5': False, 'eth1': True}\n"


@pytest.mark.root
def test_links_of_the_real_kernel_stand_on_each_other(lab: Lab) -> None:
    lab.ip("link add vlan5 link eth0 type macvlan")
    lab.ip("link add veth0 type veth peer name veth1")
    output = lab.python(
        "from hwagent.vip.kernel import Kernel\n"
        "k = Kernel(True)\n"
        "k.watch(['vlan5', 'eth0', 'veth0', 'absent'])\n"
        "k.look()\n"
        "print({name: k._stack(name) for name in k.carriers()})\n"
    )
    assert "'vlan5': ['vlan5', 'eth0']" in output
    assert "'eth0': ['eth0']" in output, "its other end is in another namespace"
    assert "'veth0': ['veth0', 'veth1']" in output
    assert "'absent': ['absent']" in output
