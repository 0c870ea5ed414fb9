"""The SQL of the dbt project as dbt compiled it, for whoever runs the rules on a few rows without dbt.

What dbt compiles does not depend on the data, the clocks (they are a table) or the warehouse, so it is compiled once
per state of the project and kept as one JSON file in the warehouse's dbt folder. A full refresh compiles everything
anyway, and a changed project always brings one: the nightly run keeps what it compiled (`keep`). Who comes before that
run compiles for himself, which takes some seconds. Importing this imports no dbt.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT
from pipelines.sql import literal
from warehouse.build import project_hash
from warehouse.dbt_process import DbtRunError, run_dbt

_COMPILE = ("compile", "--full-refresh", "--select", "resource_type:model")
_COMPILERS = ("dbt-core", "dbt-duckdb")


class CompileError(Exception):
    """The dbt project cannot be compiled. The message holds dbt's own words."""


@dataclass(frozen=True)
class Model:
    """One model as a full refresh builds it: `sql` is a select, `depends_on` are names of models and seeds."""

    name: str
    schema: str
    materialized: str
    sql: str
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class Seed:
    """One seed: its CSV file (in the project as it lies on disk) and the column types the project names."""

    name: str
    schema: str
    file: str
    column_types: dict[str, str]

    @property
    def relation(self) -> str:
        """SQL text for FROM: the rows of the file."""
        types = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in self.column_types.items())
        return f"read_csv({literal(DBT_PROJECT / self.file)}, header = true, auto_detect = true, types = {{{types}}})"


@dataclass(frozen=True)
class CompiledProject:
    """Models and seeds by name. `database`: the catalog that the SQL names; whoever runs it calls his so."""

    database: str
    models: dict[str, Model]
    seeds: dict[str, Seed]

    def needed(self, wanted: Iterable[str]) -> tuple[list[Seed], list[Model]]:
        """`wanted` and what it is made from; models in building order.

        Raises KeyError for a name that the project does not have.
        """
        graph: dict[str, tuple[str, ...]] = {}
        queue = list(wanted)
        while queue:
            name = queue.pop()
            if name in graph:
                continue
            graph[name] = () if name in self.seeds else self.models[name].depends_on
            queue += graph[name]
        order = list(TopologicalSorter(graph).static_order())
        return [self.seeds[n] for n in order if n in self.seeds], [self.models[n] for n in order if n in self.models]


def compiled_models(settings: Settings, progress: Callable[[str], None] | None = None) -> CompiledProject:
    """The project of today, compiled. Runs `dbt compile` (no database, no network) if nobody has yet.

    progress: called before that, for it takes some seconds. Raises CompileError when dbt cannot, or the warehouse may
    not be written to.
    """
    path = _place(settings)
    # One that is damaged is made again, like one that is not there.
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        return _read(path)
    with contextlib.suppress(OSError):
        path.unlink()
    if progress is not None:
        progress("Chuẩn bị quy tắc" if settings.lang != "en" else "Preparing the rules")
    try:
        _compile(settings, path)
    except OSError as error:
        raise CompileError(
            f"Không ghi được vào kho; hãy để người chạy `dunghan run` gọi lệnh này một lần: {error.strerror}\n"
            f"The warehouse cannot be written to; let whoever does `dunghan run` call this once: {error.strerror}"
        ) from None
    return _read(path)


def keep(settings: Settings, target: Path) -> bool:
    """Keep what the dbt invocation that just ended left in `target`, if it was a full refresh of every model.

    Returns whether the warehouse now has the compiled project of today. The caller holds the lock of the run.
    """
    path = _place(settings)
    return path.exists() or _keep(target, path)


def fingerprint() -> str:
    """What decides the compiled SQL: models, macros, seeds, the project file, and who compiles. 16 hex digits."""
    compilers = " ".join(f"{name}=={version(name)}" for name in _COMPILERS)
    return hashlib.sha256(f"{project_hash()} {compilers}".encode()).hexdigest()[:16]


def _place(settings: Settings) -> Path:
    return settings.layout.dbt_target / f"compiled-{fingerprint()}.json"


def _compile(settings: Settings, path: Path) -> None:
    """In a folder of its own: a nightly run may be using dbt's."""
    settings.layout.create()
    target = Path(tempfile.mkdtemp(prefix="compile-", dir=settings.layout.dbt_target))
    environment = {
        "DUNGHAN_ENGINE": "duckdb",  # explain runs the rules in this process, whatever builds the marts
        "DUNGHAN_BUILD_DB": ":memory:",
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_INDIRECT_SELECTION": "empty",
    }
    try:
        run_dbt(settings, _COMPILE, environment)
        if not _keep(target, path):
            raise CompileError("dbt compile: thiếu mô hình / dbt compile: models are missing")
    except DbtRunError as error:
        raise CompileError(f"Không biên dịch được dự án dbt / dbt cannot compile the project:\n{error}") from None
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _keep(target: Path, path: Path) -> bool:
    """Write `path` from dbt's artefacts, whole or not at all; older ones go. False: they do not hold every model."""
    try:
        results = json.loads((target / "run_results.json").read_bytes())
        nodes = json.loads((target / "manifest.json").read_bytes())["nodes"]
    except FileNotFoundError:
        return False
    project = _from_artefacts(results, nodes)
    if project is None:
        return False
    half = path.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(asdict(project), ensure_ascii=False), encoding="utf-8")
    half.replace(path)
    for old in set(path.parent.glob("compiled-*.json")) - {path}:
        old.unlink(missing_ok=True)
    return True


def _from_artefacts(results: dict[str, Any], nodes: dict[str, Any]) -> CompiledProject | None:
    """None unless the invocation compiled every model for a full refresh with the clocks of the build file."""
    arguments = results["args"]
    if not arguments.get("full_refresh") or arguments.get("vars"):
        return None
    sql = {result["unique_id"]: result["compiled_code"] for result in results["results"] if result.get("compiled")}
    models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
    seeds = {name: node for name, node in nodes.items() if node["resource_type"] == "seed"}
    if not models or not models.keys() <= sql.keys():
        return None
    return CompiledProject(
        database=next(iter(models.values()))["database"],
        models={
            node["name"]: Model(
                name=node["name"],
                schema=node["schema"],
                materialized=node["config"]["materialized"],
                sql=sql[unique_id],
                depends_on=tuple(nodes[p]["name"] for p in node["depends_on"]["nodes"] if p in models or p in seeds),
            )
            for unique_id, node in models.items()
        },
        seeds={
            node["name"]: Seed(
                name=node["name"],
                schema=node["schema"],
                file=node["original_file_path"],
                column_types=node["config"].get("column_types") or {},
            )
            for node in seeds.values()
        },
    )


def _read(path: Path) -> CompiledProject:
    found = json.loads(path.read_bytes())
    return CompiledProject(
        database=found["database"],
        models={n: Model(**{**m, "depends_on": tuple(m["depends_on"])}) for n, m in found["models"].items()},
        seeds={n: Seed(**seed) for n, seed in found["seeds"].items()},
    )
