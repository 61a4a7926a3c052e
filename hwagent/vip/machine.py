"""Who holds which address on this host: the holder's decisions, without its hands.

Inputs are what the agent said, what the kernel shows and the time; ``step`` returns what is to be
done. Rules, for one host without peers:

- An address is held while the agent's word that the host is fit has not run out and one of its
  interfaces has carrier. It stays where it is while that interface is good, else it goes to the
  first good one in the plan's order.
- Deleted by somebody else it is put back once; deleted again soon after, it is given up for a
  while, and that is reported as a conflict. So is an address that somebody else configured.
- Addresses that are not ours (ground.py) are never touched.
- An address of a group is held with its voters' leave instead, and the agent's word only says how
  much the host wants it: the lease (hwagent.lease) decides, this finds the interface.
- An address with services is held only once the agent has said that they run; the time for that is
  bounded, and where it runs out the address is left to others for a while (preparation.py).
- A holder that starts leaves tagged addresses of the one before alone for a moment, so that the
  agent can say whether they stay.

An address is decided anew when something was heard that concerns it, or its time has come
(agenda.py): whatever changes what a decision rests on has to touch the address.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping

from .agenda import Agenda
from .announcements import Announcements
from .effects import AddAddress, Announce, DelAddress, Effect, Place, Report
from .ground import Ground
from .protocol import Vip
from .rival import SETTLING
from .verdicts import FIGHT, Verdicts
from .ward import Ward, Word, ip

#: Seconds for which an address is given up after that.
TRUCE = 60.0
#: Seconds after which the kernel is asked again for what it refused.
RETRY = 2.0
#: Seconds that addresses of a holder before this one may stay without a word of the agent.
ADOPTION = 2.0


class Machine:
    """The state of all addresses. No clock, socket or file in here.

    ``wall`` is the time of day in seconds when the clock of ``now`` was 0; epochs grow with it.
    """

    def __init__(self, now: float, wall: float = 0.0) -> None:
        self._wards: dict[str, Ward] = {}
        self._by_ip: dict[str, Ward] = {}
        self._served: list[Ward] = []
        self._agenda = Agenda()
        self._targets: dict[str, Place] = {}
        self._common: tuple[str, str] | None = None
        self._settled, self._look_at = False, now
        #: Those of no group: they are held by the agent's word alone.
        self.alone: list[Ward] = []
        self._planned = False
        self._ground = Ground()
        self._verdicts = Verdicts(self._ground, wall)
        self._adopt_until = now + ADOPTION
        self._announcements = Announcements()
        self._news: list[Report] = []

    # Inputs

    def plan(self, now: float, vips: Collection[Vip]) -> None:
        """Takes a new plan; addresses are in the kernel's form. Raises ValueError for one IP twice.

        Addresses that stand in the old plan too stay where they are.
        """
        if len({ip(vip.address) for vip in vips}) < len(vips):
            raise ValueError("an address stands twice in the plan")
        old, self._wards, self._planned = self._wards, {}, True
        for vip in vips:
            ward = old.pop(vip.address, None) or Ward(vip.address, (), now)
            ward.start_anew(vip.interfaces, vip.group)
            ward.attend(vip.start_timeout, vip.cooldown)
            self._wards[vip.address] = ward
        self._agenda.clear()
        self._targets = {}
        self._touch_all()
        self._by_ip = {ward.ip: ward for ward in self._wards.values()}
        self.alone = [ward for ward in self._wards.values() if not ward.group]
        self._served = [ward for ward in self._wards.values() if ward.preparation]
        for ward in old.values():
            if ward.state == "held":
                gone = Report(ward.address, "released", "", "not in the plan any more")
                self._news.append(gone)
                self._announcements.stop(ward.place)

    def steady(self, interfaces: Collection[str]) -> None:
        """Takes which interfaces have a MAC address that a switch learns by announcements only."""
        self._announcements.steady = interfaces

    def fitness(self, word: Word) -> None:
        """Takes the agent's word; the last one counts, whichever agent it came from."""
        self._verdicts.word = word

    def grant(self, address: str, epoch: int) -> None:
        """The voters of its group let an address (without prefix length) be held here."""
        if (ward := self._by_ip.get(address)) is not None:
            ward.granted, ward.epoch = True, epoch
            self._agenda.touch(ward.address)

    def ready(self, now: float, address: str, epoch: int, problem: str) -> None:
        """The agent has started an address's services for the stay of that epoch, or could not."""
        ward = self._wards.get(address)
        if ward is not None and ward.preparation is not None:
            ward.preparation.answer(now, epoch, problem)
            self._agenda.touch(address)

    def revoke(self, address: str, reason: str) -> None:
        """The voters let it be held here no more."""
        if (ward := self._by_ip.get(address)) is not None:
            ward.granted, ward.wanting = False, reason
            ward.dismiss()
            self._agenda.touch(ward.address)

    def announce(self, now: float, address: str) -> None:
        """The neighbours are told once more where an address is."""
        ward = self._by_ip.get(address)
        if ward is not None and ward.interface:
            self._announcements.start(now, ward.place)

    def release(self, address: str) -> bool:
        """Gives an address up until the next plan; false if it is not in the plan."""
        ward = self._wards.get(address)
        if ward is not None:
            ward.withheld = True
            self._agenda.touch(address)
        return ward is not None

    def bar(self, reason: str) -> None:
        """Forbids touching anything, with a reason, or allows it with an empty one."""
        self._verdicts.barred = reason

    def elsewhere(self) -> list[Place]:
        """Addresses of groups that are not held here, each on an interface that has carrier."""
        found = []
        for ward in self._wards.values() if not self._verdicts.barred else ():
            good = next((name for name in ward.interfaces if self._ground.up.get(name)), "")
            virtual = good in self._announcements.steady  # a MAC address like that of our own link
            if ward.group and ward.state != "held" and good and not virtual:
                found.append(Place(good, ward.address))
        return found

    def answered(self, address: str, macs: tuple[str, ...]) -> None:
        """Who answers for an address (without prefix length) that is not held here."""
        if (ward := self._by_ip.get(address)) is not None:
            ward.answering = macs

    def rival(self, now: float, address: str, mac: str, who: str) -> None:
        """Another machine says that an address (without prefix length) is its own: if it is held
        here, that is told, and the neighbours hear again whose it is."""
        ward = self._by_ip.get(address)
        if ward is None or ward.state != "held" or now - ward.since < SETTLING:
            return
        answer = ward.rival.heard(now, mac, who)
        self._agenda.touch(ward.address)
        if answer.news:
            reason = f"also answered for by {ward.rival.told(now)}"
            self._news.append(Report(ward.address, "duplicate", ward.interface, reason, ward.epoch))
        if answer.defend:
            self._announcements.repeat(now, ward.place)

    def links(self, up: Mapping[str, bool]) -> None:
        """Which interfaces are on and have carrier."""
        self._ground.up = up
        self._touch_all()

    def flapped(self, now: float, interface: str) -> None:
        """An interface lost carrier and has it again: the neighbours are told once more."""
        self._ground.flapped(now, interface)
        for ward in self._wards.values():
            if ward.interface == interface:
                self._announcements.start(now, ward.place)

    def stalled(self, now: float) -> None:
        """The holder itself stood still, and somebody may rightly have taken its addresses away."""
        self._ground.stalled(now)

    def addresses(
        self, now: float, present: Mapping[Place, bool], refused: Collection[Place] = ()
    ) -> None:
        """All addresses of this host, and whether they bear our tag.

        Those that are ``refused`` failed duplicate address detection: they answer to nobody.
        """
        if self._ground.addresses(present, refused):
            self._touch_all()
        for ward in self._wards.values():
            if ward.interface and ward.place not in present:
                self._lost(now, ward)

    def failed(self, now: float, effect: Effect, reason: str) -> None:
        """The kernel refused an effect of the last step."""
        place, self._settled = effect.place, False
        if isinstance(effect, DelAddress):
            known = self._ground.stuck(place, now + RETRY)
        elif isinstance(effect, AddAddress):
            self._ground.removed(place)
            known = self._wards[place.address].refuse(place.interface, now + RETRY, reason)
            self._agenda.touch(place.address)
        else:
            known = False
        if not known:  # said once, not at every try
            self._news.append(Report(place.address, "failed", place.interface, reason))

    def close(self) -> None:
        """The holder ends: the next step gives everything up."""
        self._verdicts.closing = True

    # Outputs

    def step(self, now: float) -> list[Effect]:
        """What is to be done now; asked again, with failures told, until nothing is left."""
        if not self._calm(now):
            targets = set(self._targets.values())
            changes = [*self._removals(now, targets), *self._additions(self._targets.values())]
            changes += self._repairs(self._targets.values())
            self._settled = not changes
            self._look_at = min((t for t in self._ground_times() if t > now), default=math.inf)
            if changes:
                return changes
        return [Announce(place) for place in self._announcements.take(now)]

    def due(self, now: float) -> float | None:
        """When time alone can change something; None if it cannot. To be asked after a step."""
        times = [*self._ground_times(), *self._agenda.times()]
        word = self._verdicts.word
        if word is not None and word.fit and self.alone:
            times.append(word.until)
        later = [time for time in times if time > now]
        announcement = self._announcements.due()
        return min([*later, announcement] if announcement is not None else later, default=None)

    def news(self, now: float) -> list[Report]:
        """What happened since the last call; called when all steps are done."""
        found, self._news = self._news, []
        for ward in self._wards.values():
            if ward.told != (ward.state, ward.interface):
                ward.told, ward.since = (ward.state, ward.interface), now
                epoch = ward.epoch if ward.state in ("held", "preparing") else 0
                found.append(Report(ward.address, ward.state, ward.interface, ward.reason, epoch))
        return found

    def wards(self) -> Collection[Ward]:
        """All addresses of the plan, as decided in the last step."""
        return self._wards.values()

    def mute(self, addresses: Iterable[str]) -> None:
        """Takes own addresses of this host (without prefix length) whose ports pass nothing."""
        if self._ground.mute(addresses):
            self._touch_all()

    @property
    def muted(self) -> Collection[str]:
        """Interfaces whose port passes nothing though it has carrier."""
        return self._ground.muted

    def unheard(self, address: str) -> bool:
        """Whether an interface that an address could be on is mute: better others have it."""
        ward = self._by_ip.get(address)
        good = [name for name in ward.interfaces if self._ground.up.get(name)] if ward else []
        return not self._ground.muted.isdisjoint(good)

    def granted(self, address: str) -> bool:
        """Whether the voters of its group let an address be held here."""
        ward = self._by_ip.get(address)
        return ward is not None and ward.granted

    def wanted(self, now: float) -> bool:
        """Whether an agent's word that addresses may be held is in force."""
        return not self._verdicts.unfit(now)

    def relevant(self, address: str, tagged: bool) -> bool:
        """Whether an event about an address (``ip/prefix``) can concern us."""
        return tagged or ip(address) in self._by_ip

    def able(self, now: float) -> dict[str, list[str]]:
        """The IP addresses of each group that could be held here, if the voters let them."""
        found: dict[str, list[str]] = {}
        none = self._verdicts.barred or self._verdicts.closing
        for ward in () if none else self._wards.values():
            if ward.group and self._verdicts.possible(now, ward)[1] == "held":
                found.setdefault(ward.group, []).append(ward.ip)
        return found

    def holds(self, address: str) -> bool:
        """Whether an address (without prefix length) is held, on whichever interface."""
        ward = self._by_ip.get(address)
        return ward is not None and ward.state == "held"

    def unready(self) -> set[str]:
        """IP addresses whose services do not run yet: nothing of them may pass the gate."""
        return {w.ip for w in self._served if w.preparation and not w.preparation.ready}

    # Decisions

    def _ground_times(self) -> list[float]:
        """When time alone changes what is to be done about addresses that are there."""
        return [self._adopt_until, *self._ground.later()]

    def _touch_all(self) -> None:
        self._agenda.touch_all(self._wards)
        self._settled = False

    def _calm(self, now: float) -> bool:
        """Decides what is to be decided; true if the kernel has to be as it was before."""
        common = (self._verdicts.barred, self._verdicts.unfit(now))
        if common != self._common:
            self._common = common
            self._touch_all()
        for address in self._agenda.take(now):
            self._decide(now, self._wards[address])
            self._settled = False
        return self._settled and now < self._look_at

    def _decide(self, now: float, ward: Ward) -> None:
        before = ward.place
        ward.interface, ward.state, ward.reason = self._verdicts.verdict(now, ward)
        self._agenda.later(ward.address, ward.due(now))
        place = before if ward.interface == before.interface else ward.place
        if place is not before:
            self._announcements.stop(before)
        if not ward.interface:
            self._targets.pop(ward.address, None)
            return
        self._targets[ward.address] = place
        if place is not before or place not in self._ground.present:
            self._announcements.start(now, place)

    def _lost(self, now: float, ward: Ward) -> None:
        if not self._ground.up.get(ward.interface) or self._ground.excuses(now, ward.interface):
            return
        self._agenda.touch(ward.address)
        if now - ward.lost_at < FIGHT:
            ward.paused_until = now + TRUCE
            return
        ward.lost_at = now
        reason = "somebody else took it away"
        self._news.append(Report(ward.address, "put_back", ward.interface, reason))

    def _removals(self, now: float, targets: Collection[Place]) -> Iterator[Effect]:
        for place in self._ground.surplus(now, targets):
            if not self._waits(now, place):
                self._ground.removed(place)
                yield DelAddress(place)

    def _waits(self, now: float, place: Place) -> bool:
        if self._verdicts.barred:
            return True
        if self._verdicts.word is not None or self._verdicts.closing or now >= self._adopt_until:
            return False
        ward = self._wards.get(place.address)
        return not self._planned or (ward is not None and not ward.group)

    def _additions(self, targets: Collection[Place]) -> Iterator[Effect]:
        for place in self._ground.missing(targets):
            self._ground.added(place)
            yield AddAddress(place)

    def _repairs(self, targets: Collection[Place]) -> Iterator[Effect]:
        """What failed duplicate address detection is set anew, without it."""
        for place in self._ground.take_refused(targets):
            reason = "duplicate address detection had failed"
            self._news.append(Report(place.address, "put_back", place.interface, reason))
            yield DelAddress(place)
            yield AddAddress(place)
