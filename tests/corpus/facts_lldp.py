"""What our samples say of lldpcli's output, in the words of the corpus' INDEX.md."""

import json
from pathlib import Path
from typing import Any

from hwagent.collect import lldp
from hwagent.model import Sample


def observed(path: Path, component: str, field: str) -> str | None:
    """A field as the index writes it; None if it is not known here."""
    samples = lldp.decode(path.read_bytes())
    if field == "neighbour_count":
        return str(sum(int(s.metrics["neighbours"]) for s in samples))
    if field.startswith("shape"):
        return _shape(json.loads(path.read_bytes())["lldp"]["interface"])
    [found] = [s for s in samples if s.id == f"nic:{component}"]
    return _neighbour(found, of_json=path.suffix == ".json")


def _shape(interface: Any) -> str:
    alone = isinstance(interface, list) and all(len(i) == 1 for i in interface)
    return "list of one-key objects" if alone else type(interface).__name__


def _neighbour(sample: Sample, of_json: bool) -> str:
    [n] = sample.attributes["neighbours"]
    management, vlans = (",".join(n[key]) or "-" for key in ("management", "vlans"))
    if of_json:
        port = f"{n['port']} ({n['port_type']})"
        return f"name '{n['system']}', port {port}, mgmt {management}, vlans {vlans}"
    chassis = f"{n['system'] or '-'} {n['chassis']}"
    description = n["port_description"] or "-"
    return (
        f"chassis {chassis}, port {n['port']} descr {description}, mgmt {management}, vlan {vlans}"
    )
