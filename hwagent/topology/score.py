"""What cut sets cost in minutes a year, and what to buy first. Pure.

The minutes of a service are those in which at least one of its cut sets of one or two components is
broken, taken as the sum over them (the rare-event bound of fault trees: IEC 61025, NUREG-0492):
larger sets are not counted, failures count as independent.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import fsum
from typing import NamedTuple

import msgspec

from .cuts import Solver
from .graph import SERVICES
from .reliability import MINUTES, Rates
from .tally import Cuts, Pair


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

    def forget(self, most: int) -> None:
        """Forgets all if more than ``most`` elements are known: some are not there any more."""
        if len(self._broken) > most:
            self._broken.clear()

    def broken_member(self, id: str) -> float:
        """The share of time for which one component is broken."""
        return self._rates.of(id).unavailable

    def minutes(self, singles: Iterable[str], both: Iterable[tuple[float, Pair]]) -> float:
        """Minutes a year for which a service with such cuts is down."""
        alone = fsum(self.broken(e) for e in singles)  # the same whatever their order
        return MINUTES * (alone + fsum(share for share, _ in both))

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


class Offer(NamedTuple):
    """A purchase, and where it stands: the least of these comes first."""

    rank: tuple[float, float, str]
    purchase: Purchase


def offer(one: Purchase) -> Offer:
    """The most saved for its money first; without a price, after those, the most saved."""
    worth = one.worth
    return Offer((-worth if worth is not None else 1.0, -one.minutes, one.component), one)


class _Due(NamedTuple):
    """The cuts of a service, and the minutes of it that are due to each element."""

    cuts: Cuts
    minutes: dict[str, float]


class Offers:
    """What a second one of each component saves, brought up to date by what differs.

    With two of a component, both must be broken for what one broke before. Every member of an
    element is bought by itself: a second power supply does not double the host.
    """

    def __init__(self, solver: Solver, scores: Scores, prices: Mapping[str, float]) -> None:
        self._solver = solver
        self._scores = scores
        self._prices = prices
        self._services: dict[str, _Due] = {}
        #: By element, the services that it does something to.
        self._touches: dict[str, set[str]] = {}
        self._found: dict[str, list[Offer]] = {}

    def update(self, services: Mapping[str, Cuts]) -> None:
        """All services that count; nothing has changed where the cuts are the same objects."""
        touched: set[str] = set()
        for id, due in list(self._services.items()):
            if services.get(id) is not due.cuts:
                del self._services[id]
                touched.update(due.minutes)
                for element in due.minutes:
                    self._touches[element].discard(id)
        for id in services.keys() - self._services.keys():
            cuts = services[id]
            due = self._services[id] = _Due(cuts, self._scores.shares(cuts))
            touched.update(due.minutes)
            for element in due.minutes:
                self._touches.setdefault(element, set()).add(id)
        for element in touched:
            self._offer(element)

    def all(self) -> Iterator["Offer"]:
        """All that there are, in no order."""
        return chain.from_iterable(self._found.values())

    def _offer(self, element: str) -> None:
        if self._touches[element]:
            self._found[element] = list(self._offers(element))
        else:
            del self._touches[element]
            self._found.pop(element, None)

    def _offers(self, element: str) -> Iterator["Offer"]:
        services = {id: self._services[id] for id in self._touches[element]}
        minutes = fsum(due.minutes[element] for due in services.values())
        stops = [id for id, due in services.items() if element in due.cuts.singles]
        stops.sort(key=lambda id: (SERVICES.index(id.partition(":")[0]), id))
        whole, parts = self._scores.broken(element), self._solver.members(element)
        for member in parts:
            share = self._scores.broken_member(member)
            if whole and share:
                saved = minutes * share / whole * (1 - share)
                yield offer(
                    Purchase(component=member, parts=parts, stops=tuple(stops), minutes=saved,
                             price=price_of(member, self._prices))
                )  # fmt: skip
