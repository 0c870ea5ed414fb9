"""dbt as Dagster sees it: the manifest, the names of assets, and the one dbt process of a run.

The manifest is made by `dbt parse` into the warehouse's state folder whenever the project has changed. dbt runs in a
process of its own, so its memory goes back to the machine; it dies with its parent, so no orphan ever writes into
the build file after the lock is free again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from pipelines.config import Settings
from warehouse.build import dbt_environment
from warehouse.compiled import keep as keep_compiled
from warehouse.dbt_process import DbtRunError, dbt_events
from warehouse.layout import DBT_PROJECT

#: Tables of `judged` that have a name of their own as assets; the others are `judged/<table>`.
JUDGED_SOURCE = "judged"
JUDGED_ASSETS = {"files": dg.AssetKey("ledger"), "quarantine": dg.AssetKey("quarantine")}

# Written by dbt itself into the project folder when it is called there by hand; never part of the project.
_NOT_THE_PROJECT = ("target", "logs", "dbt_packages")


class DbtParseError(Exception):
    """The dbt project cannot be read. The message holds dbt's own words."""


def judged_key(table: str) -> dg.AssetKey:
    """Asset of a table of the schema `judged`."""
    return JUDGED_ASSETS.get(table, dg.AssetKey([JUDGED_SOURCE, table]))


class Translator(DagsterDbtTranslator):
    """Names of dbt nodes in the asset graph: sources are the judging assets, groups are the folders of the models."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Schema and name; `judged.files` is the ledger."""
        if dbt_resource_props["resource_type"] == "source" and dbt_resource_props["source_name"] == JUDGED_SOURCE:
            return judged_key(dbt_resource_props["name"])
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """staging, intermediate, marts, reports: the folder below `models/`; seeds are one group."""
        if dbt_resource_props["resource_type"] == "seed":
            return "seeds"
        folder = dbt_resource_props["fqn"][1:-1]
        return folder[0] if folder else "dbt"

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The words of the project's YAML only; the SQL is one click away in the repository."""
        return dbt_resource_props.get("description") or dbt_resource_props["name"]


class DbtProject:
    """The project as parsed for one warehouse. Parsing happens at the first use of `manifest`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.translator = Translator()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the present files. Runs `dbt parse` (no database, no network) if there is none yet."""
        path = self._settings.layout.dbt_target / f"manifest-{_project_fingerprint()}.json"
        if not path.exists():
            self._parse(path)
        return dict(json.loads(path.read_bytes()))

    @cached_property
    def assets(self) -> list[dg.AssetKey]:
        """Assets of every seed and model of the project, none before what it is made from."""
        nodes = self.manifest["nodes"]
        order = TopologicalSorter(self.manifest["parent_map"]).static_order()
        made = [nodes[name] for name in order if name in nodes and nodes[name]["resource_type"] in ("seed", "model")]
        return [self.translator.get_asset_key(node) for node in made]

    def key_of(self, name: str) -> dg.AssetKey:
        """Asset of the model or seed of that name. Raises KeyError when the project has none."""
        for key in self.assets:
            if key.path[-1] == name:
                return key
        raise KeyError(f"dbt_project: không có model / there is no model {name}")

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
    ) -> Iterator[Any]:
        """Run dbt once with `arguments` for the selected assets and yield Dagster's events as nodes finish.

        progress: called with the name of every node that is done. Raises DbtRunError when dbt ends red, after all of
        its events were yielded. What dbt prints goes to `dbt.log` in the state folder, not to the terminal.
        """
        selection = get_updated_cli_invocation_params_for_context(context, self.manifest, self.translator)
        environment = {}
        if selection.indirect_selection:
            environment["DBT_INDIRECT_SELECTION"] = selection.indirect_selection
        target = Path(dbt_environment(self._settings)["DBT_TARGET_PATH"])
        for event in dbt_events(self._settings, [*arguments, *selection.selection_args], environment, progress):
            yield from DbtCoreCliEventMessage(raw_event=event, event_history_metadata={}).to_default_asset_events(
                manifest=self.manifest,
                dagster_dbt_translator=self.translator,
                context=context,
                target_path=target,
            )
        # A full refresh compiles what `dunghan explain` runs; making it again would take dbt some seconds.
        keep_compiled(self._settings, target)


def _project_fingerprint() -> str:
    """Hash of every file of the project, tests and descriptions included, and of dbt's version."""
    digest = hashlib.sha256(version("dbt-core").encode())
    for path in sorted(p for p in DBT_PROJECT.rglob("*") if p.is_file()):
        name = path.relative_to(DBT_PROJECT)
        if name.parts[0] not in _NOT_THE_PROJECT:
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
