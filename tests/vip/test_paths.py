"""Which network's port is mute, as three hosts find out by what they hear of each other."""

from collections.abc import Callable

from hwagent.lease.messages import Hello
from hwagent.vip.paths import HELLO, Paths

HOSTS = {f"h{n}": (f"10.0.0.{n}", f"10.0.1.{n}") for n in (1, 2, 3)}
Passes = Callable[[str, str, int], bool]


class Net:
    """Hosts that say hello in virtual time, and ports that pass it or not."""

    def __init__(self, hosts: int = 3) -> None:
        self.hosts = {name: HOSTS[name] for name in list(HOSTS)[:hosts]}
        self.paths = {name: Paths(0.0, "web", name, 2) for name in self.hosts}
        for one in self.paths.values():
            one.meet(self.hosts)
        self.passes: Passes = lambda source, to, network: True
        self.now = 0.0

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += HELLO
            for name in self.hosts:
                self.say(name)

    def say(self, name: str) -> None:
        hello = self.paths[name].hello(self.now)
        for other in self.hosts.keys() - {name}:
            for network in (0, 1):
                if self.passes(name, other, network):
                    self.take(other, self.hosts[name][network], hello)

    def take(self, name: str, source: str, hello: Hello) -> None:
        self.paths[name].heard(self.now, source)
        self.paths[name].told(self.now, source, hello)

    def mute(self) -> dict[str, set[int]]:
        return {name: set(one.mute) for name, one in self.paths.items() if one.mute}


def test_where_everything_is_well_nothing_is_mute() -> None:
    net = Net()
    net.run(60)
    assert net.mute() == {}


def test_a_port_that_passes_nothing_out_is_found_by_its_own_host_only() -> None:
    net = Net()
    net.run(10)
    net.passes = lambda source, to, network: not (source == "h1" and network == 0)
    net.run(4)
    assert net.mute() == {"h1": {0}}


def test_a_port_that_passes_nothing_in_is_found_too() -> None:
    net = Net()
    net.run(10)
    net.passes = lambda source, to, network: not (to == "h1" and network == 0)
    net.run(4)
    assert net.mute() == {"h1": {0}}


def test_it_is_good_again_after_a_while_of_hearing() -> None:
    net = Net()
    net.run(10)
    net.passes = lambda source, to, network: not (source == "h1" and network == 0)
    net.run(4)
    net.passes = lambda source, to, network: True
    net.run(2)
    assert net.mute() == {"h1": {0}}
    net.run(8)
    assert net.mute() == {}


def test_where_a_whole_network_is_dead_nobody_acts() -> None:
    net = Net()
    net.run(10)
    net.passes = lambda source, to, network: network == 1
    net.run(30)
    assert net.mute() == {}


def test_a_host_that_nobody_hears_anywhere_does_not_act() -> None:
    net = Net()
    net.run(10)
    net.passes = lambda source, to, network: "h1" not in (source, to)
    net.run(30)
    assert net.mute() == {}


def test_two_hosts_cannot_tell_whose_port_it_is() -> None:
    net = Net(2)
    net.run(10)
    net.passes = lambda source, to, network: not (source == "h1" and network == 0)
    net.run(30)
    assert net.mute() == {}


def test_one_packet_of_four_is_enough() -> None:
    net = Net()
    net.run(10)
    net.passes = lambda source, to, network: round(net.now / HELLO) % 3 == 0
    net.run(60)
    assert net.mute() == {}


def test_a_host_that_stood_still_holds_its_own_silence_against_nobody() -> None:
    net = Net()
    net.run(10)
    net.now += 100
    for name in net.hosts:
        net.say(name)
    assert net.mute() == {}
    net.run(10)
    assert net.mute() == {}


def test_one_network_says_no_hello() -> None:
    assert Paths(0.0, "web", "h1", 1).due() == float("inf")
