"""Joining what several collectors say of one component."""

from hwagent.daemon.inventory import Inventory
from hwagent.model import Sample


def sample(id="disk:a", kind="disk", **more):
    return Sample(id=id, kind=kind, **more)


def test_two_collectors_make_one_component():
    inventory = Inventory()
    inventory.apply(("disk", ""), [sample(metrics={"size_bytes": 5})])
    inventory.apply(("smart", "sda"), [sample(metrics={"smart_passed": 1})])
    joined = inventory.get("disk:a")
    assert joined.metrics == {"size_bytes": 5, "smart_passed": 1, "present": 1, "probe_stuck": 0}


def test_an_unchanged_look_changes_nothing():
    inventory = Inventory()
    assert inventory.apply(("disk", ""), [sample(metrics={"a": 1})])
    assert inventory.apply(("disk", ""), [sample(metrics={"a": 1})]) == []


def test_what_vanishes_stays_with_present_0_until_forgotten():
    inventory = Inventory()
    inventory.apply(("disk", ""), [sample(attributes={"model": "X"}, metrics={"a": 1})])
    (joined,) = inventory.apply(("disk", ""), [])
    assert joined.metrics["present"] == 0
    assert "a" not in joined.metrics
    assert joined.attributes == {"model": "X"}
    assert inventory.forget("disk:a")
    assert inventory.get("disk:a") is None


def test_what_is_there_cannot_be_forgotten():
    inventory = Inventory()
    inventory.apply(("disk", ""), [sample()])
    assert not inventory.forget("disk:a")


def test_a_component_that_one_of_two_collectors_still_sees_is_present():
    inventory = Inventory()
    inventory.apply(("disk", ""), [sample(metrics={"a": 1})])
    inventory.apply(("smart", "sda"), [sample(metrics={"b": 1})])
    inventory.apply(("smart", "sda"), [])
    assert inventory.get("disk:a").metrics["present"] == 1


def test_a_look_that_hangs_puts_its_components_in_doubt_and_no_others():
    inventory = Inventory()
    inventory.apply(("smart", "sda"), [sample("disk:a")])
    inventory.apply(("smart", "sdb"), [sample("disk:b")])
    inventory.fail(("smart", "sda"), "no answer", stuck=True)
    assert inventory.get("disk:a").doubt == "no answer"
    assert inventory.get("disk:a").metrics["probe_stuck"] == 1
    assert inventory.get("disk:b").doubt == ""
    inventory.apply(("smart", "sda"), [sample("disk:a")])
    assert inventory.get("disk:a").doubt == ""


def test_a_metric_that_cannot_be_read_is_a_doubt():
    inventory = Inventory()
    inventory.apply(("hwmon", ""), [sample(problems={"celsius": "EIO"})])
    assert inventory.get("disk:a").doubt == "celsius unknown: EIO"


def test_a_target_that_goes_takes_its_components():
    inventory = Inventory()
    inventory.apply(("smart", "sda"), [sample("disk:a")])
    inventory.drop(("smart", "sda"))
    assert inventory.get("disk:a").vanished


def test_a_disk_that_sleeps_keeps_what_it_said_awake():
    inventory = Inventory()
    inventory.apply(("smart", "sda"), [sample(metrics={"smart_passed": 0, "asleep": 0})])
    inventory.apply(("smart", "sda"), [sample(metrics={"asleep": 1}, partial=True)])
    assert inventory.get("disk:a").metrics["smart_passed"] == 0
    assert inventory.get("disk:a").metrics["asleep"] == 1


def test_what_has_vanished_keeps_what_all_its_collectors_said_it_was():
    inventory = Inventory()
    inventory.apply(("disk", ""), [sample(attributes={"transport": "sata"})])
    inventory.apply(("smart", "sda"), [sample(attributes={"protocol": "ATA"})])
    inventory.apply(("disk", ""), [])
    inventory.apply(("smart", "sda"), [])
    assert inventory.get("disk:a").vanished
    assert inventory.get("disk:a").attributes == {"transport": "sata", "protocol": "ATA"}
