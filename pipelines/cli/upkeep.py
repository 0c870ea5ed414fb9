"""Commands on what is stored: `publish`, `rollback`, `versions`, `compact`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.output import Screen
from pipelines.cli.session import LOOK_AT_IT, NOT_PUBLISHED, JsonOption, Session, WideOption
from pipelines.clock import to_local

if TYPE_CHECKING:
    from pipelines.config import Settings
    from pipelines.landing.compaction import Compaction
    from warehouse.publish import Publication

commands = Commands()


@commands.command(help="help.publish")
def publish(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="help.force")] = False,
    postgres: Annotated[str | None, typer.Option("--postgres", metavar="DSN", help="help.publish.postgres")] = None,
) -> None:
    session: Session = context.obj
    settings = session.settings(postgres_dsn=postgres)
    if postgres is None:
        _publish(session.screen, settings, force=force)
    if settings.postgres_dsn is not None:
        _load_into_postgres(session.screen, settings)


def _publish(screen: Screen, settings: Settings, *, force: bool) -> None:
    """Publish the last green build, if its figures still agree."""
    from expectations.audit import identities, kept_files, replacement_guard
    from pipelines.serving.page import page_writer
    from warehouse.build import last_green
    from warehouse.lock import run_lock
    from warehouse.publish import publish as publish_build

    missing: list[str] = []
    with run_lock(settings), screen.progress():
        plan = last_green(settings)
        wrong = [identity for identity in identities(settings) if not identity.ok]
        if not force:
            wrong += [guard for guard in (replacement_guard(settings, plan), kept_files(settings)) if not guard.ok]
        publication = None if wrong else publish_build(settings, plan, also=page_writer(settings, missing.append))
    if publication is None:
        screen.complain(screen.t("publish.red"))
        for identity in wrong:
            screen.complain(f"  {identity.message(screen.t.lang)}")
        raise typer.Exit(NOT_PUBLISHED)
    screen.say(screen.t("run.published", version=publication.version))
    for text in missing:
        screen.complain(screen.t("run.missing", note=screen.told(text)))
    if missing:
        raise typer.Exit(LOOK_AT_IT)


def _load_into_postgres(screen: Screen, settings: Settings) -> None:
    """Bring what is published into PostgreSQL; what is published stays published when that fails."""
    from pipelines.serving.extras import MissingExtraError
    from pipelines.serving.postgres import PostgresError, load

    try:
        with screen.progress() as progress:
            loaded = load(settings, progress=progress)
    except (PostgresError, MissingExtraError) as error:
        screen.complain(str(error))
        raise typer.Exit(LOOK_AT_IT) from None
    numbers = {"tables": screen.number(loaded.tables), "rows": screen.number(loaded.rows)}
    said = {"version": loaded.version, "schema": loaded.schema, "seconds": round(loaded.seconds)}
    screen.say(screen.t("postgres.loaded", **numbers, **said))
    if loaded.left:
        screen.complain(screen.t("postgres.left", schemas=", ".join(loaded.left)))


@commands.command(help="help.rollback")
def rollback(
    context: typer.Context, version: Annotated[str | None, typer.Argument(help="help.rollback.version")] = None
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.lock import run_lock
    from warehouse.publish import rollback as go_back

    with run_lock(settings):
        publication = go_back(settings, version)
    said = session.screen.t("rollback.done", version=publication.version, as_of=publication.manifest["as_of"])
    session.screen.say(said)


@commands.command(help="help.versions")
def versions(context: typer.Context, wide: WideOption = False, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.history.restate import restatements
    from warehouse.publish import current
    from warehouse.publish import versions as all_versions

    found, now = all_versions(settings), current(settings)
    restated = restatements(settings.layout.restated)
    if as_json:
        published = [{**v.manifest, "current": now is not None and v.version == now.version} for v in found]
        session.screen.json([*published, *({**v.manifest, "folder": str(v.folder)} for v in restated)])
    else:
        session.screen.wide = wide
        _versions(session.screen, found, restated, now)


@commands.command(help="help.compact")
def compact(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.landing.compaction import compact as do_compact
    from warehouse.lock import run_lock

    started = time.monotonic()
    with run_lock(settings), session.screen.progress() as progress:
        done = do_compact(settings, progress=progress)
    if as_json:
        session.screen.json(asdict(done))
    else:
        _compacted(session.screen, done, started)


def _versions(
    screen: Screen, found: Sequence[Publication], restated: Sequence[Publication], now: Publication | None
) -> None:
    """One line per version that is kept; then the restated ones, which stand beside them."""
    columns = ("as_of", "known_at", "definitions", "created_at", "dossiers")
    only_wide = columns[1:4]
    screen.headed(
        [*columns, "current", "version"],
        [
            [*_version(version), now is not None and version.version == now.version, version.version]
            for version in found
        ],
        only_wide=only_wide,
    )
    if restated:
        screen.say()
        screen.headed(
            [*columns, "version", "folder"],
            [[*_version(version), version.version, str(version.folder)] for version in restated],
            only_wide=only_wide,
            title=screen.t("versions.restated"),
        )


def _local(iso: str) -> str:
    """A moment of a manifest as a clock in Vietnam shows it."""
    return to_local(datetime.fromisoformat(iso)).isoformat(" ", "seconds")


def _version(version: Publication) -> list[Any]:
    manifest = version.manifest
    dossiers = manifest["marts"].get("fct_dossiers", {}).get("rows")
    rules = manifest["definitions_version"]
    return [manifest["as_of"].replace("T", " "), manifest["known_at"], rules, _local(version.created_at), dossiers]


def _compacted(screen: Screen, done: Compaction, started: float) -> None:
    t = screen.t
    if not any(table.files_before for table in done.tables):
        screen.say(t("compact.empty"))
        return
    screen.table(
        [t("compact.table"), *(f"{t('header.files')} {when}" for when in ("→", "")), "MiB →", "MiB"],
        [
            [
                table.table,
                table.files_before,
                table.files_after,
                *(round(size / 2**20) for size in (table.bytes_before, table.bytes_after)),
            ]
            for table in done.tables
            if table.files_before
        ],
        title=t("compact.title"),
    )
    unchanged = all(table.files_before == table.files_after for table in done.tables) and not done.loads
    screen.say(t("compact.nothing" if unchanged else "compact.done", loads=screen.number(done.loads)))
    if done.waiting:
        screen.say(t("compact.waiting"))
    screen.say(t("run.elapsed", seconds=round(time.monotonic() - started)))
