"""The webhook speaks Alertmanager's version 4."""

import jsonschema
import pytest

from hwagent.respond.notify.deliver import deliver
from hwagent.respond.notify.message import fingerprint
from hwagent.respond.notify.webhook import document
from tests.respond.notify.http_server import serving
from tests.respond.notify.making import alert, items, message, payload

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
ALERT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL",
                 "fingerprint"],
    "properties": {
        "status": {"enum": ["firing", "resolved"]},
        "labels": TEXTS,
        "annotations": TEXTS,
        "startsAt": TIME,
        "endsAt": TIME,
        "generatorURL": {"type": "string"},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    },
}  # fmt: skip
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels",
                 "commonLabels", "commonAnnotations", "externalURL", "alerts"],
    "properties": {
        "version": {"const": "4"},
        "groupKey": {"type": "string"},
        "truncatedAlerts": {"type": "integer"},
        "status": {"enum": ["firing", "resolved"]},
        "receiver": {"type": "string"},
        "groupLabels": TEXTS,
        "commonLabels": TEXTS,
        "commonAnnotations": TEXTS,
        "externalURL": {"type": "string"},
        "alerts": {"type": "array", "items": ALERT, "minItems": 1},
    },
}  # fmt: skip
ARRAY = alert("ArrayDegraded", "array:md0")


@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_the_document_has_the_shape(status):
    made = document(message(*items(alert(), ARRAY, status=status)))
    jsonschema.validate(made, SCHEMA)
    assert made["status"] == status
    assert made["commonLabels"] == {"severity": "critical", "host": "h1"}


def test_what_fires_has_no_end_and_what_is_over_has_one():
    fires, over = document(message(*items(alert()), *items(ARRAY, status="resolved")))["alerts"]
    assert fires["endsAt"] == "0001-01-01T00:00:00Z"
    assert (over["startsAt"], over["endsAt"]) == (
        "2023-11-14T22:13:20.000Z",
        "2023-11-14T22:14:20.000Z",
    )


def test_labels_name_the_alert():
    (made,) = document(message(*items(alert(labels={"team": "storage", "empty": ""}))))["alerts"]
    assert made["labels"] == {
        "alertname": "SmartFailed",
        "component": "disk:wwn-0x5000c500a1b20000",
        "kind": "disk",
        "severity": "critical",
        "host": "h1",
        "team": "storage",
    }


def test_fingerprints_are_those_of_prometheus():
    """FNV-1a: of no labels the offset basis, as TestLabelsToSignature of prometheus/common."""
    assert fingerprint({}) == f"{14695981039346656037:016x}"
    assert fingerprint({"a": "b"}) != fingerprint({"b": "a"})
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})


def test_it_is_posted_with_the_secret_headers(tmp_path):
    secret = tmp_path / "headers"
    secret.write_text("# token\nAuthorization: Bearer x:y\n\n")
    with serving() as server:
        options = {"url": f"{server.url}/hook", "headers_file": str(secret)}
        assert deliver("webhook", options, payload()) == ""
    (request,) = server.requests
    assert request.path == "/hook"
    assert request.headers["Authorization"] == "Bearer x:y"
    assert request.headers["Content-Type"] == "application/json"
    jsonschema.validate(request.document, SCHEMA)


@pytest.mark.parametrize(
    ("status", "said"), [(500, "answered 500: no space"), (404, "answered 404"), (302, "302")]
)
def test_what_the_server_refuses_is_told(status, said):
    with serving(status, "no space") as server:
        problem = deliver("webhook", {"url": f"{server.url}/secret-token"}, payload())
    assert said in problem
    assert "secret-token" not in problem
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "http://127.0.0.1:1/x"}, "refused"),
        ({"url": "file:///etc/passwd"}, "must begin with http"),
        ({"url": "http://127.0.0.1:1", "headers_file": "/nonexistent"}, "/nonexistent"),
        ({"address": "x"}, "url"),
    ],
)
def test_what_cannot_be_reached_is_told(options, said):
    assert said in deliver("webhook", options, payload())


def test_a_server_that_hangs_is_given_up():
    with serving(hang=True) as server:
        problem = deliver("webhook", {"url": server.url, "timeout": 0.2}, payload())
    assert "timed out" in problem


def test_a_wrong_header_file_is_told(tmp_path):
    (tmp_path / "headers").write_text("no colon")
    options = {"url": "http://127.0.0.1:1", "headers_file": str(tmp_path / "headers")}
    assert "expected lines such as" in deliver("webhook", options, payload())


def test_an_unknown_way_is_told():
    assert "pigeon" in deliver("pigeon", {}, payload())
