"""The vocabulary: small frozen types that configuration, wire, API and journal share."""

from .action import Action, Mode, Outcome, Result
from .alert import Alert, AlertState
from .component import Component, Sample
from .health import Health, Severity, worst
from .metric import Metric, MetricType, Value, Vocabulary, counter, gauge, state

__all__ = [
    "Action",
    "Alert",
    "AlertState",
    "Component",
    "Health",
    "Metric",
    "MetricType",
    "Mode",
    "Outcome",
    "Result",
    "Sample",
    "Severity",
    "Value",
    "Vocabulary",
    "counter",
    "gauge",
    "state",
    "worst",
]
