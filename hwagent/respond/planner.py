"""From alerts to steps: what to do, whether it may be done, and whether it helped. Pure.

An alert that fires and names actions makes *wants*. A want is pursued until its action is done,
for as long as the alert lasts: precondition, verbs, guards, then a Run. The caller runs the verbs
and reports with ``finished``; the effect is verified by what is read afterwards. What is refused is
told once for each reason and tried again later.
"""

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from hwagent.config import Config, nearest
from hwagent.model import Action, Alert, AlertState, Health, Mode, Outcome, Result

from . import guards
from .actions import ACTIONS, find
from .attempt import Attempt
from .base import ActionSpec, Done, Run, Step, Target, View, arguments_of
from .fleet import DISRUPTIVE, REBUILD
from .fleet_guards import wanted_permits
from .ledger import Key, Ledger
from .wants import Ended, Refused, Want, WantKey

#: How often wants that were refused are tried again, in seconds.
AGAIN = 15.0
#: How often an effect that does not show yet is looked for, in seconds.
LOOK = 1.0

#: Guards that make an action wait for a while, or after something that was told already.
_SILENT = frozenset({"one_at_a_time", "cooldown", "tries", "settled"})
#: Seconds for which a permit of the fleet is wanted after it was missed; until then it is missed
#: again, or not needed any more.
WANTED = 3 * AGAIN

#: Results of actions whose verbs were run, at least in part.
_RAN = frozenset({Result.DONE, Result.FAILED, Result.UNCERTAIN})


class Planner:
    """Decides for one host. It does nothing until ``reconcile`` has told it what was under way."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._ledger = Ledger()
        self._wants: dict[WantKey, Want] = {}
        self._origin: dict[str, WantKey] = {}
        self._verifying: dict[str, Outcome] = {}
        #: By cause, what an agent before this one came to for alerts that may still last.
        self._before: dict[str, list[Outcome]] = {}
        self._ready = False
        self._next: float | None = None
        self._soon = math.inf
        self._missed: dict[str, float] = {}
        self._count = 0

    def configure(self, config: Config) -> None:
        """Takes a new configuration; what was only rehearsed is open again."""
        if config.mode is not self._config.mode:
            for want in self._wants.values():
                want.rehearsed.clear()
        self._config = config

    def next_due(self) -> float | None:
        """When ``due`` is to be called although nothing has happened; None: never."""
        return self._next

    # What happens

    def plan(self, view: View, transitions: Iterable[Alert]) -> list[Step]:
        """Alerts have changed: what is to be done now."""
        for alert in transitions:
            self._take(alert)
        return self.due(view)

    def due(self, view: View) -> list[Step]:
        """Time has passed: effects to verify, cool-downs that are over, refusals to ask again."""
        steps = self._verify(view)
        self._soon = math.inf
        if self._ready:
            for key, want in list(self._wants.items()):
                steps += self._pursue(view, key, want)
        self._next = self._when(view.now)
        return steps

    def request(self, view: View, action: Action) -> Step:
        """A person asks. The guards hold; what only keeps the agent from insisting does not."""
        if action.name not in ACTIONS:
            return _refused(view, action, f"no such action; {nearest(action.name, ACTIONS)}")
        if not self._ready:
            return _refused(view, action, "the agent has just started and does not know the host")
        found = self._chosen(view, find(action.name), action)
        if isinstance(found, str):
            return _refused(view, action, found)
        chosen = msgspec.structs.replace(
            action, component=found.component, arguments=found.arguments
        )
        step = self._attempt(view, chosen, None, by_hand=True)
        if isinstance(step, Refused):
            return _refused(view, chosen, step.reason)
        return step

    def finished(self, now: float, outcome: Outcome) -> list[Step]:
        """The verbs of a Run went well (DONE), did not (FAILED), or were cut off (UNCERTAIN). What
        they did, if they may have done it, is yet to be seen."""
        self._next = now
        ran = outcome.result in (Result.DONE, Result.UNCERTAIN)
        if ran and find(outcome.action.name).settle:
            self._verifying[outcome.action.id] = outcome
            return []
        return [self._end(outcome)]

    def permits(self, now: float, rebuilding: Iterable[str]) -> dict[str, int]:
        """How many permits of the fleet are needed: for what goes on, was done, or waits for one.

        ``rebuilding`` are the arrays that are being filled, by whose doing whatsoever.
        """
        missed = {kind for kind, at in self._missed.items() if now < at + WANTED}
        rebuilds = REBUILD in missed or bool(self._ledger.rebuilding()) or any(rebuilding)
        disruptive = self._ledger.disruptive(now) + (DISRUPTIVE in missed)
        return {REBUILD: int(rebuilds), DISRUPTIVE: disruptive}

    def disruptive(self, now: float) -> int:
        """Disruptive actions that were begun within the last hour."""
        return self._ledger.disruptive(now)

    def rebuilds(self) -> list[str]:
        """Components on which an action that starts a rebuild is under way."""
        return self._ledger.rebuilding()

    def reconcile(self, view: View, pending: Iterable[Action]) -> list[Outcome]:
        """After a restart: what became of actions that were begun and never ended.

        They are judged by the host as it is now, and never run again on the old intent. To be
        called once, when everything was read; until then nothing is done.
        """
        outcomes = [_found(view, action) for action in pending]
        self.remember(outcomes)
        for cause in self._before.keys() - {cause_of(alert) for alert in view.alerts}:
            self._forget(cause, but=Result.UNCERTAIN)
        for want in self._wants.values():
            self._settle_as_before(want)
        self._ready = True
        self._next = view.now
        return outcomes

    def remember(self, past: Iterable[Outcome | Ended]) -> None:
        """Takes the past from the journal, oldest first: limits, doubts, and what need not be done
        again outlive the agent."""
        for item in past:
            if isinstance(item, Ended):
                self._forget(item.cause)
                continue
            name = item.action.name
            self._ledger.remember(item, name in ACTIONS and find(name).disruptive)
            self._before.setdefault(item.action.cause, []).append(item)

    def _forget(self, cause: str, but: Result | None = None) -> None:
        """An alert has ended, or (``but``: keep these) is not seen just now."""
        outcomes = self._before.pop(cause, [])
        kept = [outcome for outcome in outcomes if outcome.result is but]
        for key in {_key(outcome) for outcome in outcomes} - {_key(outcome) for outcome in kept}:
            self._ledger.forgive(key)
        if kept:
            self._before[cause] = kept

    def _settle_as_before(self, want: Want) -> None:
        for outcome in self._before.get(cause_of(want.alert), ()):
            action = outcome.action
            if action.name == want.name and outcome.result in _RAN:
                want.tried.add(action.component)
                if outcome.result is not Result.UNCERTAIN and _settles(outcome):
                    want.settled.add(_mark(action.name, action.component, action.arguments))

    # Wants

    def _take(self, alert: Alert) -> None:
        names = alert.actions if alert.active else ()
        if alert.state in (AlertState.RESOLVED, AlertState.INACTIVE):
            self._forget(cause_of(alert))
        wanted: list[WantKey] = [(*alert.key, name) for name in names if name in ACTIONS]
        for key in [k for k in self._wants if k[:2] == alert.key and k not in wanted]:
            want = self._wants.pop(key)
            for component in want.tried:
                self._ledger.forgive((want.name, component))
        for key in wanted:
            if key in self._wants:
                self._wants[key].alert = alert
            else:
                self._wants[key] = Want(alert=alert, name=key[2])
                self._settle_as_before(self._wants[key])

    def _pursue(self, view: View, key: WantKey, want: Want) -> list[Step]:
        spec = find(want.name)
        targets = self._targets(view, spec, want)
        steps = [s for t in targets if (s := self._try(view, key, want, t)) is not None]
        return [s for s in steps if isinstance(s, Run)] + [s for s in steps if isinstance(s, Done)]

    def _targets(self, view: View, spec: ActionSpec, want: Want) -> list[Target]:
        """What is left to be acted upon; the alert's own component where nothing ever was."""
        found = spec.targets(view, want.alert.component, {})
        if not found and not want.tried:
            found = [Target(want.alert.component)]
        past = want.settled | want.rehearsed
        return [t for t in found if _mark(want.name, t.component, t.arguments) not in past]

    def _try(self, view: View, key: WantKey, want: Want, target: Target) -> Step | None:
        """A Run, or a refusal or rehearsal that was not told yet."""
        self._count += 1
        action = Action(
            id=f"{int(view.now * 1000):x}-{self._count}",
            name=want.name,
            component=target.component,
            cause=cause_of(want.alert),
            arguments=target.arguments,
        )
        step = self._attempt(view, action, want.alert, by_hand=False)
        if isinstance(step, Refused):
            idle = step.precondition and target.component in want.tried
            if idle or step.kind in _SILENT or want.told.get(target.component) == step.kind:
                return None
            want.told[target.component] = step.kind
            return _refused(view, action, step.reason)
        want.told.pop(target.component, None)
        if isinstance(step, Done):
            want.rehearsed.add(_mark(want.name, target.component, target.arguments))
        else:
            want.tried.add(target.component)
            self._origin[action.id] = key
        return step

    # One attempt

    def _chosen(self, view: View, spec: ActionSpec, action: Action) -> Target | str:
        """The one component that a person means, or why it is not clear."""
        if action.component not in view.components:
            return f"there is no {action.component}; {nearest(action.component, view.components)}"
        try:
            arguments_of(action, spec.arguments)
        except msgspec.ValidationError as e:
            return str(e)
        targets = spec.targets(view, action.component, action.arguments)
        if not targets:
            return f"there is nothing to do it to: {action.component} is in use nowhere"
        if len(targets) > 1:
            return f"say which one is meant: {', '.join(t.component for t in targets)}"
        return targets[0]

    def _attempt(
        self, view: View, action: Action, alert: Alert | None, *, by_hand: bool
    ) -> Step | Refused:
        spec = find(action.name)
        if why := _impossible(view, spec, action):
            return Refused(why, why)
        attempt = Attempt(
            view=view,
            action=action,
            verbs=spec.verbs(view, action),
            ledger=self._ledger,
            relies_on=spec.relies_on(view, action),
            disruptive=spec.disruptive,
            by_hand=by_hand,
            labels=alert.labels if alert else {},
            since=alert.since if alert else 0.0,
        )
        if refusal := guards.refusal(attempt):
            self._note(view, attempt, refusal.guard)
            return Refused(refusal.guard, f"{refusal.reason} (guard {refusal.guard})")
        if view.config.mode is not Mode.ACT:
            told = ", then ".join(map(str, attempt.verbs))
            return Done(_outcome(view, action, Result.REHEARSED, f"would do: {told}"))
        self._ledger.began(view.now, action, spec.disruptive, spec.rebuilds)
        self._missed.clear()
        return Run(action, attempt.verbs, spec.deadline)

    def _note(self, view: View, attempt: Attempt, guard: str) -> None:
        """What a refused attempt waits for: a permit of the fleet, or the alert to last."""
        if guard == "settled":
            self._soon = min(self._soon, attempt.since + view.fleet.settle)
        elif guard == "fleet_rebuild":
            self._missed.pop(REBUILD, None)
        self._missed |= dict.fromkeys(wanted_permits(attempt, guard), view.now)

    # Ends

    def _verify(self, view: View) -> list[Step]:
        ended: list[Step] = []
        for id, outcome in list(self._verifying.items()):
            result, detail = _effect(view, outcome)
            if result is not None:
                del self._verifying[id]
                told = {"result": result, "detail": detail, "ended": view.now}
                ended.append(self._end(msgspec.structs.replace(outcome, **told)))
        return ended

    def _end(self, outcome: Outcome) -> Done:
        self._ledger.ended(outcome)
        action = outcome.action
        want = self._wants.get(self._origin.pop(action.id, ("", "", "")))
        if want is None:
            return Done(outcome)
        if _settles(outcome):
            want.settled.add(_mark(action.name, action.component, action.arguments))
            return Done(outcome)
        count = self._ledger.failures((action.name, action.component)).count
        if count >= self._config.limits.tries:
            detail = f"given up after {count} failures, the last: {outcome.detail}"
        else:
            wait = float(self._config.limits.cooldown)
            detail = f"{outcome.detail}; it is tried again after {wait:g} s"
        return Done(msgspec.structs.replace(outcome, detail=detail))

    def _when(self, now: float) -> float | None:
        if self._verifying:
            return now + LOOK
        return min(now + AGAIN, self._soon) if self._ready and self._wants else None


def _found(view: View, action: Action) -> Outcome:
    """What the host tells of an action that was interrupted."""
    effect = _shows(view, action) if action.name in ACTIONS else None
    if effect is True:
        return _outcome(view, action, Result.DONE, "found done after a restart")
    if effect is False:
        detail = "interrupted by a restart before it took effect"
        return _outcome(view, action, Result.FAILED, detail)
    detail = "interrupted by a restart, and the host does not tell whether it took effect"
    return _outcome(view, action, Result.UNCERTAIN, detail)


def _impossible(view: View, spec: ActionSpec, action: Action) -> str:
    """Why an action cannot even be thought of, or makes no sense now."""
    component = view.components.get(action.component)
    if component is None:
        return f"there is no {action.component}"
    if component.kind not in spec.kinds:
        return f"{action.name} is for {' or '.join(sorted(spec.kinds))}, not {component.kind}"
    return spec.precondition(view, action)


def _effect(view: View, outcome: Outcome) -> tuple[Result | None, str]:
    """Result and detail of an action whose verbs went well; None while it may yet show."""
    spec = find(outcome.action.name)
    shows = _shows(view, outcome.action)
    if shows:
        return Result.DONE, outcome.detail
    if view.now < outcome.ended + spec.settle:
        return None, ""
    begun = "it was done, but" if outcome.result is Result.DONE else f"{outcome.detail}, and"
    if shows is None:
        return Result.UNCERTAIN, f"{begun} its effect cannot be read"
    return Result.FAILED, f"{begun} had no effect within {spec.settle:g} s"


def _settles(outcome: Outcome) -> bool:
    """True if nothing more is to be done for the alert that asked for the action."""
    return outcome.result is not Result.FAILED or not find(outcome.action.name).insist


def _mark(name: str, component: str, arguments: dict[str, Any]) -> str:
    """What tells one deed of an alert from another."""
    return f"{component} {sorted(arguments.items())}" if find(name).repeats else component


def _key(outcome: Outcome) -> Key:
    return outcome.action.name, outcome.action.component


def cause_of(alert: Alert) -> str:
    """How an action tells which alert asked for it."""
    return f"{alert.rule} on {alert.component}"


def _shows(view: View, action: Action) -> bool | None:
    """Whether the effect shows on a component that can be read; None if that is not known."""
    component = view.components.get(action.component)
    if component is None or component.health is Health.UNKNOWN:
        return None
    try:
        return find(action.name).verify(view, action)
    except msgspec.ValidationError:  # an intent of another version
        return None


def _refused(view: View, action: Action, reason: str) -> Done:
    return Done(_outcome(view, action, Result.REFUSED, reason))


def _outcome(view: View, action: Action, result: Result, detail: str) -> Outcome:
    return Outcome(action=action, result=result, detail=detail, started=view.now, ended=view.now)
