"""The running agent: builds the parts, joins them, and ends them in order."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterable
from typing import Any

import msgspec

from hwagent import __version__
from hwagent.api.server import Server
from hwagent.collect.watching import Watch
from hwagent.config import Config, default_file, load_config
from hwagent.helper import Pool
from hwagent.helper.jobs import Role
from hwagent.journal import Journal, Record
from hwagent.model import Action, Sample
from hwagent.net.manager import Manager, passed_socket

from . import alarms
from .actor import Actor
from .answers import Answers
from .attending import Attending
from .audits import Audits
from .bus import Bus
from .children import Child, vip_children
from .clock import Clock
from .control import Control
from .core import Core
from .delegate import Delegate
from .ears import Ears
from .effects import Changed, Deliver, Effect, Hurry, Perform, Publish, TellHolder, Write
from .explaining import Explaining
from .exposed import Exposed
from .gossip import Gossip
from .holding import Holding
from .inventory import Job
from .labels import label
from .leaps import refuse_leaps, refuse_parameters
from .limits import Limits
from .liveness import live, summary
from .loading import COLLECTOR_NAMES, check_makers, enabled, known_vocabulary, rule_set
from .looker import Looker
from .memory import Memory
from .orders import Orders
from .past import past
from .places import Places
from .rivals import JOB, Rivals, voting
from .stalls import StallBook, refuse_misfits
from .switches import Switches
from .tasks import Tasks
from .telling import Telling

log = logging.getLogger("hwagent")


class Options(msgspec.Struct, frozen=True):
    """What the command line says: the configuration file, the tree to read, and the places.

    ``holder`` and ``helper`` are sockets of those that run by themselves; without, the agent starts
    them as its children.
    """

    config: str
    places: Places
    root: str = "/"
    holder: str = ""
    helper: str = ""


class Agent:
    """One host's agent."""

    def __init__(self, options: Options, config: Config) -> None:
        self.options = options
        self.config = config
        self.host = config.host or socket.gethostname()
        self.clock = Clock()
        self.started = self.clock.now()
        check_makers(config)
        known = known_vocabulary()
        self.tasks = Tasks()
        self.core = Core(self.host, config, rule_set(config), known)
        self.bus = Bus()
        self.exposed = Exposed(known, self.core)
        self.journal = Journal(
            options.places.journal, int(config.journal.max_size), float(config.journal.keep)
        )
        self.pollers, self.helper = _pools(options)
        self.looker = Looker(
            enabled(config),
            {False: self.pollers, True: self.helper},
            self.clock.now,
            self._found,
            self._failed,
            self._gone,
        )
        self.delegate = Delegate(self)
        holder = options.holder or options.places.holder
        self.attending = Attending(self, self._publish)
        self.rivals = Rivals()
        self.alarms = alarms.Alarms()
        self.stalls = StallBook(options.places.stalls)
        self.holding = Holding(holder, self._publish, self.delegate, self.look_at_vips)
        self.actor = Actor(self.helper, self.journal, self.clock.now, log.info)
        self.telling = Telling(self.pollers, config.notify)
        self.watch = Watch(options.root)
        self.manager = Manager()
        self.gossip = Gossip(self)
        self.switches = Switches(
            self._found, self._failed, self._gone, self._withdraw, self.host, self.gossip
        )
        looker = self.looker
        self.ears = Ears(looker.hurry, looker.under_way, self._read, self.host, self.gossip)
        self.audits = Audits(self)
        self.explaining = Explaining(self)
        self.limits = Limits(self)
        self.orders = Orders(self)
        self.control_room = Control(self)
        self.answers = Answers(self)
        self.config_problem = ""
        #: What else is wrong with the agent itself, by what it is about; empty texts are nothing.
        self._troubles: dict[str, str] = {}
        self.memory = Memory(options.places.memory, self.core, self.tasks, self._trouble)
        self._children: list[Child] = []
        self._due = asyncio.Event()

    # Life

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT. Raises OSError where it cannot start."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self.tasks.start(self._reload_quietly()))
        api = self.config.api
        place = self.options.places.socket
        server = Server(self.answers, place, api.group, api.admin_group, passed_socket())
        await self._prepare(server)
        try:
            await stop.wait()
        finally:
            log.info("stopping")
            self.manager.stopping()
            await self._end(server)

    async def _prepare(self, server: Server) -> None:
        self._trouble("state", self.options.places.make())
        await server.start()
        self.memory.recall()
        await self.journal.start()
        await self.pollers.start()
        await self.helper.start()
        await self.watch.start()
        self.tasks.start(self.stalls.run(self.clock.now, self.holding.status))
        self._configure()
        parts = (self.looker.run, self.holding.run, self._follow_watch, self._tick, self._begin)
        switches = self.switches
        around = (switches.run, switches.follow, switches.compare, self.ears.run, self.ears.follow)
        for part in (*parts, self.gossip.run, self.limits.run, self.explaining.run, *around):
            self.tasks.start(part())
        self.tasks.start(live(self.manager, self._turn, self.answers.status))
        log.info("hwagent %s on %s, mode %s", __version__, self.host, self.config.mode)

    def _configure(self) -> None:
        """Gives all parts the configuration, at the start and when it is another one."""
        config = self.config
        self._start_children()
        self.looker.configure(config)
        self.looker.configure_services(config.services)
        self.looker.configure_bmcs(config.bmcs)
        self.holding.configure(config)
        self.attending.configure(config)
        self.gossip.configure(config)
        self.explaining.configure(config.notify)
        self.limits.configure(config)
        self.switches.configure(config)
        self.ears.configure(config)

    def _start_children(self) -> None:
        """Starts the holder and its guardian, once the configuration has addresses to hold."""
        addresses = self.config.vips or self.config.groups
        wanted = not self.options.holder and addresses and self.options.root == "/"
        if wanted and not self._children:
            self._children = vip_children(self.options.places.holder)
            for child in self._children:
                self.tasks.start(child.run())

    async def _end(self, server: Server) -> None:
        await self.tasks.close()
        await self.attending.close(stop=bool(self._children))
        await self.holding.close()
        await server.close()
        await self.watch.close()
        await self.pollers.close()
        await self.helper.close()
        await self.journal.close()

    async def _begin(self) -> None:
        """After the first round: what was under way at the last end, then fitness."""
        await self.looker.first_round.wait()
        # Not before: the writer of an agent that was killed may still be at its last records
        before = await past(self.options.places.journal)
        self._trouble("past", before.problem)
        self.apply(self.core.reconcile(self.clock.now(), before.pending, before.events))
        self.apply(self.core.first_round_done(self.clock.now()))
        log.info("first round done: %d components", len(self.core.components()))

    async def _tick(self) -> None:
        while True:
            self._due.clear()
            due = self.core.next_due()
            try:
                async with asyncio.timeout(
                    None if due is None else max(0.02, due - self.clock.now())
                ):
                    await self._due.wait()
            except TimeoutError:
                self.apply(self.core.tick(self.clock.now()))

    async def _turn(self) -> None:
        """One full round: all looks that are due are started, and the core does what is due."""
        await self.looker.turn()
        self.apply(self.core.tick(self.clock.now()))

    async def _follow_watch(self) -> None:
        async for trigger in self.watch.triggers():
            self.looker.hurry(trigger.collector, trigger.target)

    # From the looker

    def _found(self, job: Job, samples: list[Sample]) -> None:
        self._read(job, self.ears.seen(job, samples))

    def _read(self, job: Job, samples: list[Sample]) -> None:
        self.apply(self.core.found(self.clock.now(), job, samples))

    def _failed(self, job: Job, why: str, stuck: bool) -> None:
        self.ears.failed(job)
        self.apply(self.core.failed(self.clock.now(), job, why, stuck))

    def _gone(self, job: Job) -> None:
        self.apply(self.core.gone(self.clock.now(), job))

    def _withdraw(self, job: Job) -> None:
        self.apply(self.core.withdraw(self.clock.now(), job))

    # Effects

    def apply(self, effects: Iterable[Effect]) -> None:
        """Does what the core asks for; nothing here waits."""
        for effect in effects:
            self._apply(effect)
        self._due.set()

    def _apply(self, effect: Effect) -> None:
        match effect:
            case Write(record):
                self.journal.write(record)
            case Changed(component):
                self.exposed.changed(component)
                self.switches.changed(self.core.judge.inventory.get(component))
            case Publish(type, component, data):
                self._publish(type, component, data)
            case Hurry(collector, target):
                self.looker.hurry(collector, target)
            case TellHolder():
                self.holding.tell(self.core.verdict(self.clock.now()))
            case Deliver(delivery):
                self.tasks.start(self._deliver(delivery))
            case Perform(step):
                self.tasks.start(self._perform(step))

    def look_at_vips(self) -> None:
        """Where the addresses stand may have changed, or what is known of it."""
        self.attending.look()
        groups = voting(self.config.groups, self.host, self.gossip.heard())
        if samples := self.rivals.samples(self.vips(), groups):
            self._found(JOB, samples)
        if self.config.groups:
            self._found(alarms.JOB, [self.alarms.sample()])

    def _publish(self, type: str, component: str, data: Any) -> None:
        now = self.clock.now()
        self.bus.publish(now, type, component, data)
        if type != "reading":
            self.gossip.changed()
        if type == "vip":
            if self.alarms.happened(data["type"], data["reason"]):
                self._found(alarms.JOB, [self.alarms.sample()])
            self.attending.happened(data["type"], data["address"], data["reason"])
            self.journal.write(Record(now, "note", component, type, data))
        if type == "alert":
            self.explaining.hurry()
            log.warning("%s %s: %s", data["state"], data["rule"], data["summary"])

    async def _deliver(self, delivery: Any) -> None:
        problem = await self.telling.deliver(delivery)
        self.apply(self.core.delivered(self.clock.now(), delivery.receiver, problem))
        self.explaining.heard()

    async def _perform(self, step: Any) -> None:
        outcome = await self.actor.perform(step)
        for job in self.core.judge.inventory.sources(step.action.component):
            await self.looker.again(job)
        self.apply(self.core.finished(self.clock.now(), outcome))

    # Configuration

    def reload(self) -> None:
        """Reads the configuration anew. Raises ConfigError and changes nothing if it is wrong."""
        self.manager.reloading()
        try:
            self._reload()
        finally:
            self.manager.ready(summary(self.answers.status()))

    def _reload(self) -> None:
        config = load_config(self.options.config, COLLECTOR_NAMES)
        rules = rule_set(config)
        check_makers(config)
        refuse_misfits(self.options.config, config, self.config.groups, self.stalls.worst())
        refuse_leaps(self.options.config, config, self.config.groups)
        refuse_parameters(self.options.config, config)
        self.config = config
        self.apply(self.core.reload(self.clock.now(), config, rules))
        self._configure()
        self.telling.configure(config.notify)
        self.config_problem = ""

    async def _reload_quietly(self) -> None:
        await self.control_room.reload({})

    # State

    def vips(self) -> list[dict[str, Any]]:
        """Virtual IPs of the configuration as the holder has them, and where they are pinned."""
        found = self.holding.vips() if self.config.vips else []
        label(self.config, self.core.verdict(self.clock.now()), found)
        self.orders.describe(found)
        self.attending.describe(found)
        return found

    def _trouble(self, about: str, problem: str) -> None:
        if problem and problem != self._troubles.get(about):
            log.error("%s", problem)
        self._troubles[about] = problem

    def troubles(self) -> list[str]:
        """What is wrong with the agent itself."""
        found = [self.config_problem, self.journal.broken and f"journal: {self.journal.broken}"]
        found += [self.journal.note, self.gossip.problem, self.delegate.problem]
        found.append(self.gossip.twins)
        found += [*self._troubles.values(), *self.attending.problems(), self.switches.problem]
        found += [self.ears.problem, self.holding.problem]
        if (self.config.vips or self.config.groups) and not self.holding.connected:
            found.append("the holder does not answer")
        return [p for p in found if p]

    # For people

    def note(self, name: str, data: dict[str, Any]) -> None:
        """Puts what a person did into the journal."""
        component = f"host:{self.host}"
        self.journal.write(Record(self.clock.now(), "note", component, name, data))

    def request(self, action: Action) -> Any:
        """A person asks for an action; returns the planner's answer."""
        step, effects = self.core.request(self.clock.now(), action)
        self.apply(effects)
        return step


def _pools(options: Options) -> tuple[Pool, Pool]:
    """Workers without privileges, and those with: the same ones if no helper runs by itself."""
    trust = (os.path.abspath(options.config or default_file()), str(options.places.runtime))
    role: Role = "poller" if options.helper else "both"
    pollers = Pool(role=role, root=options.root, trust=trust)
    if not options.helper:
        return pollers, pollers
    return pollers, Pool(role="helper", root=options.root, socket=options.helper)
