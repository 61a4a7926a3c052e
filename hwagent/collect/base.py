"""What a collector is."""

from collections.abc import Mapping
from typing import ClassVar

from hwagent.model import Metric, Sample

from .root import Root


class Collector:
    """Reads one kind of hardware. One file, one class, one test file.

    ``name`` is the file's name, the key in the configuration and the label of its own metrics.
    ``kinds`` declares the metrics of every kind of component it reports, which is all that rules
    may name besides the attributes listed in ``attributes``. ``interval`` is the default time
    between two looks, in seconds; hardware that suffers from being read has a long one.
    ``privileged`` collectors run in the root helper, all others in unprivileged pollers; both in
    worker processes, so a collector may block and may raise. A ``slow`` one waits for what comes by
    itself: nobody waits for its first look, and a one-shot look leaves it out.
    """

    name: ClassVar[str]
    kinds: ClassVar[Mapping[str, tuple[Metric, ...]]]
    attributes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    interval: ClassVar[float] = 30.0
    deadline: ClassVar[float] = 20.0
    privileged: ClassVar[bool] = False
    slow: ClassVar[bool] = False

    def targets(self, root: Root) -> list[str]:
        """Names of what can hang on its own (one disk each for SMART); each is read by itself.

        The default, one empty name, reads everything of the kind in one look.
        """
        return [""]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One look at one target. An empty list: there is no such hardware. May raise Unreadable
        when the whole kind cannot be read."""
        raise NotImplementedError

    def understand(self, samples: list[Sample]) -> list[Sample]:
        """What a look found, understood by the agent, which has no privileges: for what comes from
        a network and was read by somebody who has. The default takes the samples as they are."""
        return samples
