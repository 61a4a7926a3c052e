"""What our samples say of node_exporter's tree, in the words of the corpus' INDEX.md."""

import re
from collections.abc import Callable

from hwagent.model import Sample
from tests.corpus.oracle import Host

_Found = re.Match[str]


def observed(host: Host, component: str, field: str) -> str | None:
    """Value of a fact as our collectors read it; None for what no row of the table knows."""
    for pattern, name, tell in _TABLE:
        if name == field and (found := re.fullmatch(pattern, component)):
            return tell(host, found)
    return None


def _legs(host: Host, found: _Found) -> str:
    metrics = host.named(f"bond:{found[1]}").metrics
    down = " (one slave down)" if metrics["legs_down"] == 1 else ""
    return f"{metrics['legs_up']}/{metrics['legs_total']}{down}"


def _metric(id: str, name: str) -> Callable[[Host, _Found], str]:
    return lambda host, found: f"{host.named(found.expand(id)).metrics[name]:.7g}"


def _fan(host: Host, found: _Found) -> str:
    metrics = host.named(f"sensor:{found[1]}/fan{found[2]}").metrics
    stopped = ": stopped" if metrics["rpm"] == 0 else ""
    return f"{metrics['rpm']} (min {metrics['min_rpm']}){stopped}"


def _voltage(host: Host, found: _Found) -> str:
    metrics = host.named(f"sensor:{found[1]}/in{found[2]}").metrics
    least, most = metrics["min_volts"], metrics["max_volts"]
    limits = "min and max 0" if least == most == 0 else f"min {least}, max {most}"
    return f"{metrics['alarm']} ({metrics['volts']} V, {limits})"


def _temperature(host: Host, found: _Found) -> str:
    [sample] = [
        sample
        for number in range(1, 6)
        if (sample := host.named(f"sensor:{found[1]}/temp{number}")).attributes["label"] == found[2]
    ]
    now, most, critical = (sample.metrics[f"{n}celsius"] for n in ("", "max_", "crit_"))
    return f"{now:g} (max {most:g}, crit {critical:g})"


def _disk(*names: str) -> Callable[[Host, _Found], str]:
    def tell(host: Host, found: _Found) -> str:
        sample = host.find("disk", {"device": found[1]})
        return " / ".join(sample.attributes[name] for name in names) if sample else ""

    return tell


def _port(host: Host, found: _Found) -> str:
    metrics = host.named(f"fc_port:{found[1]}").metrics
    return f"{metrics['port_state']} {metrics['speed_bits_per_second'] // 10**9} Gbit"


def _zone(host: Host, found: _Found) -> str:
    sample = host.find("thermal", {"zone": found[1]})
    return str(sample.metrics["celsius"]) if sample else ""


def _array(host: Host, found: _Found) -> str:
    metrics = host.named(f"array:{found[1]}").metrics
    names = ("level", "state", "degraded", "sync_action")
    return " / ".join(str(metrics[name]) for name in names)


def arrays(samples: list[Sample]) -> str:
    """How many arrays a file tells of."""
    return str(sum(not sample.unreadable for sample in samples))


_TABLE: tuple[tuple[str, str, Callable[[Host, _Found], str]], ...] = (
    (r"bond (\w+)", "active/slaves", _legs),
    (r"(bond\d+)", "slaves", _metric(r"bond:\1", "legs_total")),
    (r"(mc\d+)", "correctable", _metric(r"memory_controller:\1", "ce")),
    (r"(mc\d+)", "uncorrectable", _metric(r"memory_controller:\1", "ue")),
    (r"(mc\d+)", "uncorrectable without csrow", _metric(r"memory_controller:\1", "ue_noinfo")),
    (r"(\S+) fan(\d+)", "rpm", _fan),
    (r"(\S+) (intrusion\d+)", "alarm", _metric(r"sensor:\1/\2", "alarm")),
    (r"(\S+) in(\d+)", "alarm", _voltage),
    (r"thermal zone (\d+)", "celsius", _zone),
    (r"(\S+) (.+)", "celsius", _temperature),
    (r"(AC\d*)", "online", _metric(r"psu:\1", "online")),
    (r"(BAT\d+)", "capacity", _metric(r"battery:\1", "capacity_percent")),
    (r"(sd[a-z]+)", "model/serial", _disk("model", "serial")),
    (r"(nvme\d+n\d+)", "serial", _disk("serial")),
    (r"FC (host\d+)", "state", _port),
    (r"(md\d+)", "level/array_state/degraded/sync_action", _array),
)
