"""The public cases (tests/data/public_cases), all in one drop zone, through the main job: what the README of the cases
says is right is what is published. Readers alone are tested in tests/unit/test_public_tables.py."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.orchestration.runner import LOOK_AT_INPUT, run_nightly
from tests.support.exports import zone

pytestmark = pytest.mark.integration

CASES = Path(__file__).parents[1] / "data" / "public_cases"
AS_OF = datetime(2024, 6, 1, 23, 59, 59)
RECEIVED, DUE = datetime(2024, 5, 20, 8, 30), datetime(2024, 5, 24, 17)

#: number of the case → verdicts of form II.06 over its dossiers
VERDICTS: dict[str, dict[str, int]] = {
    "03": {"early": 1, "in_time": 1},
    **{case: {"early": 30} for case in ["04", "07", "10", "12", "13", "16", "76"]},
    **{case: {"early": 6} for case in ["18", "24", "84"]},
    **{case: {"early": 4} for case in ["20", "25", "33"]},
    **{case: {"late": 24} for case in ["43", "73"]},
    **{case: {"early": 24} for case in ["36", "78"]},
    "22": {"early": 2, "overdue": 1},
    "49": {"early": 10},
    "67": {"early": 3},
    "71": {"early": 1},
    "75": {"early": 5},
    "98": {"early": 2},
    "99": {"early": 3},
}


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = tmp_path_factory.mktemp("public_cases")
    settings = zone(root).model_copy(update={"as_of": AS_OF})
    for case in sorted(CASES.iterdir()):
        shutil.copytree(case, root / "inbox", dirs_exist_ok=True)
    outcome = run_nightly(settings)
    assert (outcome.exit_code, outcome.problems) == (LOOK_AT_INPUT, [])
    with duckdb.connect(str(settings.layout.published / "dunghan.duckdb"), read_only=True) as con:
        yield con


def by_case(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    """number of the case → the one value of `query`, which is grouped by source."""
    return {source[1:3]: value for source, value in con.execute(query).fetchall()}


def test_every_dossier_has_the_verdict_it_should(marts: duckdb.DuckDBPyConnection) -> None:
    found = by_case(
        marts,
        """
        select source, histogram(verdict) from marts.fct_verdicts where rule_set = 'form_ii06'
        and left(source, 3) <> 'c74' group by source
        """,
    )
    assert found == VERDICTS


def test_moments_are_those_that_were_meant(marts: duckdb.DuckDBPyConnection) -> None:
    """Whatever notation a case writes them in."""
    received = by_case(marts, "select source, list(distinct received_at) from marts.fct_dossiers group by source")
    due = by_case(marts, "select source, list(distinct due_at) from marts.fct_dossiers group by source")
    # 22 has a day without a time; 74 is what a spreadsheet made of its dates, and marked
    assert {case for case, at in received.items() if at == [RECEIVED]} == VERDICTS.keys() - {"22"}
    assert sorted(received["22"]) == [datetime(2024, 5, 20), RECEIVED]
    assert sorted(due["03"]) == [DUE, datetime(2024, 6, 10, 17)]
    assert (due["43"], due["73"]) == ([datetime(2024, 5, 21, 17)], [datetime(2024, 5, 21, 8, 30)])
    assert {case for case, at in due.items() if at == [DUE]} == VERDICTS.keys() - {"03", "43", "73"}
    handed_over = by_case(
        marts, "select source, count(returned_at) from marts.fct_dossiers where source[2:3] in ('18', '24') group by 1"
    )
    assert handed_over == {"18": 0, "24": 1}, "no date is none"


def test_marks_of_dossiers(marts: duckdb.DuckDBPyConnection) -> None:
    found = by_case(
        marts,
        """
        select source, histogram(flag)
        from (select source, unnest(flags) as flag from marts.fct_dossiers)
        where flag in ('WRN_PLACEHOLDER_DATE', 'WRN_LEGACY_TEXT', 'WRN_DAY_MONTH_SWAPPED')
        group by source
        """,
    )
    assert found == {
        "24": {"WRN_PLACEHOLDER_DATE": 5},
        "36": {"WRN_LEGACY_TEXT": 24},
        "74": {"WRN_DAY_MONTH_SWAPPED": 6},
        "78": {"WRN_LEGACY_TEXT": 24},
    }


def test_whole_tables_are_told_as_what_senders_do(marts: duckdb.DuckDBPyConnection) -> None:
    """portal-exports §8, kinds 8 and 9, of the tables that show them and of no other."""
    # two of the six swapped receptions lie after AS_OF now: the marts count what was received by then
    for distortion, expected in {"day_month_swapped": {"74": 4}, "legacy_text": {"36": 24, "78": 24}}.items():
        query = f"select source, sum(dossiers) from marts.mart_distortions where distortion = '{distortion}' group by 1"
        assert by_case(marts, query) == expected
    examples = marts.execute("""
        select count(*)
        from (select source, distortion, unnest(examples) as dossier_code from marts.mart_distortions) as told
        join marts.fct_dossiers using (source, dossier_code)
        where distortion = 'legacy_text' and list_contains(flags, 'WRN_LEGACY_TEXT')
    """).fetchone()
    assert examples == (10,)


def test_what_somebody_must_look_at(marts: duckdb.DuckDBPyConnection) -> None:
    """Attention, files refused by their name, and nothing else."""
    attention = "select source, any_value(attention) from marts.mart_load_ledger where attention is not null group by 1"
    told = by_case(marts, attention)
    without_channel = {case for case, rules in told.items() if "WRN_FILE_NO_CHANNEL" in rules}
    assert without_channel == {
        *(
            "33",
            "36",
            "43",
            "49",
            "67",
            "71",
            "73",
            "74",
            "75",
            "76",
            "78",
            "84",
            "98",
            "99",
        )  # tables without the column
    }
    others = {case: [rule for rule in rules if rule != "WRN_FILE_NO_CHANNEL"] for case, rules in told.items()}
    assert {case: rules for case, rules in others.items() if rules} == {
        "36": ["WRN_LEGACY_TEXT"],
        "44": ["WRN_FILE_NOTHING_ACCEPTED"],
        "74": ["WRN_DAY_MONTH_SWAPPED"],
        "78": ["WRN_LEGACY_TEXT"],
    }
    refused = by_case(
        marts, "select source, list(detail) from marts.mart_load_ledger where status = 'rejected' group by source"
    )
    assert {case: len(details) for case, details in refused.items()} == {"46": 1, "72": 2}
    assert "soap:Envelope" in refused["46"][0] and "Excel, CSV hoặc JSON" in refused["46"][0]
    assert all("mở bằng phần mềm bảng tính rồi lưu lại" in detail for detail in refused["72"])


def test_refused_rows_show_what_could_not_be_read(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select source[2:3], row_number, reasons, offending from marts.mart_quarantine order by all"
    ).fetchall()
    words = ["Đúng hạn", "Trễ hạn", "Trước hạn", "Đang xử lý (trễ hạn 2 ngày)"]
    words += ["Đã trả kết quả (Đúng hạn)", "Hoàn thành - trễ hạn"]
    assert rows == [
        *(
            (
                "44",
                number,
                ["REJ_BAD_STATUS"],
                json.dumps({"TrangThaiHoSo": word}, ensure_ascii=False, separators=(",", ":")),
            )
            for number, word in enumerate(words, 2)
        ),
        ("71", 2, ["REJ_BAD_DATE"], '{"NgayTra":"#N/A"}'),
        ("71", 3, ["REJ_BAD_DATE"], '{"NgayHenTra":"#VALUE!"}'),
    ]


def test_ways_that_were_taken_are_told(marts: duckdb.DuckDBPyConnection) -> None:
    notes = by_case(marts, "select source, any_value(notes) from marts.mart_load_ledger group by source")
    for case, said in {
        **{"03": "the last value counts", "04": "items", "07": "value", "10": "_source", "12": "data(json)"},
        **{"49": "goes on with", "76": "Sheet2", "84": "số trang"},
    }.items():
        assert said in (notes[case] or ""), (case, notes[case])
