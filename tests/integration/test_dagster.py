# ruff: noqa: TID251  (the wiring of Dagster is what is tested here)
"""The whole chain through Dagster, on the worked examples, with a real persistent instance. Nothing is mocked.

One night is run once and copied: a warehouse is a folder and may be moved.
"""

import csv
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from pipelines.config import Settings, load_settings
from pipelines.contract import KINDS
from pipelines.landing.lake import Lake
from pipelines.layout import REPOSITORY
from pipelines.masking import masked_foreign
from pipelines.orchestration import failures, jobs, sensors
from pipelines.orchestration.assets.exports import EXPORT_DAYS, EXPORTS, landed_key
from pipelines.orchestration.assets.publication import PUBLICATION
from pipelines.orchestration.assets.validation import QUARANTINE, SPLIT_AGREES
from pipelines.orchestration.checks import ACCOUNTING, REPLACEMENT
from pipelines.orchestration.definitions import build_definitions
from pipelines.orchestration.instance import TEMPLATE, open_instance, prepare_home
from pipelines.orchestration.record import read_record
from pipelines.orchestration.resources import LOCK_TAG
from pipelines.orchestration.runner import run_backfill, run_nightly
from pipelines.portal.discovery import unseen
from warehouse.lock import LockHeldError, run_lock
from warehouse.publish import current

pytestmark = pytest.mark.integration

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples"
KEY = "0123456789abcdef-for-tests"


def settings_for(folder: Path, **flags: Any) -> Settings:
    flags = {"drop_zone": str(folder / "inbox"), "warehouse": folder / "warehouse", "privacy_key": KEY} | flags
    return load_settings(**flags)


@pytest.fixture(autouse=True)
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """DAGSTER_HOME defaults into each test's own warehouse."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(scope="module")
def first_nightly_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the worked examples as drop zone and the warehouse after one night."""
    folder = tmp_path_factory.mktemp("night")
    shutil.copytree(EXAMPLES / "inbox", folder / "inbox")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        outcome = run_nightly(settings_for(folder))
    assert outcome.exit_code == 3, outcome.problems
    return folder


@pytest.fixture
def nightly_run(first_nightly_run: Path, tmp_path: Path) -> Path:
    """A copy of the first nightly run, to be changed by one test."""
    shutil.copytree(first_nightly_run, tmp_path / "night", symlinks=True)
    return tmp_path / "night"


def version_of(settings: Settings) -> str | None:
    published = current(settings)
    return published.version if published else None


def new_dossiers(folder: Path, name: str = "hoso_20240610.ndjson", code: str = "H39.18.25-240603-0901") -> Path:
    """A small valid export after those of the worked examples."""
    path = folder / "inbox" / "dvcqg" / "dossiers" / name
    record = {
        "MaHoSo": code,
        "MaTTHC": "1.001193",
        "NgayTiepNhan": "20240603080000",
        "NgayHenTra": "20240607170000",
        "TrangThaiHoSo": "4",
    }
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    return path


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real HTTP server that keeps what is posted to it."""
    notices: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            notices.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/secret-token", notices
    finally:
        server.shutdown()
        server.server_close()


def steps_started(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    events = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_START).records
    return [str(record.event_log_entry.step_key) for record in events]


# ---- the definitions ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(settings_for(tmp_path_factory.mktemp("definitions")))


def test_lineage_goes_from_the_drop_zone_to_the_publication(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()

    def parents(*path: str) -> set[str]:
        return {key.to_user_string() for key in graph.get(dg.AssetKey(list(path))).parent_keys}

    assert parents("landed", "dossiers") == {"exports"}
    assert parents("validated", "dossiers") == {"landed/dossiers", "export_days"}
    assert parents("intermediate", "int_dossier_history") == {"validated/dossiers"}
    assert parents("marts", "mart_load_ledger") == {"ledger", "validated/attention"}
    assert parents("marts", "mart_quarantine") == {"quarantine"}
    marts = {key.to_user_string() for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert len(marts) > 15
    assert marts <= parents("publication")
    # Nothing hangs in the air: without parents are only the exports, the seeds, the rule catalogue and the calendar.
    roots = {key for key in graph.get_all_asset_keys() if not graph.get(key).parent_keys}
    assert {key.path[0] for key in roots} == {"exports", "export_days", "seeds", "state"}


def test_every_asset_has_a_group_and_a_description(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    bare = [k.to_user_string() for k in graph.get_all_asset_keys() if not (graph.get(k).description or "").strip()]
    assert bare == []
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups == {"backfill", "landing", "validation", "seeds", "intermediate", "marts", "reports", "publication"}


def test_every_check_between_input_and_publication_blocks_except_rejections(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key for key in graph.asset_check_keys if graph.get(key).blocking}
    names = {key.name for key in blocking}
    assert {SPLIT_AGREES, ACCOUNTING, REPLACEMENT} <= names
    assert sum(key.asset_key.path[0] in ("marts", "intermediate") for key in blocking) > 20  # dbt tests
    rejecting = {
        key.name for key in graph.asset_check_keys if key.asset_key == QUARANTINE and key.name.startswith("REJ_")
    }
    assert len(rejecting) == 10  # portal-exports §6
    assert not rejecting & names


def test_the_nightly_job_is_one_click_and_only_the_backfill_asks_for_days(definitions: dg.Definitions) -> None:
    """Nothing of the nightly job has partitions, so a click cannot pick one and read nothing."""
    graph = definitions.resolve_asset_graph()
    nightly, backfill = (definitions.resolve_job_def(name) for name in (jobs.NIGHTLY, jobs.BACKFILL))
    assert nightly.partitions_def is None
    assert EXPORT_DAYS not in nightly.asset_layer.executable_asset_keys
    assert {key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned} == {EXPORT_DAYS}
    assert backfill.partitions_def is not None
    assert backfill.partitions_def.get_first_partition_key() == "2019-12-09"
    assert EXPORTS not in backfill.asset_layer.executable_asset_keys
    assert set(nightly.asset_layer.executable_asset_keys) - set(backfill.asset_layer.executable_asset_keys) == {
        EXPORTS,
        *(landed_key(kind) for kind in KINDS),
    }


def test_every_asset_says_who_is_responsible(tmp_path: Path) -> None:
    graph = build_definitions(settings_for(tmp_path, owners=["team:so-khcn"])).resolve_asset_graph()
    assert {tuple(graph.get(key).owners) for key in graph.materializable_asset_keys} == {("team:so-khcn",)}


def test_backfills_are_single_runs_and_the_schedule_is_nightly(definitions: dg.Definitions) -> None:
    assert definitions.resolve_job_def(jobs.BACKFILL).backfill_policy == dg.BackfillPolicy.single_run()
    schedule = definitions.resolve_schedule_def("nightly_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 1 * * *", "Asia/Ho_Chi_Minh")
    at = datetime(2024, 6, 1, 18, 30, tzinfo=UTC)  # 01:30 of 2 June in Vietnam
    with dg.DagsterInstance.ephemeral() as instance:
        tick = schedule.evaluate_tick(dg.build_schedule_context(instance, scheduled_execution_time=at))
    assert [request.partition_key for request in tick.run_requests or ()] == [None]


def test_workspace_opens_from_the_repository_root(tmp_path: Path) -> None:
    environment = os.environ | {
        "DUNGHAN_WAREHOUSE": str(tmp_path / "warehouse"),
        "DUNGHAN_DROP_ZONE": str(tmp_path / "inbox"),
        "DAGSTER_HOME": str(prepare_home(settings_for(tmp_path))),
    }
    validate = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
    done = subprocess.run(
        validate, check=False, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]


# ---- nightly runs
# ---------------------------------------------------------------------------------------------------------


def test_first_nightly_run_publishes_and_tells_what_it_did(first_nightly_run: Path) -> None:
    assert Path.cwd() == Path(__file__).parents[2]  # whatever dbt did in this process
    settings = settings_for(first_nightly_run)
    record = read_record(settings)
    assert record is not None
    assert (record.outcome, record.job, record.version) == ("published", jobs.NIGHTLY, version_of(settings))
    with (EXAMPLES / "expected_ledger.csv").open(encoding="utf-8") as file:
        expected = {(r["file"], int(r["rows_read"]), int(r["rows_quarantined"])) for r in csv.DictReader(file)}
    assert {(f["file_name"], f["rows_read"], f["rows_quarantined"]) for f in record.files} == expected
    assert record.reasons["REJ_BAD_STATUS"] == 2

    with open_instance(settings) as instance:
        run = instance.get_run_by_id(record.run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.SUCCESS
        assert run.tags["user"] == "dunghan run"  # "launched by" in the UI
        event = instance.get_latest_materialization_event(PUBLICATION)
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["version"].value == record.version
        partitions = instance.get_materialized_partitions(EXPORT_DAYS)
        assert partitions == {"2024-01-01", "2024-04-20", "2024-06-01", "2024-06-05"}
        evaluations = {
            e.check_name: e
            for r in instance.get_records_for_run(
                record.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
            ).records
            if (e := r.event_log_entry.get_dagster_event().asset_check_evaluation_data)
        }
    rejected = evaluations["REJ_BAD_STATUS"]
    assert (rejected.passed, rejected.severity, rejected.metadata["hits"].value) == (
        False,
        dg.AssetCheckSeverity.WARN,
        2,
    )
    assert evaluations[SPLIT_AGREES].passed
    compared = evaluations[SPLIT_AGREES].metadata["compared"].value
    assert isinstance(compared, int) and compared > 10
    assert evaluations[ACCOUNTING].passed
    assert sum(name.startswith("sound_rows") for name in evaluations) > 5  # dbt tests came through


def test_a_nightly_run_with_nothing_new_keeps_the_version_and_is_silent(
    nightly_run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(nightly_run)
    before = version_of(settings)
    outcome = run_nightly(settings)
    assert (outcome.exit_code, outcome.version, outcome.problems) == (0, before, [])
    assert outcome.summary is not None
    assert outcome.summary.outcome == "kept"
    assert capfd.readouterr() == ("", "")
    with duckdb.connect(str(settings.layout.build_db), read_only=True) as con:
        assert con.sql("select count(*) from state.builds").fetchone() == (1,)  # no build was begun
    with open_instance(settings) as instance:
        records = instance.fetch_materializations(PUBLICATION, limit=10).records
    assert len(records) == 2  # the publication counts as fresh
    # … and as made of all models, as before: else it is called stale.
    made_of = [
        {tag for tag in record.asset_materialization.tags or {} if "input_data_version" in tag}
        for record in records
        if record.asset_materialization
    ]
    assert made_of[0] == made_of[1]
    assert any(tag.endswith("/fct_dossiers") for tag in made_of[0])


def test_a_nightly_run_with_nothing_new_waits_for_no_library_of_the_build(nightly_run: Path) -> None:
    """They take half of its time (docs/performance.md)."""
    of_the_build = {"dagster_dbt", "dbt", "great_expectations", "pandas", "dlt"}
    code = (
        "import sys\nfrom pipelines.cli import main\n"
        "try: main(['run'])\nexcept SystemExit as end: print(end.code or 0, end=' ')\n"
        f"else: print(0, end=' ')\nprint(sorted({of_the_build!r} & set(sys.modules)))"
    )
    where = {
        "DUNGHAN_WAREHOUSE": str(nightly_run / "warehouse"),
        "DUNGHAN_DROP_ZONE": str(nightly_run / "inbox"),
        "DUNGHAN_PRIVACY_KEY": KEY,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | where, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout + done.stderr


@pytest.mark.slow
def test_force_builds_and_publishes_again(nightly_run: Path) -> None:
    settings = settings_for(nightly_run)
    before = current(settings)
    outcome = run_nightly(settings, force=True)
    after = current(settings)
    assert outcome.exit_code == 0, outcome.problems
    assert before and after and after.version != before.version
    hashes = [{name: mart["content_hash"] for name, mart in p.manifest["marts"].items()} for p in (before, after)]
    assert hashes[0] == hashes[1]


@pytest.mark.slow
def test_a_bad_file_is_told_and_does_not_stop_the_nightly_run(nightly_run: Path) -> None:
    settings = settings_for(nightly_run)
    before = version_of(settings)
    (nightly_run / "inbox" / "dvcqg" / "dossiers" / "hoso_20240611.json").write_bytes(b"\x00\x01 not an export")
    new_dossiers(nightly_run)
    outcome = run_nightly(settings)
    assert outcome.exit_code == 3, outcome.problems
    assert outcome.version not in (None, before)
    assert outcome.summary is not None
    status = {file["file_name"]: (file["status"], file["reason"]) for file in outcome.summary.files}
    assert status["hoso_20240611.json"] == ("rejected", "REJ_FILE_UNREADABLE")
    assert status["hoso_20240610.ndjson"][0] == "loaded"


def test_a_red_audit_publishes_nothing_and_is_told_once(nightly_run: Path) -> None:
    with webhook() as (url, notices):
        settings = settings_for(nightly_run, webhook_url=url)
        before = version_of(settings)
        new_dossiers(nightly_run)
        # A row that was accepted vanishes behind the ledger's back: portal-exports §6 does not add up any more.
        with duckdb.connect(str(settings.layout.build_db)) as con:
            con.execute("delete from validated.procedures")
        outcome = run_nightly(settings)
        assert outcome.exit_code == 1
        assert outcome.version == before == version_of(settings)
        assert any("accepted_procedures" in p or "procedures" in p for p in outcome.problems), outcome.problems
        with open_instance(settings) as instance:
            started = steps_started(instance, outcome.run_id)
            assert "publication" not in started
            assert started.count("audit") <= 1  # red is not tried again
            run = instance.get_run_by_id(outcome.run_id)
            assert run is not None
            assert run.status == dg.DagsterRunStatus.FAILURE
        assert [notice["run_id"] for notice in notices] == [outcome.run_id]
        assert "secret-token" not in json.dumps(notices) + settings.layout.last_run.read_text(encoding="utf-8")


@pytest.mark.slow
def test_great_expectations_counting_otherwise_stops_the_nightly_run(
    nightly_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expectations import predicates

    settings = settings_for(nightly_run)
    before = version_of(settings)
    new_dossiers(nightly_run)
    real = predicates.violations

    def off_by_one(rule: Any, kind: Any, marks: str) -> str:
        query = real(rule, kind, marks)
        return f"{query} union all select 'a', 'b', 1" if rule.id == "REJ_NO_CODE" else query

    monkeypatch.setattr(predicates, "violations", off_by_one)
    outcome = run_nightly(settings)
    assert (outcome.exit_code, version_of(settings)) == (1, before)
    with open_instance(settings) as instance:
        assert steps_started(instance, outcome.run_id) == ["landing", "validation"]
    monkeypatch.undo()
    assert run_nightly(settings).exit_code == 0  # nothing of the stopped nightly run is in the way


@pytest.mark.slow
def test_publication_needs_the_whole_build_and_its_audit(nightly_run: Path) -> None:
    """Somebody picks models and the publication in the UI, without the checks: refused."""
    settings = settings_for(nightly_run)
    before = version_of(settings)
    definitions = build_definitions(settings)
    models = dg.AssetSelection.groups("marts", "reports", "intermediate", "seeds", "publication")
    partial = dg.define_asset_job("partial", models - dg.AssetSelection.all_asset_checks())
    job = dg.Definitions.merge(definitions, dg.Definitions(jobs=[partial])).resolve_job_def("partial")
    with open_instance(settings) as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config={"loggers": {"file": {}}})
    assert not result.success
    assert version_of(settings) == before
    record = read_record(settings)
    assert record is not None
    assert record.outcome == "failed"
    assert "nightly_job" in record.problems[0]


# ---- one at a time --------------------------------------------------------------------------------------------------


def test_a_second_run_is_refused_however_it_is_started(nightly_run: Path) -> None:
    settings = settings_for(nightly_run)
    job = build_definitions(settings).resolve_job_def(jobs.NIGHTLY)
    with run_lock(settings):
        with pytest.raises(LockHeldError):
            run_nightly(settings)
        with open_instance(settings) as instance:
            result = job.execute_in_process(instance=instance, raise_on_error=False)
            assert not result.success
            assert steps_started(instance, result.run_id) == []


@pytest.mark.slow
def test_a_run_of_the_daemon_behaves_like_the_command(nightly_run: Path) -> None:
    """`dagster job execute` runs in a process of its own with the plain executor, as the daemon's launcher does."""
    settings = settings_for(nightly_run)
    before = version_of(settings)
    new_dossiers(nightly_run)
    environment = os.environ | {
        "DUNGHAN_WAREHOUSE": str(settings.warehouse),
        "DUNGHAN_DROP_ZONE": settings.drop_zone,
        "DUNGHAN_PRIVACY_KEY": KEY,
        "DAGSTER_HOME": str(settings.layout.dagster_home),
    }
    execute = [sys.executable, "-m", "dagster", "job", "execute", "-m", "pipelines.definitions", "-j", jobs.NIGHTLY]
    done = subprocess.run(
        execute, check=False, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    record = read_record(settings)
    assert record is not None
    assert (record.outcome, record.version) == ("published", version_of(settings))
    assert record.version != before


def test_a_killed_run_is_marked_as_failed_and_told_by_the_next(nightly_run: Path) -> None:
    with webhook() as (url, notices):
        settings = settings_for(nightly_run, webhook_url=url)
        with open_instance(settings) as instance:
            job = build_definitions(settings).resolve_job_def(jobs.NIGHTLY)
            dead = instance.create_run_for_job(job, tags={LOCK_TAG: "held"}, status=dg.DagsterRunStatus.STARTED)
        assert run_nightly(settings).exit_code == 0
    assert [notice["run_id"] for notice in notices] == [dead.run_id]
    with open_instance(settings) as instance:
        buried = instance.get_run_by_id(dead.run_id)
        assert buried is not None
        assert buried.status == dg.DagsterRunStatus.FAILURE


def test_the_instance_is_quiet_one_at_a_time_and_the_administrators(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with open_instance(settings) as instance:
        assert not instance.telemetry_enabled
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None and queue.max_concurrent_runs == 1
    config = settings.layout.dagster_home / "dagster.yaml"
    assert config.read_text(encoding="utf-8") == TEMPLATE
    config.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    prepare_home(settings)
    assert config.read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"


# ---- partitions -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_old_exports_backfilled_after_new_ones_give_the_same_marts(tmp_path: Path, first_nightly_run: Path) -> None:
    """timeliness §1: a range is one run; whatever order the ranges come in, the same history and the same figures."""
    shutil.copytree(EXAMPLES / "inbox", tmp_path / "inbox")
    settings = settings_for(tmp_path)
    newest = run_backfill(settings, date(2024, 6, 2), date(2024, 6, 30))
    assert newest.summary is not None
    assert [file["file_name"] for file in newest.summary.files] == ["hoso_20240605.json"]
    waiting = unseen(settings, Lake(settings).known(), (date(2024, 1, 1), date(2024, 6, 1)))
    assert len(waiting) == 4

    older = run_backfill(settings, date(2024, 1, 1), date(2024, 6, 1))
    assert older.summary is not None
    assert (older.summary.outcome, len(older.summary.files)) == ("published", 4)
    assert not unseen(settings, Lake(settings).known())
    with open_instance(settings) as instance:
        done = instance.get_materialized_partitions(EXPORT_DAYS)
        runs = instance.get_runs()
    assert (min(done), max(done), len(done)) == ("2024-01-01", "2024-06-30", 182)
    assert [run.job_name for run in runs] == [jobs.BACKFILL] * 2
    marts = [
        {name: mart["content_hash"] for name, mart in published.manifest["marts"].items()}
        for where in (settings, settings_for(first_nightly_run))
        if (published := current(where))
    ]
    assert marts[0] == marts[1]


# ---- what is tried again --------------------------------------------------------------------------------------------


class Flaky(LocalFileSystem):
    """A drop zone on a network that is away for the first looks."""

    protocol = "flaky"
    refusals = 0

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix("flaky://"))

    def _refuse(self) -> None:
        if Flaky.refusals > 0:
            Flaky.refusals -= 1
            raise ConnectionResetError("connection reset by peer: 'Nguyễn Văn A'")

    def find(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()
        return super().find(*args, **kwargs)

    def ls(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()
        return super().ls(*args, **kwargs)

    def walk(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()
        return super().walk(*args, **kwargs)

    def glob(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()
        return super().glob(*args, **kwargs)


def run_with_short_delays(settings: Settings) -> tuple[dg.ExecuteInProcessResult, list[str], list[str]]:
    job = build_definitions(settings, retry_delay=0.1).resolve_job_def(jobs.NIGHTLY)
    with open_instance(settings) as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config={"loggers": {"file": {}}})
        restarted = instance.get_records_for_run(result.run_id, of_type=dg.DagsterEventType.STEP_RESTARTED).records
        texts = [record.event_log_entry.to_json() for record in instance.get_records_for_run(result.run_id).records]
    return result, [str(record.event_log_entry.step_key) for record in restarted], texts


def test_a_network_that_comes_back_is_waited_for(nightly_run: Path) -> None:
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    Flaky.refusals = 2
    settings = settings_for(nightly_run, drop_zone=f"flaky://{nightly_run}/inbox")
    result, restarted, texts = run_with_short_delays(settings)
    assert result.success
    assert restarted == ["landing", "landing"]
    assert not any("Nguyễn" in text or "Nguy\\u1ec5n" in text for text in texts)  # no value reaches the event log


def test_what_waiting_cannot_mend_is_not_tried_again(nightly_run: Path) -> None:
    settings = settings_for(nightly_run)
    settings.layout.build_db.write_bytes(b"this is no database, whatever one does" * 1000)
    result, restarted, _ = run_with_short_delays(settings)
    assert not result.success
    assert restarted == []


def test_another_privacy_key_lands_nothing(nightly_run: Path) -> None:
    settings = settings_for(nightly_run, privacy_key="another-key-0123456789")
    new_dossiers(nightly_run)
    result, restarted, _ = run_with_short_delays(settings)
    assert not result.success
    assert restarted == []
    record = read_record(settings)
    assert record is not None
    assert "DUNGHAN_PRIVACY_KEY" in record.problems[0]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectionResetError("x"), True),
        (TimeoutError("x"), True),
        (OSError(5, "Input/output error"), True),
        (OSError(28, "No space left on device"), False),
        (FileNotFoundError(2, "No such file"), False),
        (PermissionError(13, "Permission denied"), False),
        (ValueError("x"), False),
        (duckdb.ConversionException("x"), False),
    ],
)
def test_only_passing_errors_are_tried_again(error: Exception, again: bool) -> None:
    with pytest.raises(dg.Failure) as caught, failures.as_dagster_failure():
        raise RuntimeError("wrapped") from error
    assert caught.value.allow_retries is again


def test_texts_of_libraries_are_masked() -> None:
    text = masked_foreign(
        """can't be 'Nguyễn Văn A' in "NgayHenTra" of "hoso_2024.json": 079123456789 a.b@c.vn 'x y' H39-240101-00012"""
    )
    assert text == """can't be '***' in "NgayHenTra" of "hoso_2024.json": *** *** '***' H39-240101-00012"""


# ---- sensors --------------------------------------------------------------------------------------------------------


def test_new_files_are_loaded_once_they_hold_still(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "inbox", tmp_path / "inbox")
    sensor = sensors.new_files(settings_for(tmp_path))
    cursor = None

    def tick() -> list[str | None]:
        nonlocal cursor
        with dg.DagsterInstance.ephemeral() as instance:
            data = sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=cursor))
        cursor = data.cursor
        return [request.run_key for request in data.run_requests or []]

    assert tick() == []  # just arrived: perhaps still being copied
    (first,) = tick()
    assert tick() == []  # asked for already
    path = new_dossiers(tmp_path)
    assert tick() == []
    path.write_text(path.read_text(encoding="utf-8") * 2, encoding="utf-8")
    assert tick() == []  # it grew
    (second,) = tick()
    assert first != second
    assert tick() == []


def test_files_that_keep_coming_do_not_put_the_run_off_for_ever() -> None:
    cursor = sensors.Cursor()
    asked = []
    for n in range(sensors.PATIENCE):
        cursor, key = sensors.next_cursor(cursor, f"listing {n}")
        asked.append(key is not None)
    assert asked == [False] * (sensors.PATIENCE - 1) + [True]


def test_failures_of_the_daemon_are_told_and_those_told_already_are_not(tmp_path: Path) -> None:
    with webhook() as (url, notices):
        settings = settings_for(tmp_path, webhook_url=url)
        sensor = sensors.failed_runs(settings)

        @dg.op
        def breaks() -> None:
            raise dg.Failure("hỏng / broken", allow_retries=False)

        @dg.job
        def broken() -> None:
            breaks()

        with open_instance(settings) as instance:
            for tags in ({}, {failures.NOTIFIED_TAG: "yes"}):
                result = broken.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
                context = dg.build_run_status_sensor_context(
                    sensor_name="failed_runs",
                    dagster_event=result.get_run_failure_event(),
                    dagster_instance=instance,
                    dagster_run=result.dagster_run,
                ).for_run_failure()
                sensor(context)
                if not tags:
                    told = result.run_id
        assert [(notice["run_id"], notice["problems"]) for notice in notices] == [(told, ["breaks: hỏng / broken"])]


def test_the_publication_grows_stale_after_a_day_and_a_bit(definitions: dg.Definitions) -> None:
    policy: Any = definitions.resolve_asset_graph().get(PUBLICATION).freshness_policy
    assert policy is not None
    assert (
        timedelta(hours=24)
        < policy.warn_window.to_timedelta()
        < policy.fail_window.to_timedelta()
        < timedelta(hours=36)
    )
