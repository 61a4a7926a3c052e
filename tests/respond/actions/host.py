"""A simulated server under the real collectors, the real planner and the real verbs."""

from hwagent.collect.bond import BondCollector
from hwagent.collect.disk import Disk
from hwagent.collect.md import MdCollector
from hwagent.collect.nic import COLLECTOR as NIC
from hwagent.collect.root import Root
from hwagent.config import Config, Spare
from hwagent.helper.verbs import run_verb
from hwagent.model import Action, Component, Health, Mode, Outcome, Result
from hwagent.respond import Done, Fleet, Planner, Run
from hwagent.testing.server import Server
from tests.respond.making import NOW, Seen

COLLECTORS = (Disk, MdCollector, NIC, BondCollector)


class Host:
    """Time stands still but for ``wait``; ``ill`` are disks that SMART has given up."""

    def __init__(self, path, spares=(), mode=Mode.ACT, **parts):
        self.server = Server.build(path, **parts)
        self.root = Root(path)
        self.now = NOW
        self.ill: set[str] = set()
        declared = [Spare(disk=self.server.disk(name).id) for name in spares]
        self.config = Config(mode=mode, spares=declared)
        self.planner = Planner(self.config)
        self.planner.reconcile(self.seen(), [])

    def seen(self):
        """What is read now."""
        samples = [s for c in COLLECTORS for s in c().collect(self.root, "")]
        found = {}
        for s in samples:
            unknown = s.unreadable or s.problems
            bad = Health.FAILED if s.attributes.get("name") in self.ill else Health.OK
            found[s.id] = Component(
                id=s.id,
                kind=s.kind,
                health=Health.UNKNOWN if unknown else bad,
                reason=s.unreadable,
                attributes=s.attributes,
                metrics={"present": 1, **s.metrics},
            )
        return Seen(self.now, found, [], self.config, False, Fleet())

    def ask(self, name, component, **arguments):
        """The step that a request comes to."""
        action = Action(
            id=f"{name}-{self.now}", name=name, component=component, cause="by hand",
            arguments=arguments,
        )  # fmt: skip
        return self.planner.request(self.seen(), action)

    def refusal(self, name, component, **arguments):
        """Why a request is refused; fails the test if it is not."""
        step = self.ask(name, component, **arguments)
        assert isinstance(step, Done), step
        assert step.outcome.result is Result.REFUSED
        return step.outcome.detail

    def do(self, name, component, **arguments):
        """Runs a request to its end; returns the outcome."""
        step = self.ask(name, component, **arguments)
        assert isinstance(step, Run), step
        return self.run(step)

    def run(self, step):
        """Runs the verbs of a step, reads again, and returns the outcome."""
        problem = ""
        for verb in step.verbs:
            answer = run_verb(verb.name, verb.arguments, self.root)
            if not answer.ok:
                problem = f"{verb.name}: {answer.detail}"
                break
            self.server.advance(0)
        result = Result.FAILED if problem else Result.DONE
        ended = Outcome(
            action=step.action, result=result, detail=problem, started=self.now, ended=self.now
        )
        steps = self.planner.finished(self.now, ended) or self.planner.due(self.seen())
        return steps[0].outcome

    def wait(self, seconds):
        """Lets the server work."""
        self.now += seconds
        self.server.advance(seconds)


def mirror(path, spares=(), **parts):
    """Disks sda to sdd, and md0 on sda1 and sdb1."""
    array = {
        "name": "md0",
        "level": "raid1",
        "size": 50_000_000_000,
        "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
        **parts,
    }
    return Host(path, spares, disks=[{"name": f"sd{c}"} for c in "abcd"], arrays=[array])


def states(host, array="md0"):
    """Device to state, as the collector tells."""
    listed = host.seen().components[f"array:{array}"].attributes["members"]
    return {m["device"]: m["state"] for m in listed}
