"""One machine, one fault, from a bare system: `make lab-smoke`."""

from tests.lab.agent import Agent, stick
from tests.lab.mirror import Array, Writer
from tests.lab.parts import Disk


def test_a_disk_pulled_from_a_mirror_is_replaced_by_the_declared_spare(
    debian, deb, make_machine, tmp_path, table
):
    first, second, spare = (Disk(name) for name in ("dska", "dskb", "dskc"))
    machine = make_machine(
        "smoke", debian, disks=(first, second, spare), extra=stick(deb, tmp_path)
    )
    agent = Agent(machine)
    agent.install()
    array = Array(machine, 1, (first, second))
    agent.reconfigure(spares=[{"disk": spare.id, "arrays": [array.name]}])
    machine.until(lambda: agent.component(f"array:{array.name}"), "the array to be known")

    with Writer(machine, array.name) as writer:
        pulled = machine.now().wall
        machine.pull(first.name)
        noticed = agent.alert("ArrayDegraded", f"array:{array.name}", pulled)
        done = agent.outcome("array_add_spare", "done", f"array:{array.name}", pulled)
        array.whole()

    assert noticed <= done["time"]
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    assert agent.alerted("DiskVanished", first.id, pulled)
    table.add(
        "disk pulled from a mirror, spare declared",
        [("hwagent: ArrayDegraded", noticed - pulled)],
        f"hwagent: array_add_spare, {done['time'] - pulled:.1f} s after the pull",
        writer.lost,
    )
