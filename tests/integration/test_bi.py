"""Superset in an environment of its own: the bundle is imported, every chart has rows, nothing else can be read.

`make test-bi`. DUNGHAN_BI_VENV names an environment that has it already; otherwise it is installed for the test.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

from pipelines.layout import REPOSITORY
from pipelines.samples import LocalSystem, district_2024, generate
from pipelines.serving.bi import bundle
from pipelines.serving.catalogue import marts
from pipelines.serving.measures import PARTS
from tests.support.command import dunghan
from tests.support.postgres import server

pytestmark = pytest.mark.bi

SUPERSET = REPOSITORY / "warehouse" / "bi" / "superset"
DATASETS = {made["table_name"]: made for path, made in bundle("vi").items() if path.startswith("datasets/")}
ADMIN = "chỉ để thử: 'p@ss'"
READER = "r%ead/er"
DISTORTIONS = district_2024().distortions.model_copy(update={"due_moved_late": 0.5})  # some for every list
SPEC = district_2024(
    dossiers=3000,
    distortions=DISTORTIONS,
    not_accepted=4,
    refused=3,
    local_system=LocalSystem(unsynchronised=6, only_portal=0.02, late=0.5, due_differs=0.03, report_extra=2),
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with Superset."""
    if given := os.environ.get("DUNGHAN_BI_VENV"):
        return Path(given) / "bin" / "python"
    folder = tmp_path_factory.mktemp("superset") / "venv"
    found = folder / "bin" / "python"
    pip = [str(found), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(SUPERSET / "requirements.txt")]
    for command in ([sys.executable, "-m", "venv", str(folder)], pip):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"Superset cannot be installed here: {done.stderr[-300:]}")
    return found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bi")
    inbox = generate(SPEC, folder).inbox
    dunghan(folder / "warehouse", "run", inbox=inbox, expect=(0, 3))
    return folder / "warehouse"


class Client:
    """Who is signed in at the programming interface."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.headers: dict[str, str] = {}

    def call(self, path: str, body: object = None) -> tuple[int, Any]:
        """Status and answer of a request: a POST when there is a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({} if data is None else {"Content-Type": "application/json"})
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
        try:
            with self.opener.open(request, timeout=120) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def sign_in(self) -> None:
        asked = {"username": "admin", "password": ADMIN, "provider": "db"}
        status, answer = self.call("/api/v1/security/login", asked)
        assert status == 200, answer
        self.headers["Authorization"] = f"Bearer {answer['access_token']}"
        self.headers["X-CSRFToken"] = self.call("/api/v1/security/csrf_token/")[1]["result"]
        self.headers["Referer"] = self.base

    def question(self, chart: int, source: str | None) -> dict[str, Any]:
        """What a chart asks, with the source that is chosen on its dashboard."""
        question: dict[str, Any] = json.loads(self.call(f"/api/v1/chart/{chart}")[1]["result"]["query_context"])
        if source:
            for query in question["queries"]:
                query["filters"].append({"col": "source_name", "op": "==", "val": source})
        return question


@contextmanager
def started(python: Path, home: Path, **where: str) -> Iterator[Client]:
    """Superset as `make bi` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = where | {"DUNGHAN_BI_HOME": str(home), "DUNGHAN_BI_PASSWORD": ADMIN, "DUNGHAN_BI_PORT": str(port)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DUNGHAN_", "PYTHON"))}
    with (home.parent / "superset.log").open("a+", encoding="utf-8") as log:
        command = ["nice", "-n", "5", str(python), str(SUPERSET / "start.py")]
        process = subprocess.Popen(command, env=kept | given, stdout=log, stderr=subprocess.STDOUT)
        try:
            client = Client(port)
            deadline = time.monotonic() + 300
            while True:
                try:
                    client.opener.open(f"{client.base}/health", timeout=5).close()
                    break
                except OSError:
                    log.seek(0)
                    assert process.poll() is None and time.monotonic() < deadline, log.read()[-3000:]
                    time.sleep(1)
            client.sign_in()
            yield client
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder for both databases, as on a machine that changes over."""
    return tmp_path_factory.mktemp("state") / "home"


@pytest.fixture(scope="module")
def on_duckdb(python: Path, warehouse: Path, home: Path) -> Iterator[Client]:
    with started(python, home, DUNGHAN_WAREHOUSE=str(warehouse)) as client:
        yield client


def charts(client: Client) -> dict[str, int]:
    """Name → id of every chart."""
    return {found["slice_name"]: found["id"] for found in client.call("/api/v1/chart/?q=(page_size:100)")[1]["result"]}


def every_chart_has_rows(client: Client) -> None:
    found = charts(client)
    assert len(found) == len(list((SUPERSET / "bundle" / "charts").glob("*.yaml")))
    wrong = {}
    for name, chart in found.items():
        between = "Một cửa và Cổng" in name  # of both systems: it has no source
        question = client.question(chart, None if between else "Cổng Dịch vụ công quốc gia")
        status, answer = client.call("/api/v1/chart/data", question)
        if status != 200 or not answer["result"][0]["rowcount"]:
            wrong[name] = status, str(answer)[:500]
            continue
        if any(set(row.values()) == {None} for row in answer["result"][0]["data"]):
            wrong[name] = status, "nothing but nulls"
        if (status := client.call(f"/api/v1/chart/{chart}/data/")[0]) != 200:
            wrong[name] = status, "by its id"
    assert not wrong


def test_every_chart_has_rows_on_duckdb(on_duckdb: Client) -> None:
    every_chart_has_rows(on_duckdb)


def test_figures_are_those_of_the_mart_and_never_of_two_sources(on_duckdb: Client, warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "published" / "dunghan.duckdb"), read_only=True) as con:
        received = dict(con.sql("select source, sum(received) from marts.mart_agency_scorecard group by 1").fetchall())
    chart = charts(on_duckdb)["Hồ sơ tiếp nhận"]

    def shown(source: str | None) -> object:
        return on_duckdb.call("/api/v1/chart/data", on_duckdb.question(chart, source))[1]["result"][0]["data"]

    assert len(received) > 1
    assert shown("Cổng Dịch vụ công quốc gia") == [{"sum__received": received["dvcqg"]}]
    assert shown(None) == [{"sum__received": None}]


def test_names_of_codes_neither_add_nor_lose_rows(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "published" / "dunghan.duckdb"), read_only=True) as con:
        for made in DATASETS.values():
            rows = con.table(f"marts.{made['table_name']}").count("*").fetchone()
            assert made["sql"] is None or con.sql(made["sql"]).count("*").fetchone() == rows, made["table_name"]


def test_a_rate_of_sums_is_the_rate_of_the_mart_on_each_of_its_rows(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "published" / "dunghan.duckdb"), read_only=True) as con:
        for mart, rates in PARTS.items():
            (metric,) = [made for made in DATASETS[mart]["metrics"] if made["metric_name"].startswith("rate__")]
            (rate,) = rates
            key = ", ".join(marts()[mart].key)
            other = f"select {metric['expression']} as anew, any_value({rate}) as kept from marts.{mart} group by {key}"
            off = 0.00501 if rate == "ratio" else 1e-9  # rates in per cent are rounded to two places in the mart
            differs = f"abs(anew - kept) > {off} or (anew is null) != (kept is null)"
            wrong = f"select count(*) from ({other}) where {differs}"
            assert con.sql(wrong).fetchone() == (0,), mart


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{file}')",
        "select * from '{file}'",
        "attach '{folder}/other.duckdb' as other",
        "copy (select 1) to '{folder}/written.csv'",
        "set enable_external_access = true",
        "create table marts.mine as select 1 as a",
    ],
)
def test_sql_reaches_nothing_but_the_marts(on_duckdb: Client, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nkhông-được-đọc\n", encoding="utf-8")
    (database,) = on_duckdb.call("/api/v1/database/")[1]["result"]

    def run(statement: str) -> tuple[int, Any]:
        asked = {"database_id": database["id"], "schema": "marts", "sql": statement, "runAsync": False}
        return on_duckdb.call("/api/v1/sqllab/execute/", asked | {"client_id": os.urandom(5).hex()})

    status, answer = run("select count(*) as n from marts.dim_verdict")
    assert status == 200 and answer["data"] == [{"n": 7}], answer
    status, answer = run(sql.format(file=secret, folder=tmp_path))
    assert status != 200 and "không-được-đọc" not in str(answer), answer
    assert list(tmp_path.iterdir()) == [secret]


def test_what_is_kept_is_for_its_owner_and_without_the_password(on_duckdb: Client, home: Path) -> None:
    assert stat.S_IMODE((home / "secret.key").stat().st_mode) == 0o600
    assert len((home / "secret.key").read_text(encoding="utf-8")) > 40
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert all(ADMIN.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_a_new_publication_shows_with_the_next_question(on_duckdb: Client, warehouse: Path) -> None:
    """The symlink moves on, as publishing does; nothing is started anew, nothing comes from before."""
    published = warehouse / "published"
    old = str((published / "current").readlink())
    new = published / "versions" / "another"
    shutil.copytree(published / "current", new)
    with duckdb.connect(str(new / "dunghan.duckdb")) as con:
        con.execute("delete from marts.mart_waiting_acceptance")
    question = on_duckdb.question(charts(on_duckdb)["Chờ tiếp nhận"], "Cổng Dịch vụ công quốc gia")

    def waiting() -> int:
        return int(on_duckdb.call("/api/v1/chart/data", question)[1]["result"][0]["data"][0]["count__rows"] or 0)

    def switch(target: str) -> None:
        (published / "next").symlink_to(target)
        (published / "next").replace(published / "current")

    before = waiting()
    switch(os.path.relpath(new, published))
    try:
        assert (before > 0, waiting()) == (True, 0)
    finally:
        switch(old)
    assert waiting() == before


def test_nobody_reads_without_signing_in(on_duckdb: Client) -> None:
    stranger = Client(int(on_duckdb.base.rpartition(":")[2]))
    assert stranger.call("/api/v1/chart/1/data/")[0] in (401, 403)


def test_every_chart_has_rows_on_postgres(python: Path, warehouse: Path, home: Path, on_duckdb: Client) -> None:
    """In the same state folder after DuckDB: the one database changes its address."""
    with server() as pg:
        dunghan(warehouse, "publish", "--postgres", pg.dsn(), expect=(0, 3))
        with pg.connect() as con:
            con.execute(f"create role bi_reader login password '{READER}' in role dunghan_reader")
        with started(python, home, DUNGHAN_BI_DSN=pg.dsn("bi_reader", READER)) as client:
            (database,) = client.call("/api/v1/database/")[1]["result"]
            assert database["backend"] == "postgresql"
            kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
            assert READER.encode() not in kept and quote(READER, safe="").encode() not in kept
            every_chart_has_rows(client)
