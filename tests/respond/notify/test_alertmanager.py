"""Alertmanager's own API."""

import re

import jsonschema

from hwagent.respond.notify.alertmanager import document
from hwagent.respond.notify.deliver import deliver
from tests.respond.notify.http_server import serving
from tests.respond.notify.making import NOW, alert, items, message, payload

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
#: definitions/postableAlerts of api/v2/openapi.yaml
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["labels"],
        "additionalProperties": False,
        "properties": {
            "labels": TEXTS,
            "annotations": TEXTS,
            "startsAt": {"type": "string", "format": "date-time"},
            "endsAt": {"type": "string", "format": "date-time"},
            "generatorURL": {"type": "string", "format": "uri"},
        },
    },
}


def test_the_document_has_the_shape():
    told = [*items(alert(), ended=NOW + 300), *items(alert("Other"), status="resolved")]
    made = document(message(*told))
    jsonschema.validate(made, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert [a["endsAt"] for a in made] == ["2023-11-14T22:18:20.000Z", "2023-11-14T22:14:20.000Z"]


def test_label_names_are_those_that_it_takes():
    (made,) = document(message(*items(alert(labels={"my-team": "x"}))))
    assert all(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) for name in made["labels"])
    assert made["labels"]["my_team"] == "x"


def test_it_is_posted_to_the_api_whether_or_not_the_path_is_given():
    with serving() as server:
        for url in (server.url, f"{server.url}/", f"{server.url}/api/v2/alerts"):
            assert deliver("alertmanager", {"url": url}, payload()) == ""
    assert [r.path for r in server.requests] == ["/api/v2/alerts"] * 3
    jsonschema.validate(server.requests[0].document, SCHEMA)
