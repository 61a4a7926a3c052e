"""What cut sets cost in minutes a year, and what to buy first. Pure.

The minutes of a service are those in which at least one of its cut sets of one or two components is
broken, taken as the sum over them (the rare-event bound of fault trees: IEC 61025, NUREG-0492):
larger sets are not counted, failures count as independent.
"""

from collections.abc import Mapping
from itertools import chain
from math import fsum

import msgspec

from .cuts import Cuts, Pair, Solver
from .reliability import MINUTES, Rates


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """One more of a component, so that it can be lost.

    ``minutes`` are saved a year, of all ``services`` together; ``stops`` are those that it takes
    down alone. ``price`` is None where the configuration names none.
    """

    component: str
    parts: tuple[str, ...]
    stops: tuple[str, ...]
    minutes: float
    price: float | None
    advice: str = "a second one"

    @property
    def worth(self) -> float | None:
        """Minutes saved a year for one unit of money; infinite for what costs nothing."""
        if self.price is None:
            return None
        return self.minutes / self.price if self.price else float("inf")


class Scores:
    """The share of time for which elements are broken, and what follows for services."""

    def __init__(self, solver: Solver, rates: Rates) -> None:
        self._solver = solver
        self._rates = rates
        #: By element: its members, and the share of time for which any of these is broken.
        self._broken: dict[str, tuple[tuple[str, ...], float]] = {}

    def broken(self, element: str) -> float:
        """The share of time for which an element, any of its members, is broken."""
        members, known = self._solver.members(element), self._broken.get(element)
        if known is None or known[0] is not members:
            share = sum(self._rates.of(m).unavailable for m in members)
            known = self._broken[element] = members, share
        return known[1]

    def broken_member(self, id: str) -> float:
        """The share of time for which one component is broken."""
        return self._rates.of(id).unavailable

    def minutes(self, cuts: Cuts) -> float:
        """Minutes a year for which a service with these cuts is down."""
        alone = fsum(self.broken(e) for e in cuts.singles)  # the same whatever their order
        return MINUTES * (alone + fsum(both for both, _ in self.both(cuts)))

    def both(self, cuts: Cuts) -> list[tuple[float, Pair]]:
        """The share of time for which both elements of a pair are broken, with the pair."""
        broken = {e: self.broken(e) for e in set(chain.from_iterable(cuts.pairs))}
        return [(broken[pair[0]] * broken[pair[1]], pair) for pair in cuts.pairs]

    def shares(self, cuts: Cuts) -> dict[str, float]:
        """Minutes a year of a service with these cuts that are due to each element."""
        found = {element: MINUTES * self.broken(element) for element in cuts.singles}
        for a, b in sorted(cuts.pairs):
            both = MINUTES * self.broken(a) * self.broken(b)
            found[a] = found.get(a, 0.0) + both
            found[b] = found.get(b, 0.0) + both
        return found


def price_of(id: str, prices: Mapping[str, float]) -> float | None:
    """What one more of a component costs: by its id, else by its kind."""
    return prices.get(id, prices.get(id.partition(":")[0]))


def purchases(
    solver: Solver,
    scores: Scores,
    shares: Mapping[str, Mapping[str, float]],
    prices: Mapping[str, float],
) -> list[Purchase]:
    """What a second one of each component saves, the most for its money first. ``shares`` are the
    minutes of each service that are due to each element.

    With two of a component, both must be broken for what one broke before. Every member of an
    element is bought by itself: a second power supply does not double the host.
    """
    stops: dict[str, list[str]] = {}
    total: dict[str, float] = {}
    for service, due in shares.items():
        for element in solver.cuts(service).singles:
            stops.setdefault(element, []).append(service)
        for element, minutes in due.items():
            total[element] = total.get(element, 0.0) + minutes
    found = []
    for element, minutes in total.items():
        whole = scores.broken(element)
        for member in solver.members(element):
            share = scores.broken_member(member)
            if not whole or not share:
                continue
            saved = minutes * share / whole * (1 - share)
            alone = tuple(stops.get(element, ()))
            price = price_of(member, prices)
            found.append(
                Purchase(component=member, parts=solver.members(element), stops=alone,
                         minutes=saved, price=price)
            )  # fmt: skip
    return sorted(found, key=order)


def order(one: Purchase) -> tuple[float, float, str]:
    """The most saved for its money first; without a price, after those, the most saved."""
    return (-one.worth if one.worth is not None else 1.0, -one.minutes, one.component)
