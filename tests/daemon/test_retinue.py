"""What runs with an address: in which order, and with which epoch, whatever happens meanwhile."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hwagent.daemon.retinue import RETRY, Answer, Retinue


class Desk:
    """A retinue whose orders are obeyed, with a list of them."""

    def __init__(self, condition: str = "stopped") -> None:
        self.now = 1000.0
        self.retinue = Retinue()
        self.done: list[tuple[str, int]] = []
        self.reasons: list[str] = []
        if condition == "stopped":
            self.told("released", 0)
            self.done.clear()

    def told(self, state: str, epoch: int, reason: str = "", problem: str = "") -> None:
        self.retinue.told(state, epoch, reason)
        self.obey(problem)

    def obey(self, problem: str = "") -> None:
        while (order := self.retinue.next(self.now, True)) is not None:
            self.done.append((order.step, order.epoch))
            self.reasons.append(order.reason)
            self.retinue.done(self.now, problem)


def test_started_before_it_is_held_and_stopped_after() -> None:
    desk = Desk()
    desk.told("preparing", 7)
    assert desk.retinue.answer() == Answer(7, "")
    desk.told("held", 7)
    assert desk.retinue.answer() is None
    desk.told("released", 7, "moved to h2")
    assert desk.done == [("start", 7), ("stop", 7)]
    assert desk.reasons[-1] == "moved to h2"


def test_nothing_is_said_before_the_start_has_ended() -> None:
    retinue = Desk().retinue
    retinue.told("preparing", 7, "")
    assert retinue.next(0, True) is not None
    assert retinue.answer() is None
    retinue.done(0, "")
    assert retinue.answer() == Answer(7, "")


def test_a_loss_during_the_start_is_followed_by_a_stop() -> None:
    desk = Desk()
    desk.retinue.told("preparing", 7, "")
    assert desk.retinue.next(0, True) is not None
    desk.retinue.told("released", 7, "lost")
    desk.retinue.done(0, "")
    desk.obey()
    assert desk.done == [("stop", 7)]


def test_lost_and_won_again_it_is_stopped_in_between() -> None:
    desk = Desk()
    desk.told("preparing", 7)
    desk.told("held", 7)
    desk.told("preparing", 9)
    assert desk.done == [("start", 7), ("stop", 7), ("start", 9)]
    assert desk.retinue.answer() == Answer(9, "")


def test_a_start_that_fails_is_told_and_cleaned_up_once() -> None:
    desk = Desk()
    desk.retinue.told("preparing", 7, "")
    desk.retinue.next(desk.now, True)
    desk.retinue.done(desk.now, "no disk")
    assert desk.retinue.answer() == Answer(7, "no disk")
    desk.obey()
    desk.told("released", 7)
    assert desk.done == [("stop", 7)]
    desk.told("preparing", 9)
    assert desk.done[1:] == [("start", 9)]


def test_a_stop_that_fails_is_tried_again_later_and_known_until_then() -> None:
    desk = Desk()
    desk.told("preparing", 7)
    desk.told("held", 7)
    desk.told("released", 7, problem="hangs")
    assert desk.retinue.condition == "dirty"
    assert desk.done == [("start", 7), ("stop", 7)]
    desk.now = desk.retinue.due()
    assert desk.now == 1000 + RETRY
    desk.obey()
    assert desk.done[2:] == [("stop", 7)]
    assert (desk.retinue.condition, desk.retinue.problem) == ("stopped", "")


def test_what_cannot_be_stopped_is_not_started_for_another_stay() -> None:
    desk = Desk()
    desk.told("preparing", 7)
    desk.told("preparing", 9, problem="hangs")
    assert desk.done == [("start", 7), ("stop", 7)]
    assert desk.retinue.answer() == Answer(9, "hangs")


def test_a_conflict_is_followed_by_the_winner() -> None:
    desk = Desk()
    desk.told("preparing", 7)
    desk.told("held", 7)
    desk.retinue.conflict("h2 announced it too")
    desk.obey()
    assert desk.done == [("start", 7), ("repeat", 7)]
    assert desk.reasons[-1] == "h2 announced it too"
    desk.told("released", 7)
    desk.retinue.conflict("h2 announced it too")
    desk.obey()
    assert desk.done[2:] == [("stop", 7)], "the loser does not speak last"


def test_a_higher_epoch_of_the_same_stay_is_told_without_a_stop() -> None:
    desk = Desk()
    desk.told("preparing", 7)
    desk.told("held", 7)
    desk.told("held", 8, problem="does not matter")
    assert desk.done == [("start", 7), ("repeat", 8)]
    assert desk.retinue.problem == "does not matter"


def test_a_new_agent_leaves_what_is_held_alone_and_stops_what_is_not() -> None:
    desk = Desk("unknown")
    desk.told("held", 7)
    assert desk.done == []
    desk.told("released", 7)
    assert desk.done == [("stop", 7)]
    desk = Desk("unknown")
    desk.told("preparing", 7)
    assert desk.done == [("stop", 0), ("start", 7)]


def test_without_leave_to_act_nothing_is_touched_but_what_was_started_here() -> None:
    retinue = Retinue()
    retinue.told("released", 0, "mode is observe")
    assert retinue.next(0, False) is None
    desk = Desk()
    desk.told("preparing", 7)
    desk.retinue.told("released", 7, "mode is observe")
    order = desk.retinue.next(0, False)
    assert order is not None
    assert order.step == "stop"


def test_services_that_come_with_a_reload_are_started_under_a_held_address() -> None:
    desk = Desk()
    desk.told("held", 7, problem="no such unit")
    assert desk.done == [("start", 7)]
    assert desk.retinue.answer() is None


class Life(RuleBasedStateMachine):
    """A holder that says anything, an agent that comes to its work late, helpers that fail."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.retinue = Retinue()
        self.state, self.epoch = "", 0
        self.running = 0  # the epoch that services were started with; 0 if they are stopped
        self.unclean = True

    @rule()
    def won(self) -> None:
        if self.state not in ("preparing", "held"):
            self.epoch += 1
            self.word("preparing")

    @precondition(lambda self: self.state == "preparing")
    @rule()
    def opened(self) -> None:
        answer = self.retinue.answer()
        if answer is not None and answer == (self.epoch, ""):
            assert self.running == self.epoch, "announced without its services"
            self.word("held")

    @rule(again=st.booleans())
    def lost(self, again: bool) -> None:
        self.word("released")
        if again:  # before the agent hears of it
            self.won()

    @precondition(lambda self: self.state == "held")
    @rule(raised=st.booleans())
    def stays(self, raised: bool) -> None:
        self.epoch += raised
        self.retinue.conflict("x")
        self.word("held")

    @rule(problem=st.sampled_from(["", "", "no"]))
    def work(self, problem: str) -> None:
        order = self.retinue.next(self.now, True)
        if order is None:
            return
        if order.step == "start":
            assert self.running == 0, "started on top of an earlier stay"
            assert not self.unclean, "started before all was known to be stopped"
            assert order.epoch == self.epoch or self.state != "preparing"
        if order.step == "repeat":
            assert self.running, "repeated what does not run"
        if order.step == "repeat":
            self.running = order.epoch  # they run on and were told once, whatever came of it
        elif problem:
            self.unclean = True
            self.running *= order.step != "start"
        elif order.step == "stop":
            self.running, self.unclean = 0, False
        else:
            self.running = order.epoch
        self.retinue.done(self.now, problem)

    @rule(seconds=st.floats(0.1, 60))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def word(self, state: str) -> None:
        self.state = state
        self.retinue.told(state, self.epoch, "")

    @invariant()
    def held_only_with_services(self) -> None:
        if self.state == "held":
            assert self.running, "held without its services"

    def teardown(self) -> None:
        """In the end everything is as the address stands."""
        for _ in range(10):
            self.now += RETRY + 1
            self.work("")
        if self.state == "held":
            assert self.running == self.epoch
        elif self.state == "preparing":
            answer = self.retinue.answer()
            assert answer is not None
            assert answer.problem or self.running == self.epoch
        elif self.state:
            assert self.running == 0


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
