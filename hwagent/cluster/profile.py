"""The parameters of membership: names, defaults and LAN/WAN/local profiles as in memberlist.

What the code does and memberlist's comments say differ in places; the formulas here are those of
its code (state.go, suspicion.go, util.go), except where a trap of it is avoided (see probe.py).
"""

import math

import msgspec


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One set of parameters. Times are seconds, sizes bytes."""

    probe_interval: float = 1.0
    probe_timeout: float = 0.5
    indirect_checks: int = 3
    retransmit_mult: int = 4
    suspicion_mult: int = 4
    suspicion_max_timeout_mult: int = 6
    gossip_interval: float = 0.2
    gossip_nodes: int = 3
    gossip_to_the_dead_time: float = 30.0
    push_pull_interval: float = 30.0
    tcp_timeout: float = 10.0
    awareness_max_multiplier: int = 8
    udp_buffer_size: int = 1400
    #: As Serf's ``reconnect_interval`` and ``reconnect_timeout``.
    reconnect_interval: float = 30.0
    reconnect_timeout: float = 86400.0
    leave_propagate_delay: float = 1.0

    def retransmit_limit(self, members: int) -> int:
        """How often one update is sent: ``mult * ceil(log10(n + 1))``."""
        return self.retransmit_mult * math.ceil(math.log10(members + 1))

    def confirmations(self, members: int) -> int:
        """How many further accusers shorten a suspicion to its minimum; 0 in a small group."""
        wanted = self.suspicion_mult - 2
        return wanted if members - 2 >= wanted else 0

    def suspicion_min(self, members: int) -> float:
        """Shortest time from suspicion to death: ``mult * max(1, log10 n) * probe_interval``."""
        return self.suspicion_mult * max(1.0, math.log10(max(1, members))) * self.probe_interval

    def suspicion_max(self, members: int) -> float:
        """Longest time from suspicion to death."""
        return self.suspicion_max_timeout_mult * self.suspicion_min(members)

    def push_pull_every(self, members: int) -> float:
        """Seconds between two exchanges of everything; grows with the group above 32 members."""
        if members <= 32:
            return self.push_pull_interval
        return self.push_pull_interval * (math.ceil(math.log2(members) - 5) + 1)


LAN = Profile()
WAN = Profile(
    probe_interval=5.0,
    probe_timeout=3.0,
    suspicion_mult=6,
    gossip_interval=0.5,
    gossip_nodes=4,
    gossip_to_the_dead_time=60.0,
    push_pull_interval=60.0,
    tcp_timeout=30.0,
    leave_propagate_delay=3.0,
)
LOCAL = Profile(
    probe_timeout=0.2,
    indirect_checks=1,
    retransmit_mult=2,
    suspicion_mult=3,
    gossip_interval=0.1,
    gossip_to_the_dead_time=15.0,
    push_pull_interval=15.0,
    tcp_timeout=1.0,
    leave_propagate_delay=0.5,
)
PROFILES = {"lan": LAN, "wan": WAN, "local": LOCAL}
