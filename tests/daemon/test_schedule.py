"""When looks are due."""

from hypothesis import given
from hypothesis import strategies as st

from hwagent.daemon.schedule import Schedule

A, B = ("disk", ""), ("smart", "sda")


def test_a_new_job_is_due_at_once_and_then_in_its_interval():
    schedule = Schedule()
    schedule.add(100, A, 30)
    assert schedule.take(100) == [A]
    assert schedule.take(200) == []
    schedule.done(101, A)
    assert 101 < schedule.next_due() <= 101 + 45


def test_an_event_makes_a_job_due_now():
    schedule = Schedule()
    schedule.add(0, A, 1000)
    schedule.take(0)
    schedule.done(0, A)
    schedule.hurry(5, [A])
    assert schedule.take(5) == [A]


def test_an_event_during_a_look_makes_it_look_again():
    schedule = Schedule()
    schedule.add(0, A, 1000)
    schedule.take(0)
    schedule.hurry(1, [A])
    assert schedule.take(1) == []
    schedule.done(2, A)
    assert schedule.take(2) == [A]


def test_a_removed_job_is_never_due_again():
    schedule = Schedule()
    schedule.add(0, A, 10)
    schedule.take(0)
    schedule.remove(A)
    schedule.done(1, A)
    assert schedule.take(10**6) == []
    assert schedule.next_due() is None


def test_a_shorter_interval_counts_from_now():
    schedule = Schedule()
    schedule.add(0, A, 10_000)
    schedule.take(0)
    schedule.done(0, A)
    schedule.add(1, A, 10)
    assert schedule.next_due() <= 11


@given(
    st.lists(
        st.text("abcdefgh0123456789", min_size=1, max_size=6), min_size=40, max_size=80, unique=True
    )
)
def test_looks_are_spread_over_the_interval(names):
    schedule = Schedule()
    for name in names:
        schedule.add(0, ("smart", name), 100)
    for job in schedule.take(0):
        schedule.done(0, job)
    # at no tenth of the interval more than four times the fair share is due
    counts = []
    for tenth in range(1, 16):
        due = schedule.take(tenth * 10)
        counts.append(len(due))
        assert all(job in schedule for job in due)
    assert max(counts) <= len(names) * 0.45


def test_small_looks_share_their_wake_ups():
    """Ten collectors at every ten seconds: the agent wakes twice in that time, not ten times."""
    schedule, wakes = Schedule(), 0
    for number in range(10):
        schedule.add(0.3, (f"collector{number}", ""), 10)
    for job in schedule.take(0.3):
        schedule.done(0.3, job)
    while (now := schedule.next_due()) <= 100:
        wakes += 1
        for job in schedule.take(now):
            schedule.done(now + 0.01, job)
    assert wakes <= 20


@given(st.lists(st.tuples(st.sampled_from("ahdr"), st.sampled_from([A, B]), st.floats(0, 50))))
def test_a_job_is_never_twice_under_way(steps):
    schedule, now, running = Schedule(), 0.0, set()
    for action, job, wait in steps:
        now += wait
        if action == "a":
            schedule.add(now, job, 10)
        elif action == "h":
            schedule.hurry(now, [job])
        elif action == "r":
            schedule.remove(job)
        elif running:
            done = running.pop()
            schedule.done(now, done)
        for due in schedule.take(now):
            assert due not in running
            running.add(due)
