"""dbt as Dagster sees it: the manifest, the names of assets and checks, and the one dbt process of a run.

The manifest is made by `dbt parse` into the warehouse's state folder whenever the project has changed. dbt runs in a
process of its own, so its memory goes back to the machine; it dies with its parent, so no orphan ever writes into
the build file after the lock is free again.

This is what dagster-dbt would do, less what this project has no use for: importing that package imports dbt, sqlglot
and dbt Cloud into every process that knows the assets: two seconds, a third of a nightly run with nothing new.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT
from warehouse.build import dbt_environment
from warehouse.compiled import keep as keep_compiled
from warehouse.dbt_process import DbtProcess, DbtRunError, dbt_events

#: Tables of `validated` that have a name of their own as assets; the others are `validated/<table>`.
VALIDATED_SOURCE = "validated"
VALIDATED_ASSETS = {"files": dg.AssetKey("ledger"), "quarantine": dg.AssetKey("quarantine")}

#: What dbt makes; tests are checks of it, sources are made by the steps before.
_MADE = ("seed", "model")

# Written by dbt itself into the project folder when it is called there by hand; never part of the project.
_NOT_THE_PROJECT = ("target", "logs", "dbt_packages")


class DbtParseError(Exception):
    """The dbt project cannot be read. The message holds dbt's own words."""


def validated_key(table: str) -> dg.AssetKey:
    """Asset of a table of the schema `validated`."""
    return VALIDATED_ASSETS.get(table, dg.AssetKey([VALIDATED_SOURCE, table]))


class DbtProject:
    """The project as parsed for one warehouse. Parsing happens at the first use of `manifest`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the present files. Runs `dbt parse` (no database, no network) if there is none yet."""
        path = self._settings.layout.dbt_target / f"manifest-{_project_fingerprint()}.json"
        if not path.exists():
            self._parse(path)
        return dict(json.loads(path.read_bytes()))

    @cached_property
    def _keys(self) -> dict[str, dg.AssetKey]:
        """dbt's id of every source, seed and model → its asset; none before what it is made from."""
        nodes = {**self.manifest["sources"], **self.manifest["nodes"]}
        order = TopologicalSorter(self.manifest["parent_map"]).static_order()
        wanted = (*_MADE, "source")
        return {name: _key(nodes[name]) for name in order if name in nodes and nodes[name]["resource_type"] in wanted}

    @property
    def _made(self) -> list[str]:
        return [name for name in self._keys if name in self.manifest["nodes"]]

    @cached_property
    def _tests(self) -> dict[str, dg.AssetCheckKey]:
        """dbt's id of every data test → its check."""
        tests = {name: node for name, node in self.manifest["nodes"].items() if node["resource_type"] == "test"}
        return {name: dg.AssetCheckKey(self._keys[self._tested(node)], node["name"]) for name, node in tests.items()}

    def _tested(self, test: Mapping[str, Any]) -> str:
        """dbt's id of the node that a test is of: the one it is written at, else the last made of those it reads."""
        order = list(self._keys)
        return str(test.get("attached_node") or max(test["depends_on"]["nodes"], key=order.index))

    @property
    def assets(self) -> list[dg.AssetKey]:
        """Assets of every seed and model of the project, none before what it is made from."""
        return [self._keys[name] for name in self._made]

    def key_of(self, name: str) -> dg.AssetKey:
        """Asset of the model or seed of that name. Raises KeyError when the project has none."""
        for key in self.assets:
            if key.path[-1] == name:
                return key
        raise KeyError(f"dbt_project: không có model / there is no model {name}")

    def specs(self) -> list[dg.AssetSpec]:
        """One asset per seed and model: its group is the folder below `models/`, its words those of the YAML."""
        return [self._spec(name, self.manifest["nodes"][name]) for name in self._made]

    def check_specs(self) -> list[dg.AssetCheckSpec]:
        """One check per data test, blocking unless its severity is `warn`."""
        return [self._check_spec(name, key) for name, key in self._tests.items()]

    def _spec(self, name: str, node: Mapping[str, Any]) -> dg.AssetSpec:
        columns = [
            dg.TableColumn(column["name"], column["data_type"] or "?", column["description"] or None)
            for column in node["columns"].values()
        ]
        return dg.AssetSpec(
            self._keys[name],
            deps=[self._keys[parent] for parent in dict.fromkeys(node["depends_on"].get("nodes", ()))],
            description=node["description"] or node["name"],
            group_name="seeds" if node["resource_type"] == "seed" else node["fqn"][1],
            code_version=node["checksum"]["checksum"],
            kinds={"dbt", "duckdb"},
            metadata={"dagster/column_schema": dg.TableSchema(columns)} if columns else None,
        )

    def _check_spec(self, name: str, key: dg.AssetCheckKey) -> dg.AssetCheckSpec:
        node = self.manifest["nodes"][name]
        parents = {self._keys[parent] for parent in node["depends_on"]["nodes"]}
        return dg.AssetCheckSpec(
            key.name,
            asset=key.asset_key,
            description=node["description"] or None,
            additional_deps=sorted(parents - {key.asset_key}),
            blocking=node["config"]["severity"].lower() == "error",
        )

    def _parse(self, path: Path) -> None:
        self._settings.layout.create()
        try:
            for _ in dbt_events(self._settings, ["parse"]):
                pass
        except DbtRunError as error:
            raise DbtParseError(f"Không đọc được dự án dbt / dbt cannot read the project:\n{error}") from None
        made = Path(dbt_environment(self._settings)["DBT_TARGET_PATH"]) / "manifest.json"
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(made.read_bytes())
        half.replace(path)
        for old in set(path.parent.glob("manifest-*.json")) - {path}:
            old.unlink(missing_ok=True)

    def stream(
        self,
        context: dg.AssetExecutionContext,
        arguments: Sequence[str],
        progress: Callable[[str], None] | None = None,
        process: DbtProcess | None = None,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Run dbt once with `arguments` for the selected assets and yield what came of them as nodes finish.

        progress: called with the name of every node that is done. process: a dbt that was started before. Raises
        DbtRunError when dbt ends red, after all of its events were yielded. What dbt prints goes to `dbt.log` in the
        state folder, not to the terminal.
        """
        if context.is_subset:
            # Exactly what was chosen: dbt would add every test of a model by itself.
            arguments = [*arguments, "--indirect-selection", "empty", "--select", *self._selected(context)]
        for event in dbt_events(self._settings, arguments, progress=progress, process=process):
            yield from self._results(event)
        # A full refresh compiles what `dunghan explain` runs; making it again would take dbt some seconds.
        keep_compiled(self._settings, Path(dbt_environment(self._settings)["DBT_TARGET_PATH"]))

    def _selected(self, context: dg.AssetExecutionContext) -> list[str]:
        """dbt's full names of the assets and checks that this run was asked for."""
        models = [name for name in self._made if self._keys[name] in context.selected_asset_keys]
        tests = [name for name, key in self._tests.items() if key in context.selected_asset_check_keys]
        return [".".join(self.manifest["nodes"][name]["fqn"]) for name in (*models, *tests)]

    def _results(self, event: Mapping[str, Any]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """What one event of dbt says to Dagster: a seed or model was made, a test was evaluated, or nothing."""
        if event["info"]["name"] not in ("LogSeedResult", "LogModelResult", "LogTestResult"):
            return
        node = event["data"]["node_info"]
        name, status = node["unique_id"], node["node_status"]
        metadata = {"status": status, "unique_id": name, "Execution Duration": _seconds(node)}
        if name in self._tests:
            key = self._tests[name]
            if status != "skipped":
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=status == "pass",
                    severity=dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR,
                    metadata={**metadata, "failures": event["data"].get("num_failures") or 0},
                )
        elif status == "success":
            yield dg.MaterializeResult(self._keys[name], metadata=metadata)


def _key(node: Mapping[str, Any]) -> dg.AssetKey:
    """Schema and name; sources are the validation assets, `validated.files` is the ledger."""
    if node["resource_type"] != "source":
        return dg.AssetKey([node["config"]["schema"], node["name"]])
    return validated_key(node["name"]) if node["source_name"] == VALIDATED_SOURCE else dg.AssetKey(node["fqn"][-2:])


def _seconds(node: Mapping[str, Any]) -> float:
    began, ended = node.get("node_started_at"), node.get("node_finished_at")
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds() if began and ended else 0.0


def _project_fingerprint() -> str:
    """Hash of every file of the project, tests and descriptions included, and of dbt's version."""
    digest = hashlib.sha256(version("dbt-core").encode())
    for path in sorted(p for p in DBT_PROJECT.rglob("*") if p.is_file()):
        name = path.relative_to(DBT_PROJECT)
        if name.parts[0] not in _NOT_THE_PROJECT:
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
