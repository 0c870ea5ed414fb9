"""dbt as Dagster sees it, by dagster-dbt: the parsed project, its assets, and the one dbt process of a run.

The manifest is made by `dbt parse` into the warehouse's state folder whenever the project has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject

from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT
from pipelines.orchestration.assets.validation import VALIDATED, validated_key
from pipelines.orchestration.compat_dbt import EventIterator, release_build
from pipelines.orchestration.failures import RED
from pipelines.serving import catalogue
from warehouse.build import dbt_environment
from warehouse.compiled import keep as keep_compiled
from warehouse.dbt_process import DbtRunError, dbt_command, dbt_variables, end, run_dbt

#: Key of dagster-dbt's resource.
RESOURCE = "dbt"

# Written by dbt itself into the project folder when it is called there by hand; never part of the project.
_NOT_THE_PROJECT = ("target", "logs", "dbt_packages")
_ERRORS = "Errors parsed from dbt logs:"


class DbtParseError(Exception):
    """The dbt project cannot be read. The message holds dbt's own words."""


class Translator(DagsterDbtTranslator):
    """Schema and name; sources are the assets of the validation; the group is the folder below `models/`."""

    def __init__(self, owners: Sequence[str]) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
        self._owners = list(owners)

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props.get("source_name") == VALIDATED:
            return validated_key(dbt_resource_props["name"])
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        return self._owners

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["description"] or dbt_resource_props["name"]


class ParsedProject:
    """The project as parsed for one warehouse. Parsing happens at the first use of `manifest`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.translator = Translator(settings.owners)

    @cached_property
    def target(self) -> Path:
        """Where dbt keeps what it has read of the project, and its artefacts."""
        return Path(dbt_environment(self._settings)["DBT_TARGET_PATH"])

    @cached_property
    def dbt_project(self) -> DbtProject:
        return DbtProject(DBT_PROJECT, target_path=self.target)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the present files. Runs `dbt parse` (no database, no network) if there is none yet."""
        path = self._settings.layout.dbt_target / f"manifest-{_project_fingerprint(self._settings.engine)}.json"
        # One that is damaged is made again, like one that is not there.
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
            return dict(json.loads(path.read_bytes()))
        self._parse(path)
        return dict(json.loads(path.read_bytes()))

    @cached_property
    def models(self) -> list[dg.AssetKey]:
        """Assets of every model of the project: what each build writes (seeds are written by a full refresh only)."""
        return self._keys("model")

    @cached_property
    def assets(self) -> list[dg.AssetKey]:
        """Assets of every seed and model of the project, each after those it is made of, as Dagster wants them
        reported."""
        return self._keys("seed", "model")

    def _keys(self, *types: str) -> list[dg.AssetKey]:
        nodes: dict[str, Any] = self.manifest["nodes"]
        order = TopologicalSorter({name: node["depends_on"].get("nodes", ()) for name, node in nodes.items()})
        found = (nodes[name] for name in order.static_order() if name in nodes)
        return [self.translator.get_asset_key(node) for node in found if node["resource_type"] in types]

    def key_of(self, name: str) -> dg.AssetKey:
        """Asset of the model of that name. Raises KeyError when the project has none."""
        for key in self.models:
            if key.path[-1] == name:
                return key
        raise KeyError(f"dbt_project: không có model {name} / dbt_project: there is no model {name}")

    def resource(self) -> DbtCliResource:
        """dagster-dbt's resource, with the dbt that dies with its parent."""
        return DbtCliResource(project_dir=self.dbt_project, dbt_executable=str(dbt_command()))

    def _parse(self, path: Path) -> None:
        self._settings.layout.create()
        try:
            run_dbt(self._settings, ["parse"])
        except DbtRunError as error:
            raise DbtParseError(f"Không đọc được dự án dbt / dbt cannot read the project:\n{error}") from None
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes((self.target / "manifest.json").read_bytes())
        half.replace(path)
        for old in set(path.parent.glob("manifest-*.json")) - {path}:
            old.unlink(missing_ok=True)

    def build(
        self,
        context: dg.AssetExecutionContext,
        arguments: Sequence[str],
        progress: Callable[[str], None] | None = None,
        *,
        column_lineage: bool = False,
    ) -> Iterator[Any]:
        """Run dbt once with `arguments` for the selected assets and yield what came of them, row counts included.

        dbt has the build file for itself, so rows are counted when it has ended (dagster-dbt waits for that). Columns
        only change with the project, which makes it a full refresh; column_lineage: work out where they come from, too.
        progress: called with the name of every node that is done. Raises DbtRunError when dbt ends red, after all of
        its events were yielded. What dbt prints goes to `dbt.log` beside its artefacts, not to the terminal.
        """
        dbt: DbtCliResource = getattr(context.resources, RESOURCE)
        with dbt_variables(self._settings):
            invocation = dbt.cli(arguments, context=context, target_path=self.target, raise_on_error=False)
        try:
            total = len(context.selected_asset_keys) + len(context.selected_asset_check_keys)
            # While it waits for an event dagster-dbt keeps a whole core busy asking: each step gets a complete list.
            finished = list(_silent(_reported(invocation.stream(), total, self._settings.lang, _visible(progress))))
            # Its threads change the working folder of the process, each back to where it found it; several at once
            # leave the process in the project, where relative paths are other ones.
            invocation.postprocessing_threadpool_num_threads = 1
            # To count rows dagster-dbt would start a session of Spark in this process: the publication counts them.
            if self._settings.engine == "duckdb":
                with contextlib.chdir(Path.cwd()):
                    finished = list(_silent(EventIterator(iter(finished), invocation).fetch_row_counts()))
                    if column_lineage or "--full-refresh" in arguments:
                        counted = EventIterator(iter(finished), invocation)
                        finished = list(_silent(counted.fetch_column_metadata(with_column_lineage=column_lineage)))
            yield from finished
            if (error := invocation.get_error()) is not None:
                raise DbtRunError([str(error).partition(_ERRORS)[2], RED]) from None
        finally:
            end(invocation.process)
            if self._settings.engine == "duckdb":
                release_build(invocation)
        # A full refresh compiles what `dunghan explain` runs; making it again would take dbt some seconds.
        if self._settings.engine == "duckdb":
            keep_compiled(self._settings, self.target)


#: What is said of what nobody reads: seeds, models between, checks.
_PREPARING = ("Chuẩn bị và kiểm tra số liệu", "Preparing and checking the figures")


def _reported(events: Iterator[Any], total: int, lang: str, progress: Callable[[str], None]) -> Iterator[Any]:
    """The events as they are; `progress` is called with the title of each mart and how many of the `total` are done."""
    for done, event in enumerate(events, 1):
        progress(f"{_title(event, lang)} ({min(done, total)}/{total})")
        yield event


def _title(event: Any, lang: str) -> str:
    """What people call the mart that an event is about; of what they never see, only that it is prepared."""
    name = str(getattr(event, "output_name", "")).rpartition("__")[2]
    mart = catalogue.marts().get(name)
    return mart.title(lang) if mart else _PREPARING[lang == "en"]


def _visible(progress: Callable[[str], None] | None) -> Callable[[str], None]:
    """`progress`, printing where it would print now although `_silent` hides standard output meanwhile."""
    shown = sys.stdout

    def say(text: str) -> None:
        if progress is not None:
            with contextlib.redirect_stdout(shown):
                progress(text)

    return say


def _silent(events: Iterator[Any]) -> Iterator[Any]:
    """The events, while dagster-dbt prints whatever dbt says on standard output."""
    while True:
        with contextlib.redirect_stdout(io.StringIO()):
            event = next(events, None)
        if event is None:
            return
        yield event


def _project_fingerprint(engine: str) -> str:
    """Hash of every file of the project, tests and descriptions included, of dbt's version and the engine."""
    digest = hashlib.sha256(f"{version('dbt-core')} {engine}".encode())
    for path in sorted(p for p in DBT_PROJECT.rglob("*") if p.is_file()):
        name = path.relative_to(DBT_PROJECT)
        if name.parts[0] not in _NOT_THE_PROJECT:
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
