"""Kinds of channels that chips of the hwmon class have: their files, units and bounds.

Sources: Documentation/hwmon/sysfs-interface.rst (names of files; thousandths of degrees, volts and
amperes, millionths of watts and joules), Documentation/hwmon/nct6775.rst (fan control).
"""

from typing import NamedTuple

from hwagent.model import Metric, counter, gauge

SOURCE = "Documentation/hwmon/sysfs-interface.rst"
_MILLI, _MICRO = 1e-3, 1e-6
_LIMITS = ("min", "max", "lcrit", "crit")
_ALARMS = ("alarm", *(f"{limit}_alarm" for limit in _LIMITS))


class Number(NamedTuple):
    """A further number of a channel: its file, its metric, the factor to the metric's unit."""

    file: str
    metric: str
    help: str
    scale: float = 1
    unit: str = ""


class Kind(NamedTuple):
    """One kind of channel, and the component that it becomes.

    ``value`` is what it measures: the metric's name and its unit; none if it has flags only. It is
    read from the first of ``inputs`` that is there; outside ``range`` it is damage. ``limits`` are
    in the same unit (``max_celsius``), ``flags`` files of 0 or 1. ``switch`` tells whether it
    measures at all.
    """

    name: str
    value: str
    what: str
    scale: float
    range: tuple[float, float]
    limits: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    inputs: tuple[str, ...] = ("_input",)
    switch: str = "_enable"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of the component."""
        make = counter if self.name == "energy" else gauge
        unit = "" if self.value == self.name else self.value
        measured = (
            make(self.value, self.what, unit, SOURCE),
            gauge("enabled", "0 while the chip does not measure it", "", SOURCE),
        )
        return (
            *(measured if self.value else ()),
            *(gauge(f"{m}_{self.value}", _limit(m), self.value, SOURCE) for m in self.limits),
            *(gauge(n.metric, n.help, n.unit, SOURCE) for n in self.numbers),
            *(gauge(flag, _flag(flag), "", SOURCE) for flag in self.flags),
        )


def _limit(limit: str) -> str:
    return {"lcrit": "lower critical", "crit": "critical"}.get(limit, limit) + " value as set"


def _flag(flag: str) -> str:
    words = {
        "alarm": "1 if the chip says that a limit is or was passed",
        "fault": "1 if the sensor is broken or not connected",
        "beep": "1 if its alarm sounds the speaker",
        "manual": "1 if the speed is set by hand",
    }
    return words.get(
        flag, f"1 if the chip says that {flag.removesuffix('_alarm')} is or was passed"
    )


def _points() -> tuple[Number, ...]:
    numbered = range(1, 9)
    return (
        *(Number(f"_auto_point{n}_pwm", f"auto_point{n}_pwm", "its step") for n in numbered),
        *(_celsius(f"auto_point{n}_temp", f"where step {n} begins") for n in numbered),
    )


def _celsius(file: str, help: str) -> Number:
    return Number(f"_{file}", f"{file}_celsius", help, _MILLI, "celsius")


def _plain(*names: str) -> tuple[Number, ...]:
    return tuple(Number(f"_{name}", name, f"{name} as set") for name in names)


_FAN_CONTROL = (
    *_plain("enable", "mode", "floor", "start", "temp_sel"),
    *_plain("weight_duty_base", "weight_duty_step", "weight_temp_sel"),
    *(
        Number(f"_{name}", f"{name}_seconds", f"{name} as set", _MILLI, "seconds")
        for name in ("stop_time", "step_up_time", "step_down_time")
    ),
    _celsius("target_temp", "temperature that it is to hold"),
    _celsius("temp_tolerance", "how far off that temperature may be"),
    _celsius("crit_temp_tolerance", "how far off the critical temperature may be"),
    _celsius("weight_temp_step", "step of the second sensor"),
    _celsius("weight_temp_step_base", "where the second sensor begins to count"),
    _celsius("weight_temp_step_tol", "tolerance of the second sensor"),
    *_points(),
)

#: Beginning of a channel's files: its kind. -50 and 150 degrees: SIGNALS.md section 8; the other
#: ranges are proposed, far beyond what a server has.
KINDS = {
    "temp": Kind(
        *("temperature", "celsius", "temperature", _MILLI, (-50, 150)),
        limits=(*_LIMITS, "emergency"),
        flags=(*_ALARMS, "emergency_alarm", "fault", "beep"),
    ),
    "fan": Kind(
        *("fan", "rpm", "speed", 1, (0, 200_000)),
        limits=("min", "max", "target", "output", "tolerance"),
        flags=("alarm", "min_alarm", "max_alarm", "fault", "beep", "manual"),
        numbers=(*_plain("pulses"), Number("_pwm", "pwm", "share of full speed, of 255")),
    ),
    "in": Kind(
        *("voltage", "volts", "voltage at the chip's pin", _MILLI, (-2000, 2000)),
        limits=_LIMITS,
        flags=(*_ALARMS, "fault", "beep"),
    ),
    "curr": Kind(
        *("current", "amperes", "current", _MILLI, (-10_000, 10_000)),
        limits=_LIMITS,
        flags=(*_ALARMS, "fault", "beep"),
    ),
    "power": Kind(
        *("power", "watts", "power", _MICRO, (-100_000, 100_000)),
        limits=(*_LIMITS, "cap"),
        flags=(*_ALARMS, "cap_alarm", "fault", "beep"),
        inputs=("_input", "_average"),
    ),
    "energy": Kind("energy", "joules", "energy used", _MICRO, (0, 2**64)),
    "humidity": Kind(
        *("humidity", "percent", "relative humidity", _MILLI, (0, 100)),
        limits=_LIMITS,
        flags=(*_ALARMS, "fault"),
    ),
    "freq": Kind("frequency", "hertz", "frequency", 1, (0, 2**40)),
    "intrusion": Kind("intrusion", "", "", 1, (0, 1), flags=("alarm", "beep")),
    "pwm": Kind(
        *("pwm", "pwm", "share of full speed, of 255", 1, (0, 255)),
        numbers=_FAN_CONTROL,
        inputs=("",),
        switch="",
    ),
}
