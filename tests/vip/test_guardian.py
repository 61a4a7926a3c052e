"""When the guardian takes a holder for dead."""

from hwagent.vip.guardian import INTERVAL, Pulse


def silent_after(pulse: Pulse, start: float, most: float) -> float | None:
    """Seconds of silence after which it is noticed, if asked every INTERVAL."""
    now = start
    while now <= start + most:
        now += INTERVAL
        if pulse.silent(now):
            return now - start
    return None


def test_silence_is_noticed_after_the_patience_and_one_interval() -> None:
    noticed = silent_after(Pulse(100.0, 1.0), 100.0, 10.0)
    assert noticed is not None
    assert 1.0 < noticed <= 1.0 + INTERVAL


def test_answers_keep_it_quiet() -> None:
    pulse, now = Pulse(100.0, 1.0), 100.0
    for _ in range(100):
        now += 0.9
        pulse.heard(now - 0.01)
        assert not pulse.silent(now)


def test_our_own_standing_still_is_not_held_against_the_holder() -> None:
    pulse = Pulse(100.0, 1.0)
    assert not pulse.silent(160.0)
    assert silent_after(pulse, 160.0, 10.0) == 1.0 + INTERVAL
