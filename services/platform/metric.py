"""Figures for Prometheus, written by hand: as its text format, and as OpenMetrics, of the same values.

Names and units follow its rules (base units, ``_total`` for what only rises, ``_info`` for what is always 1); labels
take few values. ``prometheus_client`` is not taken for this: it keeps values of its own, and ours are there already. A
test reads both forms with its parsers.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPEN_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Labels = Mapping[str, str]


class Metric(NamedTuple):
    """One family. ``name`` is without ``_total``, which a counter's samples get; the unit is its last word.

    ``has_old_name``: a counter of before these rules, whose samples stay without it.
    """

    name: str
    kind: Literal["gauge", "counter"]
    about: str
    samples: tuple[tuple[Labels, float], ...]
    unit: Literal["", "seconds", "bytes"] = ""
    has_old_name: bool = False

    @property
    def sample_name(self) -> str:
        """As it stands before a value."""
        return f"{self.name}_total" if self.kind == "counter" and not self.has_old_name else self.name


def gauge(name: str, about: str, value: float, unit: Literal["", "seconds", "bytes"] = "", **labels: str) -> Metric:
    """One value that goes up and down."""
    return Metric(name, "gauge", about, ((labels, value),), unit)


def counter(name: str, about: str, value: float, unit: Literal["", "seconds", "bytes"] = "", **labels: str) -> Metric:
    """One value that only rises while the process lives."""
    return Metric(name, "counter", about, ((labels, value),), unit)


def with_labels(metrics: Iterable[Metric], labels: Labels) -> list[Metric]:
    """The same, every sample with these labels before its own."""
    return [
        metric._replace(samples=tuple(({**labels, **own}, value) for own, value in metric.samples))
        for metric in metrics
    ]


def together(metrics: Iterable[Metric]) -> list[Metric]:
    """Families of one name as one: each may stand in an answer once."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        known = found.get(metric.name)
        samples = metric.samples if known is None else (*known.samples, *metric.samples)
        found[metric.name] = metric._replace(samples=samples)
    return list(found.values())


def as_text(metrics: Iterable[Metric]) -> str:
    """Prometheus' text format, 0.0.4: what a textfile collector reads too."""
    parts = []
    for metric in together(metrics):
        name = metric.sample_name
        parts.append(f"# HELP {name} {_about(metric)}\n# TYPE {name} {metric.kind}\n{_lines(metric)}")
    return "".join(parts)


def as_open(metrics: Iterable[Metric]) -> str:
    """OpenMetrics 1.0. A counter of an old name is of an unknown type there: its rules refuse the name."""
    parts = []
    for metric in together(metrics):
        kind = "unknown" if metric.has_old_name else metric.kind
        unit = f"# UNIT {metric.name} {metric.unit}\n" if metric.unit else ""
        parts.append(f"# HELP {metric.name} {_about(metric)}\n# TYPE {metric.name} {kind}\n{unit}{_lines(metric)}")
    return "".join([*parts, "# EOF\n"])


def _lines(metric: Metric) -> str:
    return "".join(f"{metric.sample_name}{_labels(labels)} {_value(value)}\n" for labels, value in metric.samples)


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items()) + "}" if labels else ""


def _value(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))


def _about(metric: Metric) -> str:
    return metric.about.replace("\\", "\\\\").replace("\n", "\\n")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
