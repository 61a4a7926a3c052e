"""The OpenAPI file is valid, complete, and what the agent answers fits it."""

from importlib.resources import files

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from hwagent.api.routes import Router
from hwagent.cli.client import events, request
from hwagent.daemon import control, fleet_control, vip_control
from hwagent.daemon.control import Control
from hwagent.testing.server import Server
from tests.agents import RunningAgent

REQUESTS = {
    "Silence": control.SilenceRequest,
    "Unsilence": control.IdRequest,
    "Ack": control.AckRequest,
    "Maintenance": control.MaintenanceRequest,
    "Forget": control.ComponentRequest,
    "ActionRequest": control.ActionRequest,
    "Join": fleet_control.JoinRequest,
    "KeysRequest": fleet_control.KeysRequest,
    "VipMove": vip_control.MoveRequest,
    "VipPin": vip_control.PinRequest,
    "VipRelease": vip_control.AddressRequest,
}
SPEC = yaml.safe_load(files("hwagent.api").joinpath("openapi.yaml").read_text())


def test_the_file_is_valid_openapi():
    validate(SPEC)


def test_every_route_is_described_and_nothing_else():
    described = {(m.upper(), path) for path, item in SPEC["paths"].items() for m in item}
    patterns = [(r.method, r.path) for r in Router(None)._routes]
    for method, path in described:
        concrete = path.replace("{id}", "disk:a").replace("{command}", "ack")
        assert any(m == method and p.fullmatch(concrete) for m, p in patterns), path
    assert len(described) == len(patterns)


def test_control_commands_and_their_arguments_are_described_and_nothing_else():
    operation = SPEC["paths"]["/v1/control/{command}"]["post"]
    assert set(operation["parameters"][0]["schema"]["enum"]) == set(Control(None)._commands)
    schemas = SPEC["components"]["schemas"]
    for name, type in REQUESTS.items():
        assert set(schemas[name]["properties"]) == set(type.__struct_fields__), name
        required = {f.name for f in msgspec.structs.fields(type) if f.required}
        assert set(schemas[name]["required"]) == required, name


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    place = tmp_path_factory.mktemp("openapi")
    server = Server.build(
        place / "host",
        disks=[{"name": "sda"}, {"name": "nvme0n1"}],
        nics=[{"name": "eno1"}],
        psus=[{"name": "PSU1", "online": False}],
    )
    with RunningAgent(place / "agent", server) as running:
        running.wait_alert("PsuOffline")
        yield running


@pytest.mark.parametrize(
    ("resource", "operation"),
    [
        ("/v1/status", "/v1/status"),
        ("/v1/components", "/v1/components"),
        ("/v1/components/psu:PSU1", "/v1/components/{id}"),
        ("/v1/alerts", "/v1/alerts"),
        ("/v1/actions", "/v1/actions"),
        ("/v1/history", "/v1/history"),
        ("/v1/topology", "/v1/topology"),
        ("/v1/audit", "/v1/audit"),
        ("/v1/causes", "/v1/causes"),
        ("/v1/audit?what_if=psu:sim/PSU1", "/v1/audit"),
    ],
)
def test_answers_fit_their_schema(agent, resource, operation):
    content = SPEC["paths"][operation]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": SPEC["components"]}
    Draft202012Validator(schema).validate(agent.get(resource))


def test_events_fit_their_schema(agent):
    schema = {"$ref": "#/components/schemas/Event", "components": SPEC["components"]}
    kept = events(agent.socket, after=0)
    seen = {}
    while "alert" not in seen:
        event = next(kept)
        Draft202012Validator(schema).validate(event)
        assert event["id"] > seen.get("id", 0)
        seen["id"] = event["id"]
        seen[event["type"]] = event
    assert seen["alert"]["data"]["rule"]


def test_errors_fit_their_schema(agent):
    schema = SPEC["components"]["responses"]["Error"]["content"]["application/json"]["schema"]
    for resource in ("/v1/components/disk:none", "/v1/history?span=x", "/nothing"):
        status, body = request(agent.socket, "GET", resource)
        assert status >= 400
        Draft202012Validator(schema).validate(yaml.safe_load(body))


def test_the_agent_serves_the_file_itself(agent):
    assert yaml.safe_load(request(agent.socket, "GET", "/v1/openapi.yaml")[1]) == SPEC
