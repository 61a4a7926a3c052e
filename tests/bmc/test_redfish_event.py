"""What of a BMC's words about events is believed, and how often it is followed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwagent.collect.redfish_event import ORIGINS_MAX, Offer, offer, origins, wishes
from hwagent.collect.redfish_glance import overlaid
from hwagent.collect.redfish_reception import BURST, PREFIX, REFILL, Friend, Reception
from hwagent.collect.redfish_turns import BURST as TURNS
from hwagent.collect.redfish_turns import Backoff, Turns
from hwagent.model import Sample

#: As DSP0266 shows an event, in "Event message objects", shortened.
EVENT = {
    "@odata.type": "#Event.v1_7_0.Event",
    "Id": "1",
    "Name": "Event Array",
    "Context": "ContosoWebClient",
    "Events": [
        {
            "MemberId": "1",
            "EventType": "Alert",
            "EventId": "ABC132489713478812346",
            "MessageSeverity": "Critical",
            "EventTimestamp": "2017-11-23T17:17:42-0600",
            "Message": "A power supply has failed.",
            "MessageId": "Power.1.0.PowerSupplyFailed",
            "OriginOfCondition": {"@odata.id": "/redfish/v1/Chassis/1U/Power#/PowerSupplies/0"},
        }
    ],
}


def about(*named: Any) -> bytes:
    return json.dumps({"Events": [{"OriginOfCondition": n} for n in named]}).encode()


def test_an_event_names_the_document_that_it_is_about() -> None:
    assert origins(json.dumps(EVENT).encode()) == ["/redfish/v1/Chassis/1U/Power"]
    old = "/redfish/v1/Systems/1/Storage/1/Drives/2"
    assert origins(about(old, {"@odata.id": old})) == [old], "as a text, before Event 1.1"
    assert (
        len(origins(about(*(f"/redfish/v1/Chassis/{n}" for n in range(50)))) or []) == ORIGINS_MAX
    )


@pytest.mark.parametrize(
    "named",
    [
        "/redfish/v1/Managers/1/LogServices/Log/Entries/4",
        "/redfish/v1/SessionService/Sessions/1",
        "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset",
        "/redfish/v1/Chassis/../../../etc/passwd",
        "/redfish/v1/Chassis//evil.example/",
        "//evil.example/redfish/v1/Chassis/1",
        "http://evil.example/redfish/v1/Chassis/1",
        "/redfish/v1/Chassis/1?$expand=*",
        "/redfish/v1/Chassis/1\r\nX: y",
        "/redfish/v1/Chassis/" + "x" * 1000,
        "",
        7,
        None,
        ["/redfish/v1/Chassis/1"],
    ],
)
def test_nothing_else_is_asked_for_because_of_an_event(named: object) -> None:
    assert origins(about(named)) == origins(about({"@odata.id": named})) == []


def test_a_report_of_telemetry_is_no_event_and_garbage_is_none() -> None:
    assert origins(b'{"@odata.type": "#MetricReport.v1_0_0.MetricReport"}') is None
    for garbage in (b"", b"{", b"[]", b"7", b"\xff" * 9, b"[" * 9999):
        with pytest.raises(ValueError, match=r"not|empty|nested"):
            origins(garbage)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["Events", "OriginOfCondition", "@odata.id", "Subscriptions",
                         "ServerSentEventUri", "EventTypesForSubscription"]),
        inner,
        max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_words_of_any_shape_are_survived(said: object) -> None:
    assert isinstance(offer(said), Offer)
    if isinstance(said, dict):
        origins(json.dumps(said).encode())


def test_what_a_service_offers() -> None:
    both = {
        "ServerSentEventUri": "/redfish/v1/EventService/SSE",
        "Subscriptions": {"@odata.id": "/redfish/v1/EventService/Subscriptions"},
    }
    assert offer(both)[:2] == (
        "/redfish/v1/EventService/SSE",
        "/redfish/v1/EventService/Subscriptions",
    )
    filtered = offer({**both, "SSEFilterPropertiesSupported": {"EventFormatType": True}})
    assert filtered.stream == "/redfish/v1/EventService/SSE?$filter=EventFormatType%20eq%20Event"
    assert "switched off" in offer({**both, "ServiceEnabled": False}).why
    assert offer({"ServerSentEventUri": "https://evil.example/sse"}).stream == ""
    assert "no event service" in offer(None).why


def test_old_services_get_the_types_they_insist_on_and_new_ones_none() -> None:
    old = offer(
        {
            "Subscriptions": {"@odata.id": "/s"},
            "EventTypesForSubscription": ["Alert", "StatusChange", "MetricReport"],
        }
    )
    first, second = wishes(old, "http://h:1/x", "us")
    assert first["EventTypes"] == ["Alert", "StatusChange"]
    assert second == {"Destination": "http://h:1/x", "Protocol": "Redfish", "Context": "us"}
    assert wishes(Offer(subscriptions="/s"), "http://h:1/x", "us") == [second]


def test_some_events_in_a_row_are_followed_at_once_and_then_one_an_interval() -> None:
    turns = Turns(60)
    for _ in range(TURNS):
        assert turns.wait(1000) == 0
        turns.take(1000)
    assert turns.wait(1000) == pytest.approx(60)
    assert turns.wait(1045) == pytest.approx(15)
    looks, now = 0, 1000.0
    while now < 1000 + 3600:
        now += turns.wait(now)
        turns.take(now)
        looks += 1
    assert looks <= 61
    assert turns.wait(now + 86400) == 0


def test_attempts_come_more_seldom_until_one_goes_well() -> None:
    backoff = Backoff(1, 300, healthy=60)
    assert [backoff.pause(0) for _ in range(10)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert backoff.pause(61) == 1
    assert backoff.pause(0, asked=100) == 100
    assert backoff.pause(0, asked=1e9) == 300, "a server does not keep us away"


def reception() -> Reception:
    found = Reception()
    found.expect(Friend("a", "secret-a", lambda: {"192.0.2.1"}))
    found.expect(Friend("b", "secret-b", lambda: {"192.0.2.2", "192.0.2.3"}))
    return found


def test_a_push_counts_from_its_bmc_with_its_secret_alone() -> None:
    here, body = reception(), json.dumps(EVENT).encode()
    judged = here.judge("192.0.2.1", "POST", f"{PREFIX}secret-a", body)
    assert (judged.name, judged.origins, judged.status) == (
        "a",
        ("/redfish/v1/Chassis/1U/Power",),
        204,
    )
    assert here.judge("192.0.2.3", "POST", f"{PREFIX}secret-b", body).name == "b"
    forged = [
        ("192.0.2.1", "POST", f"{PREFIX}secret-b", body, "wrong source"),
        ("192.0.2.1", "POST", f"{PREFIX}secret", body, "wrong secret"),
        ("192.0.2.1", "POST", f"{PREFIX}\xff", body, "wrong secret"),
        ("192.0.2.1", "POST", "secret-a", body, "wrong secret"),
        ("192.0.2.1", "GET", f"{PREFIX}secret-a", b"", "damaged"),
        ("192.0.2.1", "POST", f"{PREFIX}secret-a", b"<xml/>", "damaged"),
        ("192.0.2.1", "POST", f"{PREFIX}secret-a", b"{}", "no event"),
    ]
    for *request, why in forged:
        judged = here.judge(*request)  # type: ignore[arg-type]
        assert (judged.name, judged.why) == ("", why)
    assert here.dropped == {"wrong source": 1, "wrong secret": 3, "damaged": 2, "no event": 1}


def test_strangers_are_not_listened_to_and_known_ones_not_without_end() -> None:
    here = reception()
    assert here.admit(0, "198.51.100.1") == "unknown source"
    assert [here.admit(5, "192.0.2.1") for _ in range(BURST)] == [""] * BURST
    assert here.admit(5, "192.0.2.1") == "too many"
    assert here.admit(5, "192.0.2.2") == "", "one does not spend the room of another"
    assert here.admit(5 + 1.5 * REFILL, "192.0.2.1") == ""
    assert Reception().admit(0, "") == "unknown source"


def part(id: str, name: str, member: str, **metrics: Any) -> Sample:
    return Sample(id=id, kind="fan", attributes={"name": name, "member": member}, metrics=metrics)


def test_a_part_read_by_itself_takes_its_place_whatever_its_number_there() -> None:
    round = [part("fan:r/F-0", "F", "0", rpm=1), part("fan:r/F-1", "F", "1", rpm=1)]
    now = overlaid(round, [part("fan:r/F", "F", "1", rpm=9)])
    assert [(p.id, p.metrics["rpm"]) for p in now] == [("fan:r/F-0", 1), ("fan:r/F-1", 9)]


def test_what_cannot_be_told_apart_or_is_not_known_waits_for_the_round() -> None:
    twins = [part("fan:r/F-1", "F", "", rpm=1), part("fan:r/F-2", "F", "", rpm=1)]
    assert overlaid(twins, [part("fan:r/F", "F", "", rpm=9)]) == twins
    assert overlaid(twins, [part("fan:r/G", "G", "", rpm=9)]) == twins
    one = twins[:1]
    assert overlaid(one, [part("fan:r/F-1", "F", ""), part("fan:r/F-2", "F", "")]) == one
