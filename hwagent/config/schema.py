"""The configuration: one struct per section of hwagent.yaml. Unknown keys are errors."""

from typing import Literal

from hwagent.model import Mode, Severity

from .bmcs import Bmc, Events
from .check import Check
from .section import Section
from .switches import Switch, Traps
from .topology import Topology
from .units import Duration, Size
from .vip_services import VipServices


class CollectorOptions(Section, frozen=True):
    """One collector: whether and how often it looks (default: its own interval)."""

    enabled: bool = True
    interval: Duration | None = None


class Rules(Section, frozen=True):
    """Rule files, besides the shipped ones; rules of the same name replace the shipped rule."""

    directories: list[str] = []
    shipped: bool = True
    disabled: list[str] = []


class Vip(Section, frozen=True):
    """A virtual IP: ``address`` with prefix length, and its interfaces in order of preference.

    One of a ``group`` is held by one of its hosts only, whichever its voters agree on; without a
    group it is this host's alone. Addresses of a group with the same ``together`` go to one host,
    those with the same ``apart`` to different ones, as far apart as ``cluster.zone`` says.
    ``services`` run where the address is; those of its group, if it has none of its own. With a
    ``router_id`` from 1 to 255 it has VRRP's virtual MAC address of that number on every host, so
    that neighbours need not learn another one; 0 is the MAC address of the interface.
    """

    address: str
    interfaces: list[str]
    group: str = ""
    together: str = ""
    apart: str = ""
    router_id: int = 0
    services: VipServices | None = None


#: Hosts by name, with their addresses: one for each network on which they reach each other.
Hosts = dict[str, tuple[str, ...]]


class Group(Section, frozen=True):
    """Hosts that agree, by a majority of the voters, which of them holds which virtual IP.

    ``previous`` is the voter set that this one replaces, kept until all hosts have the new one;
    ``previous_longest`` is what ``longest`` was with it, if something else. ``members`` may hold
    addresses but have no vote, ``witnesses`` are voters that hold none. A voter says nothing for
    ``longest`` after its start: the longest lease that any host of the group asks for. ``drift``
    bounds how wrong a clock's rate is, ``slew`` how fast the wall clock may be bent. ``quorum:
    any`` is for two hosts without a witness, and unsafe: there can be two owners. Its ``gateway``
    is an address that all hosts ping: one that hears neither another host nor the gateway is cut
    off itself, and holds nothing. ``insist`` takes an interval and a lease that this host's holder
    was seen not to keep.
    """

    name: str
    voters: Hosts
    previous: Hosts = {}
    previous_longest: Duration | None = None
    members: Hosts = {}
    witnesses: list[str] = []
    interval: Duration = Duration(0.1)
    #: 2.8 heartbeats: an owner counts on nine tenths of it, so that two may be lost and the answer
    #: to the next come late by half an interval. A third one could not save it: 3.0 is only slower.
    lease: Duration = Duration(0.28)
    longest: Duration = Duration(1.0)
    drift: float = 0.0005
    slew: float = 0.1
    quorum: Literal["majority", "any"] = "majority"
    gateway: str = ""
    preempt: bool = False
    insist: bool = False
    port: int = 7947
    services: VipServices | None = None


class Fitness(Section, frozen=True):
    """Which alerts make the host unfit to hold virtual IPs: by severity, or by rule name."""

    severity: Severity = Severity.CRITICAL
    kinds: tuple[str, ...] = ("host", "memory", "dimm", "temperature", "filesystem", "service")
    rules: list[str] = []
    ttl: Duration = Duration(5)


class Service(Check, frozen=True):
    """A check of the user's own service; ``type`` says which of the other keys it needs.

    tcp: ``target`` host:port. http: ``target`` URL, ``status`` list, ``body`` text to find.
    exec: ``command`` list. unit: ``target`` systemd unit. file: ``target`` path, ``max_age``.
    It is down after ``fall`` failures in a row, up again after ``rise`` successes.
    """

    name: str


class Spare(Section, frozen=True):
    """A disk that may be added to an array when a member fails; ``disk`` is a component id."""

    disk: str
    arrays: list[str] = []


class Storm(Section, frozen=True):
    """When many hosts report trouble at once, nothing disruptive is done: the cause is elsewhere.

    It is a storm while at least ``members`` hosts, and at least ``share`` of all, have new critical
    alerts within ``window``. ``settle`` is how long an alert must last before it is acted upon, so
    that the others can be heard. ``share`` 0 turns the brake off.
    """

    share: float = 0.3
    members: int = 3
    window: Duration = Duration(300)
    settle: Duration = Duration(5)


class FleetLimits(Section, frozen=True):
    """How much the agents of a fleet may do at once: permits, each given by a majority of voters.

    ``voters`` are names of members, the same on all hosts; without, those of the first group.
    Without any, each host has only its own limits. ``previous`` are the voters that these replace,
    kept until all hosts have the new ones. A host that dies loses its permits after ``lease``, and
    an agent that has started asks for none for so long. ``rebuilds`` go on at once, each a rebuild
    of an array or a host that gives its addresses away for maintenance.
    """

    voters: list[str] = []
    previous: list[str] = []
    lease: Duration = Duration(30)
    rebuilds: int = 1
    disruptive_per_hour: int = 8
    storm: Storm = Storm()


class Limits(Section, frozen=True):
    """How much the agent may do by itself, on this host and with others in the ``fleet``."""

    disruptive_per_hour: int = 4
    rebuilds: int = 1
    cooldown: Duration = Duration(600)
    tries: int = 3
    fleet: FleetLimits = FleetLimits()


class Network(Section, frozen=True):
    """One network on which members reach each other; ``name`` is the same on all hosts.

    ``bind`` is ``address``, ``address:port`` or ``[IPv6]:port``; ``advertise`` what others are
    told, where that is something else.
    """

    bind: str
    name: str = ""
    advertise: str = ""


class Gossip(Section, frozen=True):
    """Single parameters of gossip, by memberlist's names; what is not set is the profile's."""

    probe_interval: Duration | None = None
    probe_timeout: Duration | None = None
    indirect_checks: int | None = None
    retransmit_mult: int | None = None
    suspicion_mult: int | None = None
    suspicion_max_timeout_mult: int | None = None
    gossip_interval: Duration | None = None
    gossip_nodes: int | None = None
    gossip_to_the_dead_time: Duration | None = None
    push_pull_interval: Duration | None = None
    tcp_timeout: Duration | None = None
    awareness_max_multiplier: int | None = None
    udp_buffer_size: int | None = None
    reconnect_interval: Duration | None = None
    reconnect_timeout: Duration | None = None
    leave_propagate_delay: Duration | None = None


class Cluster(Section, frozen=True):
    """Other agents: on which networks, how they are found, how they speak.

    Without ``networks`` the agent is alone. ``seeds`` are a few members, by name or address.
    ``key_file`` holds keys in base64, one a line, the first one seals. Going from none to sealed
    without a stop: ``encryption`` accept on all hosts, then send, then required. ``zone`` says
    where the host stands, from the largest to the smallest; ``weight`` how many addresses it should
    hold, against the others.
    """

    networks: list[Network] = []
    seeds: list[str] = []
    label: str = ""
    profile: Literal["lan", "wan", "local"] = "lan"
    parameters: Gossip = Gossip()
    encryption: Literal["required", "send", "accept", "none"] = "required"
    key_file: str = ""
    zone: list[str] = []
    labels: dict[str, str] = {}
    weight: float = 1.0


class ExecNotify(Section, frozen=True):
    """A script, called with HWAGENT_*, SMARTD_* and mdadm's arguments."""

    command: list[str]
    timeout: Duration = Duration(30)


class UrlNotify(Section, frozen=True):
    """A receiver of HTTP POSTs; ``headers_file`` holds secret header lines, outside the YAML."""

    url: str
    headers_file: str = ""
    timeout: Duration = Duration(10)


class SmtpNotify(Section, frozen=True):
    """Mail through a relay."""

    host: str
    to: list[str]
    sender: str = "hwagent@localhost"
    port: int = 25
    starttls: bool = False
    user: str = ""
    password_file: str = ""
    timeout: Duration = Duration(30)


class Notify(Section, frozen=True):
    """Whom to tell, from which severity on, and how often again while it goes on.

    In a fleet an alert that may follow from something else waits ``hold`` for its cause to be seen:
    what follows from a cause is told with it, by one host.
    """

    severity: Severity = Severity.WARNING
    resend: Duration = Duration(4 * 3600)
    hold: Duration = Duration(10)
    journald: bool = True
    syslog: bool = False
    exec: list[ExecNotify] = []
    webhook: list[UrlNotify] = []
    alertmanager: list[UrlNotify] = []
    smtp: list[SmtpNotify] = []


class Journal(Section, frozen=True):
    """The journal's file (default: in the state directory) and its bound."""

    path: str = ""
    max_size: Size = Size(64 * 2**20)
    keep: Duration = Duration(90 * 86400)


class Api(Section, frozen=True):
    """The local socket; its group may read. Of these, members of ``admin_group`` may control."""

    socket: str = ""
    group: str = "hwagent"
    admin_group: str = ""


class Config(Section, frozen=True):
    """The whole configuration of one agent.

    ``ignore`` are ids of components, with wildcards, that are not looked at any further: a sensor
    input that leads nowhere.
    """

    host: str = ""
    mode: Mode = Mode.OBSERVE
    runtime_directory: str = "/run/hwagent"
    state_directory: str = "/var/lib/hwagent"
    collectors: dict[str, CollectorOptions] = {}
    ignore: list[str] = []
    rules: Rules = Rules()
    vips: list[Vip] = []
    groups: list[Group] = []
    switches: list[Switch] = []
    makers: list[str] = []
    traps: Traps = Traps()
    topology: Topology = Topology()
    bmcs: list[Bmc] = []
    events: Events = Events()
    fitness: Fitness = Fitness()
    services: list[Service] = []
    spares: list[Spare] = []
    limits: Limits = Limits()
    cluster: Cluster = Cluster()
    notify: Notify = Notify()
    journal: Journal = Journal()
    api: Api = Api()
