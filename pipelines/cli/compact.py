"""`dunghan compact`: merge the lake's small files now, and show what became of them."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from pipelines.cli.app import JsonOption, Session, app
from pipelines.cli.output import Screen

if TYPE_CHECKING:
    from pipelines.landing.compaction import Compaction


@app.command(help="help.compact")
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
