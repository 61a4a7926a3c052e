"""The table of members: what is believed of whom, and what follows from what is said. Pure.

SWIM (Das, Gupta, Motivala 2002): only the subject raises its incarnation; alive needs a newer one
than any accusation, an accusation counts from the same one on, dead beats suspect. Beyond that:

- A name is held by whoever had it first, until that one is dead or has left; a second host with the
  same name is refused and both are told. So is the same host at a new address, until then.
- The dead are remembered with their incarnation, so that what is old does not bring them back, and
  in a bounded number.
"""

import math
from collections.abc import Iterator

from msgspec.structs import replace

from .awareness import Awareness
from .effects import Consequence, Event, Spread, Tell
from .member import Member, State, after, newer, same_place
from .messages import Alive, Conflict, Dead, Endpoint, Suspect
from .profile import Profile
from .suspicion import Suspicion

#: Seconds between two reports of the same conflict.
CONFLICT_EVERY = 60.0
#: The dead that are remembered at least, whatever the size of the group.
GRAVES = 512


class Membership:
    """All members, this one among them."""

    def __init__(self, now: float, me: Alive, profile: Profile, awareness: Awareness) -> None:
        self.profile = profile
        self.leaving = False
        self._awareness = awareness
        self._members = {me.name: Member(me, now)}
        self._suspects: dict[str, Member] = {}
        self._living = 1
        self._conflicts: dict[tuple[str, object], float] = {}
        self.me = self._members[me.name]

    # What is known

    @property
    def living(self) -> int:
        """How many are alive or suspect, this one included."""
        return self._living

    def get(self, name: str) -> Member | None:
        """One member."""
        return self._members.get(name)

    def all(self) -> list[Member]:
        """All members, the dead too."""
        return list(self._members.values())

    def others(self) -> Iterator[Member]:
        """All but this one."""
        return (m for m in self._members.values() if m is not self.me)

    def due(self) -> float:
        """When the next suspect counts as dead; infinite if there is none."""
        found = (m.suspicion.deadline for m in self._suspects.values() if m.suspicion)
        return min(found, default=math.inf)

    # What is said

    def alive(self, now: float, said: Alive) -> list[Consequence]:
        """A member says that it is there."""
        if said.name == self.me.name:
            return self._alive_me(now, said)
        known = self._members.get(said.name)
        if known is None:
            return self._enter(now, Member(said, now), "joined")
        if not known.gone and _elsewhere(known.alive, said):
            return self._conflict(now, known.alive, said)
        if not newer(said.incarnation, known.incarnation):
            return self._contradict(known, said)
        return self._replace(now, known, said)

    def suspect(self, now: float, said: Suspect) -> list[Consequence]:
        """A member accuses another."""
        if said.name == self.me.name:
            return self._refute(now, said.incarnation, said.accuser)
        known = self._members.get(said.name)
        if known is None or known.gone or newer(known.incarnation, said.incarnation):
            return []
        known.incarnation = said.incarnation
        if known.suspicion is not None:
            return [Spread(said.name, said)] if known.suspicion.confirm(said.accuser) else []
        return self._begin_suspicion(now, known, said)

    def dead(self, now: float, said: Dead) -> list[Consequence]:
        """A member was found dead, or leaves."""
        if said.name == self.me.name:
            return self._refute(now, said.incarnation, said.accuser)
        known = self._members.get(said.name)
        state = State.LEFT if said.accuser == said.name else State.DEAD
        if known is None:
            known = Member(Alive(said.name, said.incarnation, (), 0), now, state)
            return self._enter(now, known, "")
        if newer(known.incarnation, said.incarnation):
            return []
        if known.gone:
            return self._bury_deeper(now, known, said, state)
        return self._die(now, known, said, state)

    def bury(self, now: float, alive: Alive) -> list[Consequence]:
        """Another member knows of somebody dead who is unknown or dead here: it is remembered."""
        known = self._members.get(alive.name)
        if known is None:
            return self._enter(now, Member(alive, now, State.DEAD), "")
        if newer(alive.incarnation, known.incarnation):
            known.incarnation = alive.incarnation
        if not known.endpoints:
            known.alive = alive
        return []

    # Time

    def tick(self, now: float) -> list[Consequence]:
        """Suspects whose time has run out are dead; graves that are old enough are cleared."""
        found: list[Consequence] = []
        for member in list(self._suspects.values()):
            if member.suspicion and member.suspicion.deadline <= now:
                member.verdict += f"; not refuted in {now - member.suspicion.started:.1f} s"
                said = Dead(member.name, member.incarnation, self.me.name)
                found += self._die(now, member, said, State.DEAD)
        return found

    def prune(self, now: float) -> list[Consequence]:
        """Forgets the dead after ``reconnect_timeout``, and the oldest ones if they are many."""
        graves = sorted((m for m in self._members.values() if m.gone), key=lambda m: m.changed)
        surplus = len(graves) - max(GRAVES, 2 * self._living)
        old = now - self.profile.reconnect_timeout
        found: list[Consequence] = []
        for index, member in enumerate(graves):
            if member is not self.me and (index < surplus or member.changed <= old):
                del self._members[member.name]
                found.append(Event("forgotten", member.name, {}))
        recent = now - CONFLICT_EVERY
        self._conflicts = {key: t for key, t in self._conflicts.items() if t > recent}
        return found

    def postpone(self, seconds: float) -> None:
        """This process stood still for so long: nobody dies for that."""
        for member in self._suspects.values():
            if member.suspicion:
                member.suspicion.postpone(seconds)

    # About this member

    def announce(self, now: float, alive: Alive) -> list[Consequence]:
        """This member says something new about itself."""
        self.me.incarnation = after(self.me.incarnation)
        self.me.alive = replace(alive, incarnation=self.me.incarnation)
        return [Spread(self.me.name, self.me.alive)]

    def leave(self, now: float) -> list[Consequence]:
        """This member goes; accusations are not refuted any more."""
        self.leaving = True
        self.me.become(State.LEFT, now)
        self._living -= 1
        return [Spread(self.me.name, Dead(self.me.name, self.me.incarnation, self.me.name))]

    def _alive_me(self, now: float, said: Alive) -> list[Consequence]:
        mine = self.me.alive
        if self.leaving or said == mine:
            return []
        if _elsewhere(mine, said):
            return self._conflict(now, mine, said)
        if newer(mine.incarnation, said.incarnation):
            return []
        self.me.incarnation = said.incarnation
        return self.announce(now, mine)

    def _refute(self, now: float, incarnation: int, accuser: str) -> list[Consequence]:
        if self.leaving or newer(self.me.incarnation, incarnation):
            return []
        self.me.incarnation = incarnation
        self._awareness.apply(1)
        event = Event("accused", self.me.name, {"by": accuser})
        return [*self.announce(now, self.me.alive), event]

    # Transitions

    def _enter(self, now: float, member: Member, event: str) -> list[Consequence]:
        self._members[member.name] = member
        if member.gone:
            return []
        self._living += 1
        said = Spread(member.name, member.alive)
        return [said, Event(event, member.name, _place(member))]

    def _replace(self, now: float, known: Member, said: Alive) -> list[Consequence]:
        before, state = known.alive, known.state
        known.alive, known.incarnation = said, said.incarnation
        spread = Spread(said.name, said)
        self._suspects.pop(said.name, None)
        if known.gone:
            self._living += 1
        if state is not State.ALIVE:
            known.become(State.ALIVE, now)
            known.verdict = ""
            back = "refuted" if state is State.SUSPECT else "returned"
            return [spread, Event(back, said.name, _place(known))]
        if (before.endpoints, before.labels) != (said.endpoints, said.labels):
            return [spread, Event("updated", said.name, _place(known))]
        return [spread]

    def _contradict(self, known: Member, said: Alive) -> list[Consequence]:
        """A new life of a member that is held dead does not know so: it is told, and refutes."""
        if known.gone and said.session != known.alive.session:
            return [Tell(said.name, self.obituary(known), said.endpoints)]
        return []

    def obituary(self, member: Member) -> Dead:
        """What is said of a member that is gone."""
        by = member.name if member.state is State.LEFT else self.me.name
        return Dead(member.name, member.incarnation, by)

    def _begin_suspicion(self, now: float, known: Member, said: Suspect) -> list[Consequence]:
        profile, count = self.profile, self._living
        known.become(State.SUSPECT, now)
        known.suspicion = Suspicion(
            now,
            said.accuser,
            profile.confirmations(count),
            profile.suspicion_min(count),
            profile.suspicion_max(count),
        )
        known.verdict = f"accused by {said.accuser}: {said.evidence or 'no evidence given'}"
        self._suspects[known.name] = known
        event = Event("suspected", known.name, {"by": said.accuser, "evidence": said.evidence})
        return [Spread(known.name, said), event]

    def _die(self, now: float, known: Member, said: Dead, state: State) -> list[Consequence]:
        self._living -= 1
        self._suspects.pop(known.name, None)
        accusers = known.suspicion.accusers if known.suspicion else [said.accuser]
        known.become(state, now)
        known.incarnation = said.incarnation
        if state is State.LEFT:
            known.verdict = "said so itself"
        elif not known.verdict:
            known.verdict = f"found dead by {said.accuser}"
        type = "left" if state is State.LEFT else "failed"
        data = {"accusers": accusers, "reason": known.verdict, "told_by": said.accuser}
        return [Spread(known.name, said), Event(type, known.name, data)]

    def _bury_deeper(
        self, now: float, known: Member, said: Dead, state: State
    ) -> list[Consequence]:
        """More is said of a member that is gone: its incarnation follows, dead may become left."""
        advanced = newer(said.incarnation, known.incarnation)
        known.incarnation = said.incarnation
        if state is State.LEFT and known.state is State.DEAD:
            known.become(State.LEFT, now)
            known.verdict = "said so itself"
            return [Spread(known.name, said), Event("left", known.name, {"late": True})]
        return [Spread(known.name, said)] if advanced else []

    def _conflict(self, now: float, holder: Alive, claimant: Alive) -> list[Consequence]:
        said = Conflict(claimant.name, holder.endpoints, claimant.endpoints)
        found = self.conflict(now, said)
        if found:
            places = [e for e in (said.holder, said.claimant) if e != self.me.endpoints]
            found += [Tell(said.name, said, place) for place in places]
        return found

    def conflict(self, now: float, said: Conflict) -> list[Consequence]:
        """Two hosts want one name: reported now and then, as long as it goes on."""
        key = (said.name, frozenset((said.holder, said.claimant)))
        again = now - self._conflicts.get(key, -math.inf) < CONFLICT_EVERY
        if again or len(self._conflicts) >= GRAVES:
            return []
        self._conflicts[key] = now
        data = {"holder": _hosts(said.holder), "claimant": _hosts(said.claimant)}
        return [Event("name_conflict", said.name, data)]


def _elsewhere(known: Alive, said: Alive) -> bool:
    """Whether a claim to a name comes from another life at another place."""
    return said.session != known.session and not same_place(known.endpoints, said.endpoints)


def _place(member: Member) -> dict[str, object]:
    return {"endpoints": _hosts(member.endpoints), "labels": dict(member.alive.labels)}


def _hosts(endpoints: tuple[Endpoint, ...]) -> list[str]:
    return [f"{e.host}:{e.port}" for e in endpoints]
