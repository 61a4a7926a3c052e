"""A dying disk leaves its arrays while they can bear it."""

from hwagent.model import Result
from tests.respond.actions.host import Host, mirror, states


def test_a_dying_half_of_a_mirror_is_replaced_by_the_spare(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    host.ill.add("sda")
    outcome = host.do("array_replace_member", host.server.disk("sda").id)
    assert outcome.result is Result.DONE, outcome
    assert outcome.action.component == "array:md0"
    assert states(host)["sda1"] == "faulty"
    host.wait(3600)
    assert states(host) == {"sda1": "faulty", "sdb1": "in_sync", "sdc": "in_sync"}


def test_a_check_that_runs_is_ended_for_it(tmp_path):
    host = mirror(tmp_path, spares=["sdc"], sync_action="check")
    step = host.ask("array_replace_member", "array:md0", member="sda1")
    assert [v.name for v in step.verbs] == ["md_sync_action", "md_add", "md_set_member"]
    assert host.run(step).result is Result.DONE


def test_without_a_spare_a_mirror_keeps_its_dying_half(tmp_path):
    host = mirror(tmp_path)
    host.ill.add("sda")
    why = host.refusal("array_replace_member", host.server.disk("sda").id)
    assert "would run without redundancy after sda1, and has no spare" in why


def test_the_last_good_half_is_never_taken(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    host.ill |= {"sda", "sdb"}
    why = host.refusal("array_replace_member", host.server.disk("sda").id)
    assert "would depend on disks that are failing too: sdb1" in why


def test_a_degraded_array_loses_no_further_member(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    host.server.pull("sdb")
    why = host.refusal("array_replace_member", "array:md0", member="sda1")
    assert "array:md0 is degraded" in why


def test_a_raid6_loses_a_dying_member_without_a_spare(tmp_path):
    members = [{"device": f"sd{c}", "slot": n} for n, c in enumerate("abcd")]
    host = Host(
        tmp_path,
        disks=[{"name": f"sd{c}"} for c in "abcd"],
        arrays=[{"name": "md0", "level": "raid6", "members": members}],
    )
    assert host.do("array_replace_member", host.server.disk("sdb").id).result is Result.DONE
    assert states(host)["sdb"] == "faulty"


def test_what_is_no_member_is_refused(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    assert "give member=DEVICE" in host.refusal("array_replace_member", "array:md0")
    assert "sdd is no member" in host.refusal("array_replace_member", "array:md0", member="sdd")


def test_a_spare_that_is_not_blank_fails_the_action_before_anything_is_taken(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    node = host.server.tree.path / "dev/sdc"
    node.parent.mkdir(exist_ok=True)
    node.write_bytes(b"\0" * 1024 + b"\x53\xef" * 512 + b"\0" * 4_000_000)
    outcome = host.do("array_replace_member", host.server.disk("sda").id)
    assert outcome.result is Result.FAILED
    assert "sdc is not blank" in outcome.detail
    assert states(host) == {"sda1": "in_sync", "sdb1": "in_sync"}


def test_of_an_array_the_member_that_the_kernel_wants_replaced_is_taken(tmp_path):
    host = mirror(tmp_path, spares=["sdc"])
    host.server.tree.write("sys/block/md0/md/dev-sdb1/state", "in_sync,want_replacement")
    step = host.ask("array_replace_member", "array:md0")
    assert step.action.arguments == {"member": "sdb1", "spare": "sdc"}
