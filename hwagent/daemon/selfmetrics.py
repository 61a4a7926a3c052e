"""The agent's metrics about itself and about what it judged."""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hwagent import __version__
from hwagent.api.exposition import Family, sample_lines, simple_family
from hwagent.model import Health, worst
from hwagent.vip.stalls import BOUNDS

if TYPE_CHECKING:
    from .agent import Agent

_COMPONENT_HEALTH = "hwagent_component_health"


def self_metrics(agent: "Agent") -> Iterator[str]:
    """Finished families, in OpenMetrics text."""
    yield simple_family(
        "hwagent_build_info", "gauge", "version of the agent", [({"version": __version__}, 1)]
    )
    yield from _judged(agent)
    yield from _vips(agent)
    yield from _holder(agent)
    yield from agent.gossip.metrics()
    yield from agent.switches.metrics()
    yield from agent.ears.metrics()
    yield from _looks(agent)
    yield simple_family(
        "hwagent_journal_dropped_records", "counter", "records that the journal could not take",
        [({}, agent.journal.dropped)],
    )  # fmt: skip
    results = Counter((o.action.name, o.result) for o in agent.core.outcomes)
    yield simple_family(
        "hwagent_actions", "gauge", "the last hundred actions by result",
        [({"action": name, "result": r}, n) for (name, r), n in sorted(results.items())],
    )  # fmt: skip


def _judged(agent: "Agent") -> Iterator[str]:
    components = agent.core.components()
    health = worst(c.health for c in components)
    yield simple_family(
        "hwagent_health",
        "gauge",
        "health of the host",
        [({"state": h}, int(h == health)) for h in Health],
    )
    if components:
        yield Family(_COMPONENT_HEALTH, "gauge", "health of each component").header
        yield from (_component_health(c.id, c.kind, c.health) for c in components)
    counts = Counter((c.kind, c.health) for c in components)
    yield simple_family(
        "hwagent_components", "gauge", "components by kind and health",
        [({"kind": kind, "health": h}, n) for (kind, h), n in sorted(counts.items())],
    )  # fmt: skip
    yield simple_family(
        "hwagent_alerts", "gauge", "alerts that are pending or firing",
        [
            ({"alertname": a.rule, "component": a.component, "severity": a.severity,
              "alertstate": a.state}, 1)
            for a in agent.core.alerts()
        ],
    )  # fmt: skip


def _vips(agent: "Agent") -> Iterator[str]:
    vips = agent.vips()
    yield simple_family(
        "hwagent_vip_held", "gauge", "1 if this host holds the virtual IP",
        [({"address": v["address"]}, int(v["state"] == "held")) for v in vips],
    )  # fmt: skip
    yield simple_family(
        "hwagent_vip_unsafe", "gauge", "1 if the virtual IP may have two owners, as configured",
        [({"address": v["address"]}, int(bool(v["unsafe"]))) for v in vips],
    )  # fmt: skip


def _holder(agent: "Agent") -> Iterator[str]:
    told = agent.stalls.figures()
    windows = {"start": "stall_ms_max", "hour": "stall_ms_hour", "week": "stall_ms_week"}
    yield simple_family(
        "hwagent_holder_stall_seconds", "gauge", "longest time by which the holder was late",
        [({"window": w}, told[key] / 1000) for w, key in windows.items() if told[key] is not None],
    )  # fmt: skip
    if told["bears_ms"] is not None:
        yield simple_family(
            "hwagent_holder_bearable_interval_seconds", "gauge",
            "shortest interval between heartbeats that this host bears",
            [({}, told["bears_ms"] / 1000)],
        )  # fmt: skip
    yield simple_family(
        "hwagent_holder_lacks", "gauge", "1 for each thing that the holder could not have",
        [({"what": text}, 1) for text in told["lacks"]],
    )  # fmt: skip
    status = agent.holding.status()
    yield simple_family(
        "hwagent_lease_events", "counter", "packets of leases that were dropped or unsent, and why",
        [({"event": e}, n) for e, n in sorted(status.dropped.items())] if status else [],
    )  # fmt: skip
    bounds = [*(f"{bound / 1000:g}" for bound in BOUNDS), "more"]
    yield simple_family(
        "hwagent_holder_turns", "counter", "turns of the holder by how many seconds they were late",
        [({"late": bound}, count) for bound, count in zip(bounds, told["turns"])],
    )  # fmt: skip


@lru_cache(maxsize=16384)
def _component_health(id: str, kind: str, health: Health) -> str:
    """The lines of one component: there are many, and they hardly ever change."""
    samples = [({"component": id, "kind": kind, "state": h}, int(h == health)) for h in Health]
    return sample_lines(_COMPONENT_HEALTH, samples)


def _looks(agent: "Agent") -> Iterator[str]:
    looker = agent.looker
    yield simple_family(
        "hwagent_scrape_collector_duration_seconds", "gauge", "how long the last look took",
        [({"collector": c}, s) for c, s in sorted(looker.seconds.items())],
    )  # fmt: skip
    yield simple_family(
        "hwagent_scrape_collector_success", "gauge", "1 if the last look went well",
        [({"collector": c}, int(ok)) for c, ok in sorted(looker.success.items())],
    )  # fmt: skip
    now = agent.clock.now()
    yield simple_family(
        "hwagent_scrape_collector_age_seconds", "gauge", "time since a look last went well",
        [({"collector": c}, now - at) for c, at in sorted(looker.good_at.items())],
    )  # fmt: skip
    for role, pool in (("poller", agent.pollers), ("helper", agent.helper)):
        stats = pool.stats()
        for name in ("workers", "stuck"):
            yield simple_family(
                f"hwagent_{role}_{name}", "gauge", f"{name} of the {role} pool",
                [({}, stats[name])],
            )  # fmt: skip
