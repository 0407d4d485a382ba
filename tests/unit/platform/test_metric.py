"""What we write for Prometheus its own parsers read: the text as OpenMetrics' strict one, with the same values."""

from collections.abc import Iterable

import pytest
from prometheus_client import Metric as ParsedMetric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text

from services.health.own_reader import own_figures
from services.platform.metric import Metric, as_open, as_text, counter, gauge, with_labels
from services.projector.counts import IngestCounts

STRANGE = 'a"b\\c\nd 中文 {}, '
METRICS = [
    gauge("lianqin_up", "whether it is: 1 or 0", 1),
    gauge("lianqin_age_seconds", "with\nbreak and \\", 0.25, "seconds", source=STRANGE, other=""),
    gauge("lianqin_age_seconds", "with\nbreak and \\", 7, "seconds", source="b", other="x"),
    counter("lianqin_done", "what is done", 12_345_678_901, outcome="good"),
    counter("lianqin_cpu_seconds", "time", 1e-05, "seconds"),
    Metric("lianqin_nothing", "gauge", "a family without a value", ()),
]


def values(families: Iterable[ParsedMetric]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def counts() -> IngestCounts:
    found = IngestCounts()
    found.committed(read=5, accepted=3, refused=1, seconds=0.5)
    return found


@pytest.mark.parametrize(
    "metrics",
    [METRICS, own_figures(), with_labels(counts().figures(), {"district": "1"})],
    ids=["of every kind", "a process's own", "a projector's"],
)
def test_both_forms_are_read_by_the_parsers_of_prometheus_and_say_the_same(metrics: list[Metric]) -> None:
    strict = list(parse_open(as_open(metrics)))
    assert values(strict) == values(parse_text(as_text(metrics)))
    assert len(values(strict)) == sum(len(metric.samples) for metric in metrics)
    assert [family.name for family in strict] == list(dict.fromkeys(metric.name for metric in metrics))
    for family in strict:
        assert not family.unit or family.name.endswith(f"_{family.unit}")


def test_a_counter_of_an_old_name_keeps_it_in_both_forms() -> None:
    metrics = [Metric("lianqin_revision", "counter", "of old", (({}, 7),), has_old_name=True)]
    assert as_text(metrics).endswith("# TYPE lianqin_revision counter\nlianqin_revision 7\n")
    (family,) = parse_open(as_open(metrics))
    assert (family.type, family.samples[0].name, family.samples[0].value) == ("unknown", "lianqin_revision", 7)


def test_a_text_with_odd_characters_comes_back_as_it_went() -> None:
    (family,) = parse_open(as_open([gauge("lianqin_x", "x", 1, source=STRANGE)]))
    assert family.samples[0].labels == {"source": STRANGE}


def test_what_a_projector_has_dealt_with_is_counted_by_outcome() -> None:
    found = counts()
    found.committed(read=2, accepted=2, refused=0, seconds=0.25)
    told = {(m.sample_name, *labels.values()): n for m in found.figures() for labels, n in m.samples}
    assert told == {
        ("lianqin_ingest_entries_total", "accepted"): 5,
        ("lianqin_ingest_entries_total", "refused"): 1,
        ("lianqin_ingest_entries_total", "known"): 1,
        ("lianqin_ingest_commits_total",): 2,
        ("lianqin_ingest_commit_seconds_total",): 0.75,
    }
