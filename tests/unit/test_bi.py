"""The bundle of Superset: in step with the catalogue, and nothing in it adds up what does not add up."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pipelines.serving.bi import BUNDLE, bundle, text_of
from pipelines.serving.bi.charts import VIZ, metrics
from pipelines.serving.catalogue import marts
from pipelines.serving.measures import measures

MADE = bundle("vi")
DATASETS = {made["table_name"]: made for path, made in MADE.items() if path.startswith("datasets/")}
CHARTS = [made for path, made in MADE.items() if path.startswith("charts/")]


def test_the_bundle_is_in_step() -> None:
    kept = {str(path.relative_to(BUNDLE)): path.read_text(encoding="utf-8") for path in BUNDLE.rglob("*.yaml")}
    assert kept == {path: text_of(document) for path, document in MADE.items()}, "run `make docs`"


def test_every_mart_is_a_dataset_and_every_column_has_a_label_of_its_own() -> None:
    assert set(DATASETS) == set(marts())
    for name, made in DATASETS.items():
        labels = [column["verbose_name"] for column in made["columns"][: len(marts()[name].columns)]]
        assert all(labels) and len(set(labels)) == len(labels), name


def test_only_what_adds_up_is_a_sum() -> None:
    offered = {(name, metric["metric_name"]) for name, made in DATASETS.items() for metric in made["metrics"]}
    for measure in measures():
        assert ((measure.mart.name, f"sum__{measure.name}") in offered) == measure.additive
        assert ((measure.mart.name, f"rate__{measure.name}") in offered) == bool(measure.parts)
    aggregates = {
        found
        for made in DATASETS.values()
        for metric in made["metrics"]
        for found in re.findall(r"(\w+)\(", metric["expression"])
    }
    assert aggregates == {"sum", "count", "min", "max", "nullif"}


def test_a_metric_is_of_one_source_and_one_rule_set() -> None:
    (metric,) = [m for m in DATASETS["mart_overdue_aging"]["metrics"] if m["metric_name"] == "sum__dossiers"]
    assert metric["expression"] == (
        "case when min(source) = max(source) and min(rule_set) = max(rule_set) then sum(dossiers) end"
    )
    forms = {m["metric_name"]: m["expression"] for m in DATASETS["rpt_form_ii06"]["metrics"]}
    assert "min(period) = max(period)" in forms["sum__resolved_late"]


def test_a_chart_cannot_ask_for_a_sum_of_rates() -> None:
    with pytest.raises(ValueError, match="neither adds up"):
        metrics({"name": "x", "mart": "mart_agency_scorecard", "metrics": ["on_time_rate_form_ii06"]})


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_chart_has_a_title_of_its_own(lang: str) -> None:
    titles = [made["slice_name"] for path, made in bundle(lang).items() if path.startswith("charts/")]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize("made", CHARTS, ids=lambda made: made["slice_name"])
def test_charts_ask_for_columns_and_metrics_that_there_are(made: dict[str, Any]) -> None:
    (dataset,) = [found for found in DATASETS.values() if found["uuid"] == made["dataset_uuid"]]
    columns = {column["column_name"] for column in dataset["columns"]}
    (query,) = json.loads(made["query_context"])["queries"]
    asked = {column if isinstance(column, str) else column["sqlExpression"] for column in query["columns"]}
    asked |= {condition["col"] for condition in query["filters"]}
    assert asked <= columns
    assert set(query["metrics"] or ()) <= {metric["metric_name"] for metric in dataset["metrics"]}
    assert made["viz_type"] in VIZ.values()


def test_both_languages_are_the_same_things() -> None:
    english = bundle("en")
    assert {path: made.get("uuid") for path, made in MADE.items()} == {
        path: made.get("uuid") for path, made in english.items()
    }
    titles = [made["dashboard_title"] for path, made in english.items() if path.startswith("dashboards/")]
    assert len(titles) == 3 and all(title.isascii() for title in titles)
