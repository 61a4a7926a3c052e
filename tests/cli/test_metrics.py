"""``/metrics`` of a running agent: Prometheus' parser reads it, and it says what is true now."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.cli.running import cli
from tests.waiting import wait_for

SENSOR = {"chip": "platform_coretemp_0", "sensor": "temp1"}


def samples(agent):
    """Every sample, read as Prometheus reads it."""
    done = cli("metrics", socket=agent.socket)
    assert done.code == 0
    return [s for f in text_string_to_metric_families(done.out) for s in f.samples]


def value(agent, name, **labels):
    """The one sample of a name with these labels."""
    (found,) = [
        s.value for s in samples(agent) if s.name == name and labels.items() <= s.labels.items()
    ]
    return found


def test_a_number_that_moves_is_told_at_the_next_scrape(agent):
    def shows(celsius: float) -> None:
        wait_for(lambda: value(agent, "hwagent_hwmon_temp_celsius", **SENSOR) == celsius, 20)

    for celsius in (52.0, 53.0, 54.5, 52.0):
        agent.server.set("sensor:coretemp/temp1", value=celsius)
        shows(celsius)


def test_every_collector_says_how_it_goes(agent):
    told = samples(agent)
    for metric in ("duration_seconds", "success", "age_seconds"):
        name = f"hwagent_scrape_collector_{metric}"
        found = {s.labels["collector"]: s.value for s in told if s.name == name}
        assert found.keys() >= {"disk", "md", "nic", "host", "hwmon", "power_supply"}, metric
        assert all(v >= 0 for v in found.values())
        assert metric != "age_seconds" or max(found.values()) < 60
        assert metric != "success" or set(found.values()) == {1}


def test_health_is_one_series_for_each_state(agent):
    host = {s.labels["state"]: s.value for s in samples(agent) if s.name == "hwagent_health"}
    assert host == {"ok": 1, "degraded": 0, "failed": 0, "unknown": 0}
    name = "hwagent_component_health"
    assert value(agent, name, component="psu:PSU1", kind="psu", state="ok") == 1
    assert value(agent, name, component="psu:PSU1", kind="psu", state="failed") == 0


def test_what_node_exporters_users_look_for_is_there(agent):
    assert value(agent, "hwagent_md_disks", device="md0", state="active") == 2
    assert value(agent, "hwagent_md_disks_required", device="md0") == 2
    assert value(agent, "hwagent_md_degraded", device="md0") == 0
    assert value(agent, "hwagent_network_up", device="eno1") == 1
    assert value(agent, "hwagent_power_supply_online", power_supply="PSU2") == 1
    assert value(agent, "hwagent_disk_io_time_seconds_total", device="sda") >= 0
    assert value(agent, "hwagent_hwmon_sensor_label", **SENSOR, label="Package id 0") == 1
