"""Makes a failing schedule small: faults are taken out as long as it still fails."""

from collections.abc import Callable

from .plan import Plan


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """The plan with as few faults and VIPs as can be; each one that is left is needed."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(plan):
            if fails(candidate):
                plan, smaller = candidate, True
                break
    return plan


def _smaller(plan: Plan) -> list[Plan]:
    faults = plan.faults
    less = [plan._replace(faults=faults[:i] + faults[i + 1 :]) for i in range(len(faults))]
    one = [{vip: fit} for vip, fit in plan.lists.items()] if len(plan.lists) > 1 else []
    return [*(plan._replace(lists=lists) for lists in one), *less]
