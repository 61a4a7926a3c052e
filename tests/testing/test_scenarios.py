"""What the shipped stories lead to, beyond the names that they expect themselves."""

from hwagent.testing.scenario import load_scenario
from hwagent.testing.simulation import Simulation


def played(tmp_path, name, **config):
    story = load_scenario(name)
    for key, value in config.items():
        story.config = type(story.config)(**{**_fields(story.config), key: value})
    simulation = Simulation(story, tmp_path / "host")
    return simulation, list(simulation.run())


def _fields(config):
    return {field: getattr(config, field) for field in config.__struct_fields__}


def results(happenings):
    return [
        (h.data["action"]["name"], h.data["result"])
        for h in happenings
        if h.type == "action" and "action" in h.data
    ]


def states(happenings, rule):
    return [h.data["state"] for h in happenings if h.type == "alert" and h.data["rule"] == rule]


def test_a_dying_disk_is_replaced_by_the_spare_and_the_mirror_is_whole_again(tmp_path):
    simulation, happenings = played(tmp_path, "dying-disk")
    assert ("array_replace_member", "done") in results(happenings)
    assert ("array_remove_faulty", "done") in results(happenings)
    array = simulation.server.array("md0")
    assert sorted((m.device, m.state) for m in array.members) == [
        ("sdb1", "in_sync"),
        ("sdc", "in_sync"),
    ]
    assert states(happenings, "ArrayDegraded")[-1] == "resolved"


def test_nobody_touches_the_mirror_while_the_mode_only_rehearses(tmp_path):
    simulation, happenings = played(tmp_path, "dying-disk", mode="dry_run")
    assert ("array_replace_member", "rehearsed") in results(happenings)
    assert not [h for h in happenings if h.type == "action" and h.data["result"] == "started"]
    assert [m.device for m in simulation.server.array("md0").members] == ["sda1", "sdb1"]


def test_a_slow_disk_is_told_and_let_alone(tmp_path):
    _, happenings = played(tmp_path, "fail-slow-disk")
    assert states(happenings, "DiskSlow")[:2] == ["pending", "firing"]
    assert results(happenings) == []


def test_a_lost_supply_is_told_once_and_ends(tmp_path):
    _, happenings = played(tmp_path, "lost-psu")
    assert states(happenings, "PsuOffline").count("firing") == 1
    assert states(happenings, "PsuOffline")[-1] == "resolved"


def test_a_stuck_look_delays_no_news_of_others_and_ends_when_it_comes_back(tmp_path):
    _, happenings = played(tmp_path, "stuck-controller")
    cable = next(h.time for h in happenings if h.type == "hardware" and h.component == "nic:eno1")
    told = next(h.time for h in happenings if h.type == "alert" and h.component == "nic:eno1")
    assert told - cable <= 10
    assert states(happenings, "ProbeStuck")[-1] == "resolved"
