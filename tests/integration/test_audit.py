"""Accounting identities (portal-exports §6): green on a build that adds up, red by name on every way of losing
something."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.audit import identities
from expectations.schema import create_tables
from pipelines.config import Settings
from pipelines.landing.lake import Lake
from tests.lake_builder import File, LakeBuilder
from tests.support.small_build import settings_in
from warehouse.database import connect_build

pytestmark = pytest.mark.integration

#: Two files of dossiers, one of events; the second row of the first file is quarantined.
FILES = (
    File(rows=[{}, {"dossier_code": None}, {}]),
    File(rows=[{}], name="hoso_20240602.ndjson"),
    File(rows=[{}], kind="progress", name="tiendo_20240601.ndjson"),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake, the validation of it and what dbt would make of that, as far as the audit looks."""
    settings = settings_in(tmp_path)
    LakeBuilder(settings).land(*FILES)
    lake = Lake(settings)
    with connect_build(settings) as con:
        create_tables(con)
        con.execute(f"""
            insert into validated.files by name
            select * exclude (landing_id, file_size, file_mtime, outcome, seen_at, reader), 'loaded' as status,
                case when file_name = '{FILES[0].name}' then 1 else 0 end as rows_quarantined,
                rows_read - rows_quarantined as rows_accepted, 1 as validation_seq
            from {lake.rows("files")}""")
        for table in ("dossiers", "events"):
            con.execute(f"""
                insert into validated.{table} by name
                select source, file_sha256, row_number, dossier_code, 1 as validation_seq
                from {lake.rows(table)} where dossier_code is not null""")
        con.execute(f"""
            insert into validated.quarantine by name
            select source, file_sha256, row_number, ['REJ_NO_CODE'] as reasons, timestamp '2024-06-01' as exported_at,
                1 as validation_seq
            from {lake.rows("dossiers")} where dossier_code is null""")
        con.execute("""
            create schema intermediate;
            create schema marts;
            create schema if not exists state;
            create table state.clock as select null::timestamp as known_at;
            create table intermediate.int_history_accounting as
            select 'dvcqg' as source, 1 as versions, 2 as unchanged, 0 as superseded;
            create table marts.mart_load_ledger as select * from validated.files;
            create table marts.mart_quarantine as select * from validated.quarantine;
        """)
    return settings


def failed(settings: Settings) -> set[str]:
    return {identity.name for identity in identities(settings) if not identity.ok}


def test_a_build_that_adds_up_is_green(settings: Settings) -> None:
    found = {identity.name: identity for identity in identities(settings)}
    assert failed(settings) == set()
    assert (found["lake_dossiers"].found, found["accepted_dossiers"].found, found["quarantined"].found) == (4, 3, 1)
    assert found["history_dvcqg"].found == 3
    assert found["every_file_in_ledger"].found == 3


@pytest.mark.parametrize(("known_at", "red"), [("2024-05-31", set()), ("2024-06-01", {"published_quarantine"})])
def test_rows_known_later_are_not_published(settings: Settings, known_at: str, red: set[str]) -> None:
    """Also where no rejected row is known yet, so that the published quarantine is empty."""
    with connect_build(settings) as con:
        con.execute(f"update state.clock set known_at = timestamp '{known_at}'; delete from marts.mart_quarantine")
    assert failed(settings) == red


@pytest.mark.parametrize(
    ("damage", "red"),
    [
        (
            "update validated.files set rows_accepted = rows_accepted + 1 where kind = 'progress'",
            {"rows_of_files", "accepted_progress"},
        ),
        ("delete from validated.dossiers where row_number = 3", {"accepted_dossiers", "history_dvcqg"}),
        ("delete from validated.quarantine", {"quarantined", "published_quarantine"}),
        ("delete from validated.events", {"accepted_progress"}),
        (
            "delete from validated.files where file_name = 'hoso_20240602.ndjson'",
            {"every_file_in_ledger", "lake_dossiers", "accepted_dossiers", "published_files"},
        ),
        ("update intermediate.int_history_accounting set unchanged = 1", {"history_dvcqg"}),
        ("update intermediate.int_history_accounting set superseded = 1", {"history_dvcqg"}),
        ("delete from intermediate.int_history_accounting", {"history_dvcqg"}),
        ("insert into intermediate.int_history_accounting values ('motcua', 1, 0, 0)", {"history_motcua"}),
        ("delete from marts.mart_load_ledger where kind = 'progress'", {"published_files"}),
        ("delete from marts.mart_quarantine", {"published_quarantine"}),
    ],
)
def test_whatever_is_lost_is_named(settings: Settings, damage: str, red: set[str]) -> None:
    with connect_build(settings) as con:
        con.execute(damage)
    assert failed(settings) == red


def test_what_landed_but_was_not_validated_is_named(settings: Settings) -> None:
    LakeBuilder(settings).land(File(rows=[{}, {}], name="hoso_20240603.ndjson"))
    assert failed(settings) == {"every_file_in_ledger", "lake_dossiers"}


def test_loads_that_count_nothing_change_nothing(settings: Settings) -> None:
    """The same file landed again, and a load that was killed before its end."""
    LakeBuilder(settings).land(FILES[0])
    LakeBuilder(settings).land(File(rows=[{}], name="hoso_20240604.ndjson"), complete=False)
    assert failed(settings) == set()


def test_the_message_names_the_file(settings: Settings) -> None:
    with connect_build(settings) as con:
        con.execute("update validated.files set rows_read = 9 where kind = 'progress'")
    messages = {identity.name: identity.message("vi") for identity in identities(settings) if not identity.ok}
    assert "tiendo_20240601.ndjson" in messages["rows_of_files"]
