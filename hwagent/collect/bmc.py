"""BMCs asked over the network, by Redfish or IPMI, as the configuration lists them.

They may hang or be far away: each is a target of its own, in an unprivileged worker.
"""

from importlib import import_module
from typing import Any, ClassVar

import msgspec

from hwagent.config.bmcs import Bmc
from hwagent.model import Metric, Sample, counter, state

from . import ipmi, redfish
from .base import Collector
from .ipmi_ask import Way, ask
from .root import Root, Unreadable

_IPMI_PORT = 623
_DEADLINE = 120.0
_EVENTS = "DMTF DSP0266"
#: How it tells of events, which the agent adds: a look does not know.
_EVENT_METRICS: tuple[Metric, ...] = (
    state("events", "how they come: stream, push, none, broken, elsewhere", _EVENTS),
    counter("events_heard", "events that it has told of", "", _EVENTS),
)


class BmcCollector(Collector):
    """One target per BMC; a target is the JSON of its Bmc."""

    name: ClassVar = "bmc"
    kinds: ClassVar = {
        **redfish.KINDS,
        **ipmi.KINDS,
        "bmc": (*ipmi.BMC_METRICS, *_EVENT_METRICS),
    }
    attributes: ClassVar = {
        **redfish.NAMES,
        **ipmi.NAMES,
        "bmc": (*ipmi.NAMES["bmc"], "events_problem", "events_by"),
    }
    interval: ClassVar = 60.0
    deadline: ClassVar = _DEADLINE + 5

    def targets(self, root: Root) -> list[str]:
        """None: the agent makes them of its configuration."""
        return []

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One round of questions. Raises Unreadable if it does not answer."""
        try:
            bmc = msgspec.json.decode(target, type=Bmc, dec_hook=lambda type, value: type(value))
        except msgspec.MsgspecError as e:
            raise Unreadable("bmc", str(e)) from None
        samples = _ipmi(root, bmc) if bmc.protocol == "ipmi" else _redfish(bmc)
        for sample in samples:
            if sample.id == f"bmc:{bmc.name}":
                sample.attributes.update(address=bmc.address, host=bmc.host)
        return placed(bmc, samples)


def placed(bmc: Bmc, samples: list[Sample]) -> list[Sample]:
    """Parts of another host are called so: its disks are none of ours."""
    return [_elsewhere(s, bmc.name) for s in samples] if bmc.host else samples


def _ipmi(root: Root, bmc: Bmc) -> list[Sample]:
    port = bmc.port or _IPMI_PORT
    options = ["-I", "lanplus", "-H", bmc.address, "-p", str(port), "-U", bmc.user]
    options += ["-f", bmc.password_file]  # not in the arguments, where others could read it
    if bmc.cipher is not None:
        options += ["-C", str(bmc.cipher)]
    return ask(root, Way(bmc.name, tuple(options), min(float(bmc.timeout) * 3, _DEADLINE / 4)))


def _redfish(bmc: Bmc) -> list[Sample]:
    # Named, not imported: http.client and ssl weigh more than all that other looks need
    module: Any = import_module(f"{__package__}.redfish_http")
    samples: list[Sample] = module.samples(bmc, _DEADLINE)
    return samples


def _elsewhere(sample: Sample, name: str) -> Sample:
    kind, _, rest = sample.id.partition(":")
    if rest == name or rest.startswith(f"{name}/"):
        return sample
    return msgspec.structs.replace(sample, id=f"{kind}:{name}/{rest}")


COLLECTOR = BmcCollector
