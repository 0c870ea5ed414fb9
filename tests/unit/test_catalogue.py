"""The rule catalogue: complete, well formed, and every rule told apart by an example from a row that obeys it."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from dbt_project import generate_rule_set_columns
from expectations import predicates
from expectations.catalogue import RULES_FILE, Catalogue, CatalogueError, Kind, load_catalogue
from expectations.schema import TABLES
from pipelines.contract import KINDS
from pipelines.landing.lake import arrow_schema
from pipelines.layout import DBT_PROJECT
from pipelines.portal.sql import load_macros
from tests.lake_builder import CLEAN, EXPORTED_AT

#: portal-exports §6, word for word.
SPECIFIED = [
    *("REJ_NOT_A_RECORD", "REJ_NO_CODE", "REJ_CODE_TOO_LONG", "REJ_BAD_STATUS", "REJ_NO_RECEPTION", "REJ_BAD_DATE"),
    *("REJ_FILE_UNREADABLE", "REJ_FILE_NO_HEADING", "REJ_FILE_SHIFTED", "REJ_FILE_MOSTLY_BAD"),
    *("WRN_CODE_FORMAT", "WRN_CODE_DATE", "WRN_SYNTHETIC_CODE", "WRN_PROCEDURE_FORMAT", "WRN_UNKNOWN_PROCEDURE"),
    "WRN_HIDDEN_CODE",
    *("WRN_UNKNOWN_AGENCY", "WRN_NO_DUE", "WRN_DUE_BEFORE_RECEIVED", "WRN_DONE_WITHOUT_END", "WRN_END_BEFORE_START"),
    *("WRN_RETURN_BEFORE_END", "WRN_FUTURE_RECEPTION", "WRN_FUTURE_END", "WRN_ZERO_DURATION", "WRN_PLACEHOLDER_ID"),
    *("WRN_REOPENED", "WRN_DUE_MOVED", "WRN_DUE_MOVED_LATE", "WRN_MANY_SUPPLEMENTS"),
    *("WRN_REAPPOINTED", "WRN_REAPPOINTED_TWICE", "WRN_LATE_SUPPLEMENT"),
    *("WRN_PLACEHOLDER_DATE", "WRN_DAY_MONTH_SWAPPED", "WRN_LEGACY_TEXT"),
    # attention, portal-exports §2
    *("WRN_FILE_PART_SKIPPED", "WRN_FILE_NO_DUE", "WRN_FILE_NOTHING_ACCEPTED", "WRN_FILE_NEW_FIELDS"),
    "WRN_FILE_NO_CHANNEL",
    "WRN_FILE_NO_HANDOVER",
]

LONG = "H39.18.25-240304-" + "0" * 40
NOON = datetime(2024, 3, 4, 12)
OPEN: dict[str, Any] = {"status": 4, "finished_at": None, "returned_at": None}

#: (rule, kind) → changes to a clean row that violate it (first), and changes near by that do not (the others).
EXAMPLES: dict[tuple[str, Kind], list[dict[str, Any]]] = {
    ("REJ_NOT_A_RECORD", "dossiers"): [{"is_record": False, "dossier_code": None}],
    ("REJ_NOT_A_RECORD", "progress"): [{"is_record": False, "event_at": None}],
    ("REJ_NOT_A_RECORD", "procedures"): [{"is_record": False}],
    ("REJ_NOT_A_RECORD", "agencies"): [{"is_record": False}],
    ("REJ_NOT_A_RECORD", "portal_reports"): [{"is_record": False}],
    ("REJ_NO_CODE", "dossiers"): [{"dossier_code": None}, {"dossier_code": "1"}],
    ("REJ_NO_CODE", "progress"): [{"dossier_code": None}, {"dossier_code": "1"}],
    ("REJ_NO_CODE", "procedures"): [
        {"procedure_code": "TS_LOP1.000.00.00.H22"},
        {"procedure_code": "1.001193.000.00.00.H39"},
    ],
    ("REJ_NO_CODE", "agencies"): [{"agency_code": None}, {"agency_code": "G01"}, {"agency_code": "H57.132"}],
    ("REJ_CODE_TOO_LONG", "dossiers"): [{"dossier_code": LONG}, {"dossier_code": "Đ" * 50}],
    ("REJ_CODE_TOO_LONG", "progress"): [{"dossier_code": LONG}, {"dossier_code": "Đ" * 50}],
    ("REJ_CODE_TOO_LONG", "procedures"): [{"procedure_code": LONG}],
    ("REJ_CODE_TOO_LONG", "agencies"): [{"agency_code": LONG}],
    ("REJ_BAD_STATUS", "dossiers"): [{"status": None}, {"status": 1}],
    ("REJ_BAD_STATUS", "progress"): [{"status": None}, {"status": 9}],
    ("REJ_NO_RECEPTION", "dossiers"): [
        OPEN | {"received_at": None},
        OPEN | {"received_at": None, "status": 1},
        OPEN | {"received_at": None, "status": 3},
        OPEN | {"received_at": None, "bad_values": '{"NgayTiepNhan": "30/02/2024"}'},
    ],
    ("REJ_BAD_DATE", "dossiers"): [
        {"due_at": None, "bad_values": '{"NgayHenTra": "32/01/2024"}'},
        {"bad_values": '{"TrangThaiHoSo": "NgayHenTra"}'},
    ],
    ("REJ_BAD_DATE", "progress"): [{"event_at": None}, {"bad_values": '{"NgayBatDau": "30/02/2024"}'}],
    ("WRN_CODE_FORMAT", "dossiers"): [{"code_form": "other"}, {"code_form": "old"}],
    ("WRN_CODE_DATE", "dossiers"): [
        {"code_date": date(2024, 3, 5)},
        {"code_form": "other", "code_date": None},
        OPEN | {"received_at": None, "status": 1},
    ],
    ("WRN_SYNTHETIC_CODE", "dossiers"): [{"sequence_digits": 5}, {"sequence_digits": 4}],
    ("WRN_PROCEDURE_FORMAT", "dossiers"): [
        {"procedure_code": "TS_LOP1.000.00.00.H22"},
        {"procedure_code": "1.001193"},
        {"procedure_code": None},
    ],
    ("WRN_HIDDEN_CODE", "dossiers"): [{"field_code": "XXXX~0123456789"}, {"field_code": "G15-TP01"}],
    ("WRN_NO_DUE", "dossiers"): [{"due_at": None}],
    ("WRN_DUE_BEFORE_RECEIVED", "dossiers"): [
        {"due_at": datetime(2024, 3, 4, 8, 29, 59)},
        {"due_at": datetime(2024, 3, 4, 8, 30)},
    ],
    ("WRN_DONE_WITHOUT_END", "dossiers"): [{"finished_at": None}, OPEN | {"finished_at": None}],
    ("WRN_END_BEFORE_START", "dossiers"): [{"finished_at": datetime(2024, 3, 4, 8)}, {"finished_at": NOON}],
    ("WRN_RETURN_BEFORE_END", "dossiers"): [{"returned_at": NOON}, {"returned_at": datetime(2024, 3, 7, 16)}],
    ("WRN_FUTURE_RECEPTION", "dossiers"): [
        {"received_at": datetime(2024, 6, 1, 6, 0, 1)},
        {"received_at": datetime(2024, 6, 1, 6)},
    ],
    ("WRN_FUTURE_END", "dossiers"): [
        {"finished_at": datetime(2024, 6, 1, 6, 0, 1)},
        {"finished_at": datetime(2024, 6, 1, 6)},
    ],
    ("WRN_ZERO_DURATION", "dossiers"): [
        {"finished_at": datetime(2024, 3, 4, 8, 30)},
        {"finished_at": datetime(2024, 3, 4, 8, 30), "status": 4},
    ],
    ("WRN_PLACEHOLDER_DATE", "dossiers"): [{"placeholder_date": True}, {"placeholder_date": None}],
    ("WRN_DAY_MONTH_SWAPPED", "dossiers"): [{"file_attention": "WRN_DAY_MONTH_SWAPPED"}, {"file_attention": ""}],
    ("WRN_LEGACY_TEXT", "dossiers"): [{"file_attention": "WRN_LEGACY_TEXT"}, {"file_attention": ""}],
    ("WRN_PLACEHOLDER_ID", "dossiers"): [{"placeholder_id": True}, {"placeholder_id": None}],
}

CATALOGUE = load_catalogue()


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One for all: opening takes longer than asking."""
    return duckdb.connect(config={"threads": 1})


def violated(kind: Kind, changes: dict[str, Any]) -> set[str]:
    """Ids of all row rules that the clean row with these changes violates."""
    of_file = {"file_attention": ""} | {name: value for name, value in changes.items() if name == "file_attention"}
    rows = [CLEAN[kind] | changes | {"source": "s", "file_sha256": "f", "row_number": 1}]
    batch = pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[kind]))
    rules = CATALOGUE.validated(kind, "row", "reject") + CATALOGUE.validated(kind, "row", "warn")
    con = connection()
    con.register("batch", batch)
    found = con.execute(
        f"select {predicates.violated(rules, kind)} from "
        "(select *, $1::timestamp as exported_at, $2 as file_attention from batch)",
        [EXPORTED_AT, of_file["file_attention"]],
    ).fetchone()
    assert found is not None
    return set(found[0])


def test_the_catalogue_has_exactly_the_rules_of_the_specification() -> None:
    assert sorted(rule.id for rule in CATALOGUE.rules) == sorted(SPECIFIED)


def test_dbt_evaluates_the_rules_that_the_catalogue_leaves_to_it() -> None:
    macro = (DBT_PROJECT / "macros" / "warnings.sql").read_text(encoding="utf-8")
    evaluated = re.findall(r"^ +'(\w+)': '.+',$", macro, re.MULTILINE)
    assert sorted(evaluated) == sorted(rule.id for rule in CATALOGUE.rules if rule.evaluated_in == "dbt")


def test_marts_have_the_columns_of_every_rule_set() -> None:
    for path, text in generate_rule_set_columns.pages().items():
        assert path.read_text(encoding="utf-8") == text, "run `make docs`"


def test_every_row_rule_of_every_kind_has_an_example() -> None:
    validated = {
        (rule.id, kind)
        for kind in TABLES
        for rule in (*CATALOGUE.validated(kind, "row", "reject"), *CATALOGUE.validated(kind, "row", "warn"))
    }
    assert validated == set(EXAMPLES)


@pytest.mark.parametrize("kind", TABLES)
def test_a_clean_row_violates_nothing(kind: Kind) -> None:
    assert violated(kind, {}) == set()


@pytest.mark.parametrize(("rule_id", "kind"), EXAMPLES)
def test_a_rule_finds_its_example_and_leaves_its_neighbours_alone(rule_id: str, kind: Kind) -> None:
    example, *neighbours = EXAMPLES[rule_id, kind]
    assert rule_id in violated(kind, example)
    for neighbour in neighbours:
        assert rule_id not in violated(kind, neighbour), neighbour


def test_a_padded_procedure_code_is_warned_of() -> None:
    assert violated("dossiers", {"procedure_padded": True}) == {"WRN_PROCEDURE_FORMAT"}


def test_a_code_with_an_impossible_date_is_not_of_the_day_of_reception() -> None:
    assert violated("dossiers", {"code_date": None}) == {"WRN_CODE_DATE"}


def test_what_is_no_record_has_no_other_reason() -> None:
    nothing = dict.fromkeys(CLEAN["dossiers"]) | {"is_record": False}
    assert violated("dossiers", nothing) == {"REJ_NOT_A_RECORD"}


def test_a_row_keeps_every_reason() -> None:
    changes = {"dossier_code": LONG, "status": None, "received_at": None, "bad_values": '{"NgayTra": "x"}'}
    reasons = {rule for rule in violated("dossiers", changes) if rule.startswith("REJ_")}
    assert reasons == {"REJ_CODE_TOO_LONG", "REJ_BAD_STATUS", "REJ_NO_RECEPTION", "REJ_BAD_DATE"}


LOCALITY = ".000.00.00.H39"


@pytest.mark.parametrize("code", ["1.001193", "1.00119", "11.001193", "TS_LOP1", "1.001193.H39"])
def test_the_form_of_a_procedure_code_is_the_one_of_the_reader(code: str) -> None:
    """The reader gives a key to codes of the national form only."""
    code += LOCALITY
    with duckdb.connect() as con:
        load_macros(con)
        key = con.execute("select procedure_key_of($code)", {"code": code}).fetchone()
    assert key is not None
    assert ("WRN_PROCEDURE_FORMAT" in violated("dossiers", {"procedure_code": code})) == (key[0] is None)


def test_every_date_of_the_contract_rejects() -> None:
    predicate = CATALOGUE.rule("REJ_BAD_DATE").predicate_for("dossiers")
    for field in KINDS["dossiers"].date_fields.values():
        assert f"'{field}'" in predicate


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda rules: rules.append(rules[0]), "given twice"),
        (lambda rules: rules[0].pop("predicate"), "a predicate is needed"),
        (lambda rules: rules[0].update(severity="warn"), "REJ_ means reject"),
        (lambda rules: rules[1]["predicate"].pop("progress"), "predicates for"),
        (lambda rules: rules[0].update(id="REJ"), "pattern"),
        (lambda rules: rules[0].update(message_vi=""), "message_vi"),
        (lambda rules: rules[0].update(advice="x"), "advice"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(tmp_path: Path, change: Any, complaint: str) -> None:
    content = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))
    change(content["rules"])
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(CatalogueError, match=complaint):
        load_catalogue(path)


def test_the_catalogue_is_frozen() -> None:
    assert isinstance(CATALOGUE, Catalogue)
    with pytest.raises(ValueError, match="frozen"):
        CATALOGUE.rules[0].severity = "warn"
