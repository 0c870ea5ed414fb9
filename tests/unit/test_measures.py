"""The measures: what follows from names, types and keys; the page is in step with them."""

from __future__ import annotations

import pytest

from dbt_project import generate_measures_doc
from pipelines.serving.measures import Measure, measures


def measure(mart: str, name: str) -> Measure:
    return next(found for found in measures() if (found.mart.name, found.name) == (mart, name))


def test_the_page_is_in_step() -> None:
    assert generate_measures_doc.OUTPUT.read_text(encoding="utf-8") == generate_measures_doc.render(), "run `make docs`"


def test_codes_and_keys_are_no_measures() -> None:
    names = {(found.mart.name, found.name) for found in measures()}
    assert not names & {("fct_dossiers", "status"), ("mart_agency_scorecard", "rank_in_level"), ("dim_date", "year")}
    assert ("mart_quarantine", "row_number") not in names


@pytest.mark.parametrize(
    ("mart", "name", "over", "within"),
    [
        ("rpt_form_ii06", "resolved_late", {"period", "agency_code", "field_code"}, {"source", "scheme"}),
        ("rpt_form_ii06", "pending_overdue", {"agency_code", "field_code"}, {"source", "scheme", "period"}),
        ("rpt_form_ii06", "received_total", {"agency_code", "field_code"}, {"source", "scheme", "period"}),
        (
            *("rpt_form_ii06_levels", "received_online"),
            *({"period", "agency_code", "field_code"}, {"source", "scheme", "level"}),
        ),
        ("mart_backlog_daily", "resolved", {"day", "agency_code"}, {"source"}),
        ("mart_backlog_daily", "pending_overdue", {"agency_code"}, {"source", "day"}),
        ("mart_load_ledger", "rows_read", {"source", "kind", "file_path", "file_sha256"}, set()),
        ("mart_distortions", "dossiers", {"agency_code", "month"}, {"source", "distortion"}),
    ],
)
def test_what_a_measure_adds_up_over(mart: str, name: str, over: set[str], within: set[str]) -> None:
    found = measure(mart, name)
    assert (set(found.over), set(found.within)) == (over, within)


def test_rates_and_statistics_add_up_over_nothing() -> None:
    said = ("rate", "share", "avg", "median", "p90", "max", "ratio", "score", "coverage", "longest")
    statistics = [found for found in measures() if any(word in found.name.split("_") for word in said)]
    assert len(statistics) > 25
    assert [found.name for found in statistics if found.additive] == []


@pytest.mark.parametrize(
    ("mart", "name", "unit"),
    [
        ("mart_unit_bottlenecks", "median_working_hours", "giờ làm việc"),
        ("mart_timeliness_monthly", "on_time_rate", "tỷ lệ (0–1)"),
        ("mart_progress_766", "ratio", "phần trăm (0–100)"),
        ("mart_overdue_aging", "dossiers", "hồ sơ"),
        ("mart_step_durations", "working_seconds", "giây"),
        ("mart_overdue_dossiers", "working_days_overdue", "ngày làm việc"),
    ],
)
def test_units(mart: str, name: str, unit: str) -> None:
    assert measure(mart, name).unit.vi == unit
