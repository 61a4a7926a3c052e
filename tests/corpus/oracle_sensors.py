"""Families of sensors, power supplies and thermal zones: how we tell each."""

from collections.abc import Mapping

from tests.corpus.oracle import Host, Labels, Tell, info, metric, of

#: Beginning of a sensor's name, and the kind that it is with us.
_KINDS = {
    "temp": "temperature",
    "fan": "fan",
    "in": "voltage",
    "freq": "frequency",
    "intrusion": "intrusion",
    "pwm": "pwm",
}


def _sensor(host: Host, labels: Labels) -> float | None:
    """1 if a sensor, of whatever kind it is, has that label."""
    told = [info(kind, label="label") for kind in _KINDS.values() if host.find(kind, labels)]
    return told[0](host, labels) if told else None


def _chip(host: Host, labels: Labels) -> float | None:
    """1 if the chip has that name, as each of its sensors says."""
    told = [info(kind, chip_name="chip_name") for kind in _KINDS.values()]
    return next((1 for tell in told if tell(host, labels)), None)


_FAN = {
    "alarm": "alarm",
    "beep_enabled": "beep",
    "manual": "manual",
    "max_rpm": "max_rpm",
    "min_rpm": "min_rpm",
    "output": "output_rpm",
    "pulses": "pulses",
    "rpm": "rpm",
    "target_rpm": "target_rpm",
    "tolerance": "tolerance_rpm",
}
_TEMPERATURE = {
    "celsius": "celsius",
    "crit_alarm_celsius": "crit_alarm",
    "crit_celsius": "crit_celsius",
    "max_celsius": "max_celsius",
}
_VOLTAGE = {
    "alarm": "alarm",
    "beep_enabled": "beep",
    "max_volts": "max_volts",
    "min_volts": "min_volts",
    "volts": "volts",
}
#: Names of node_exporter that are ours too but for the unit: it leaves raw numbers in thousandths.
_PWM_MILLI = {
    **{f"auto_point{n}_temp": f"auto_point{n}_temp_celsius" for n in range(1, 6)},
    **{
        name: f"{name}_celsius"
        for name in (
            *("crit_temp_tolerance", "target_temp", "temp_tolerance", "weight_temp_step"),
            *("weight_temp_step_base", "weight_temp_step_tol"),
        )
    },
    **{f"{name}_time": f"{name}_time_seconds" for name in ("step_down", "step_up", "stop")},
}
_PWM = (
    *(f"auto_point{n}_pwm" for n in range(1, 6)),
    *("enable", "floor", "mode", "start", "temp_sel"),
    *("weight_duty_base", "weight_duty_step", "weight_temp_sel"),
)


def _by_label(host: Host, labels: Labels) -> float | None:
    """node_exporter names a frequency's sensor by its label, in MHz."""
    sample = host.find("frequency", {"chip": labels["chip"], "label": labels["sensor"]})
    return float(sample.metrics["hertz"]) / 1e6 if sample else None


_HWMON = {
    **{f"hwmon_pwm_{name}": of("pwm", name) for name in _PWM},
    **{f"hwmon_pwm_{name}": of("pwm", ours, 1000) for name, ours in _PWM_MILLI.items()},
    "hwmon_freq_freq_mhz": _by_label,
    "hwmon_chip_names": _chip,
    "hwmon_sensor_label": _sensor,
    **{f"hwmon_fan_{name}": of("fan", ours) for name, ours in _FAN.items()},
    **{f"hwmon_temp_{name}": of("temperature", ours) for name, ours in _TEMPERATURE.items()},
    **{f"hwmon_in_{name}": of("voltage", ours) for name, ours in _VOLTAGE.items()},
    "hwmon_intrusion_alarm": of("intrusion", "alarm"),
    "hwmon_intrusion_beep_enabled": of("intrusion", "beep"),
}


_BATTERY = {
    "capacity": of("battery", "capacity_percent"),
    "cyclecount": of("battery", "cycles"),
    "energy_full": of("battery", "energy_full_watt_hours"),
    "energy_full_design": of("battery", "energy_design_watt_hours"),
    "energy_watthour": of("battery", "energy_watt_hours"),
    "online": of("psu", "online"),
    "power_watt": of("battery", "watts"),
    "present": of("battery", "inserted"),
    "voltage_min_design": of("battery", "min_design_volts"),
    "voltage_volt": of("battery", "volts"),
}


def _supply(host: Host, labels: Labels) -> float | None:
    told = {
        "type": "type",
        "manufacturer": "manufacturer",
        "serial_number": "serial",
        "technology": "technology",
    }
    kind = "battery" if labels["type"] == "Battery" else "psu"
    words = {name: metric(name) for name in ("status", "capacity_level")}
    return info(kind, **told, **(words if kind == "battery" else {}))(host, labels)


SENSORS: Mapping[str, Tell] = {
    **_HWMON,
    **{f"power_supply_{name}": tell for name, tell in _BATTERY.items()},
    "power_supply_info": _supply,
    "thermal_zone_temp": of("thermal", "celsius"),
    "cooling_device_cur_state": of("cooling", "cur_state"),
    "cooling_device_max_state": of("cooling", "max_state"),
}
