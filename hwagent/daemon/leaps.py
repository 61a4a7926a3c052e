"""What the lease and gossip would refuse is refused when the configuration is read: later all the
rest of it is in force already. Voter sets change step by step (hwagent.lease.group).
"""

from collections.abc import Iterable

from hwagent.cluster.configure import profile
from hwagent.config import Config, Group, read_source
from hwagent.vip.council import group_of
from hwagent.vip.planning import plan_of_group

_VOTERS = (
    "majorities of these voters and of those in force might not meet: name those in force, with"
    " their addresses, as `previous`, reload on all hosts, and then leave `previous` out"
)
_LONGEST = "another `longest` is another voter set: `previous` with `previous_longest` goes before"


def refuse_parameters(file: str, config: Config) -> None:
    """Raises ConfigError for parameters of gossip that cannot be."""
    try:
        profile(config)
    except ValueError as e:
        raise read_source(file).error(("cluster", "parameters"), str(e)) from None


def refuse_leaps(file: str, config: Config, before: Iterable[Group]) -> None:
    """Raises ConfigError for a group that cannot work, or that would leap to other voters."""
    known = {group.name: group for group in before}
    for index, group in enumerate(config.groups):
        at = ("groups", index)
        try:
            wanted = group_of(plan_of_group(group))
        except ValueError as e:
            raise read_source(file).error((*at, "lease"), str(e)) from None
        old = known.get(group.name)
        if old is None or wanted.follows(group_of(plan_of_group(old))):
            continue
        if group.voters == old.voters and not group.previous:
            raise read_source(file).error((*at, "longest"), _LONGEST)
        raise read_source(file).error((*at, "voters"), _VOTERS)
