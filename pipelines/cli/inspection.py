"""Command `inspect`: what the readers see in a file or a folder, laid out for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.ledger import counted, show_attention
from pipelines.cli.output import Screen, shortened
from pipelines.cli.session import NOT_PUBLISHED, JsonOption, Session

if TYPE_CHECKING:
    from pipelines.inspection import Inspection, Tally

Row = dict[str, Any]

#: Columns of the first rows that are shown on a terminal, per kind; of other kinds all.
_SHOWN = {
    "dossiers": (
        *("dossier_code", "status", "received_at", "due_at", "finished_at", "returned_at", "channel", "agency_name"),
        "applicant_key",
    ),
    "progress": ("dossier_code", "event_at", "status", "unit_name", "officer_key"),
}

commands = Commands()


@commands.command(help="help.inspect")
def inspect(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="help.inspect.path")],
    kind: Annotated[str | None, typer.Option(help="help.inspect.kind")] = None,
    source: Annotated[str | None, typer.Option(help="help.inspect.source")] = None,
    rows: Annotated[int, typer.Option("--rows", min=0, help="help.inspect.rows")] = 10,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from dataclasses import asdict

    from pipelines.inspection import inspect_path

    folder = path.is_dir()
    with session.screen.progress() as progress:
        found = []
        for seen in inspect_path(settings, path, kind=kind, source=source, rows=rows):
            if folder:
                progress(seen.path)
            found.append(seen)
    if as_json:
        documents = [asdict(seen) for seen in found]
        session.screen.json({"files": documents} if folder else documents[0])
    elif folder:
        _folder(session.screen, found)
    else:
        _file(session.screen, found[0])
    raise typer.Exit(NOT_PUBLISHED if any(seen.reason for seen in found) else 0)


def _file(screen: Screen, seen: Inspection) -> None:
    """What was seen of one file."""
    t = screen.t
    screen.say(t("inspect.file", path=seen.path, source=seen.source, kind=seen.kind or "?"), "bold")
    if seen.format:
        shown = {"format": seen.format, "encoding": seen.encoding or "-"}
        origin = t(f"exported_at_from.{seen.exported_at_from}")
        screen.say(t("inspect.format", **shown, exported_at=seen.exported_at, origin=origin))
    if seen.envelope_agency:
        screen.say(t("inspect.agency", agency=seen.envelope_agency))
    if seen.parts:
        screen.say(t("inspect.parts", parts=", ".join(part.name for part in seen.parts)))
    _mapping(screen, seen)
    if seen.unknown_fields:
        screen.say(t("inspect.unknown", fields=counted(screen, seen.unknown_fields)))
    attention = [{"rule_id": found.rule_id, "detail": found.detail} for found in seen.attention]
    show_attention(screen, {Path(seen.path).name: attention}, title="inspect.attention")
    if seen.notes:
        screen.say(t("inspect.notes"))
        for note in seen.notes:
            screen.say(f"  {screen.told(note)}")
    if seen.rows:
        screen.say()
        _first_rows(screen, seen)
    screen.say()
    _verdict(screen, seen)


def _mapping(screen: Screen, seen: Inspection) -> None:
    """Heading rows or what is most like them, column by column, how to make the unknown ones known."""
    t = screen.t
    for key, headings in (("inspect.heading", seen.headings), ("inspect.likely", seen.likely)):
        for heading in headings:
            rows = range(heading["first_row"], heading["last_row"] + 1)
            where = f"{heading['part']}: " if heading["part"] else ""
            screen.say(where + t(key, rows=", ".join(map(str, rows))))
    if seen.columns:
        _columns(screen, seen.columns)
    if seen.missing:
        missing = [t("inspect.more_columns", more=name[1:]) if name[0] == "+" else name for name in seen.missing]
        screen.say(t("inspect.missing", missing=", ".join(missing)), "yellow")
    elif seen.likely and not seen.headings:
        screen.say(t("inspect.enough"), "yellow")
    _lines(screen, "inspect.synonyms", seen.synonyms)


def _columns(screen: Screen, columns: Sequence[Row]) -> None:
    """Column by column; of those that nobody knows also what each probably is."""
    t = screen.t
    with_parts = any(column["part"] for column in columns)
    with_guesses = any(column["state"] == "unknown" for column in columns)
    lines = [
        [
            *([column["part"] or ""] if with_parts else []),
            f"{column['column']} ({column['number']})",
            column["heading"],
            column["field"] or "-",
            t.either(column["meaning_vi"] or "", column["meaning_en"] or ""),
            t(f"state.{column['state']}"),
            *([_guess(screen, column) if column["state"] == "unknown" else ""] if with_guesses else []),
        ]
        for column in columns
    ]
    headers = [
        *(["part"] if with_parts else []),
        *("column", "heading", "field", "meaning", "state"),
        *(["guess"] if with_guesses else []),
    ]
    screen.headed(headers, lines, t("inspect.columns"))


def _guess(screen: Screen, column: Row) -> str:
    """`NgayHenTra (theo giá trị)`, else what the values look like and that somebody must tell."""
    t = screen.t
    if column["guess"]:
        return t("inspect.guess", field=column["guess"], why=t(f"guess.{column['guess_by']}"))
    values = t(f"look.{column['looks'] or 'nothing'}")
    return t("inspect.no_guess" if column["matters"] else "inspect.ignorable", values=values)


def _words(screen: Screen, seen: Inspection) -> None:
    """Words nobody knows, the lines that would make them known, what the codes mean."""
    t = screen.t
    from pipelines.contract import code_names

    for portal, words in seen.words.items():
        screen.say(t("inspect.words", field=portal, words=counted(screen, words)))
    _lines(screen, "inspect.word_lines", seen.word_lines)
    for portal in seen.words if seen.word_lines else ():
        codes = "; ".join(f"{code} {name}" for code, name in code_names(portal).items())
        screen.say(t("inspect.codes", field=portal, codes=codes))
    if seen.timeliness_heading:
        screen.say(t("inspect.timeliness", source=seen.source, heading=seen.timeliness_heading), "yellow")


def _lines(screen: Screen, title: str, lines: Sequence[str]) -> None:
    """Lines of dunghan.toml, ready to paste."""
    if lines:
        screen.say(screen.t(title))
        for line in lines:
            screen.say(f"  {line}")


def _first_rows(screen: Screen, seen: Inspection) -> None:
    """The first rows, as many of their columns as fit; `--json` has all."""
    present = [name for name in seen.rows[0] if any(row[name] not in (None, "", [], "[]", 0) for row in seen.rows)]
    first = ("part", "row_number", "reasons", "warnings")
    wanted = [name for name in _SHOWN.get(seen.kind or "", present) if name in present]
    columns = [name for name in (*first, *wanted, "bad_values") if name in present]
    screen.table(columns, [[row[name] for name in columns] for row in seen.rows], title=screen.t("inspect.rows"))


def _verdict(screen: Screen, seen: Inspection) -> None:
    """How many rows would be kept, and why the others not."""
    t = screen.t
    from expectations.catalogue import load_catalogue

    catalogue = load_catalogue()
    if seen.reason:
        screen.say(t("inspect.rejected", reason=seen.reason, detail=screen.told(seen.detail) or "-"), "bold red")
        rule = catalogue.rule(seen.reason)
        screen.say(f"  {t.either(rule.message_vi, rule.message_en)}")
        screen.say(f"  → {t.either(rule.advice_vi, rule.advice_en)}")
        _neighbours(screen, seen)
    numbers = {"read": seen.rows_read, "accepted": seen.accepted, "rejected": seen.rows_read - seen.accepted}
    screen.say(t("inspect.counts", **{name: screen.number(number) for name, number in numbers.items()}))
    for title, tallies in (("inspect.reasons", seen.reasons), ("inspect.warnings", seen.warnings)):
        if tallies:
            lines = []
            for rule_id, tally in sorted(tallies.items()):
                rule = catalogue.rule(rule_id)
                meaning = t.either(rule.message_vi, rule.message_en)
                lines.append([rule_id, tally.count, _places(tally), meaning, t.either(rule.advice_vi, rule.advice_en)])
            screen.headed(("reason", "count", "row", "meaning", "advice"), lines, t(title))
    _words(screen, seen)


def _neighbours(screen: Screen, seen: Inspection) -> None:
    """What stands beside the columns that look shifted: their values are probably of the column on the right."""
    for index, column in enumerate(seen.columns):
        if column["state"] == "shifted":
            beside = [
                seen.columns[place]["heading"]
                if 0 <= place < len(seen.columns) and seen.columns[place]["part"] == column["part"]
                else "-"
                for place in (index - 1, index + 1)
            ]
            shown = {name: column[name] for name in ("field", "column", "heading")}
            screen.say(screen.t("inspect.neighbours", **shown, left=beside[0], right=beside[1]))


def _places(tally: Tally) -> str:
    """`Sheet1: 7, 9; Sheet2: 3 …`."""
    numbers: dict[str | None, list[int]] = {}
    for part, row in tally.first:
        numbers.setdefault(part, []).append(row)
    places = [(f"{part}: " if part else "") + ", ".join(map(str, rows)) for part, rows in numbers.items()]
    return "; ".join(places) + (" …" if tally.count > len(tally.first) else "")


def _folder(screen: Screen, found: Sequence[Inspection]) -> None:
    """One line per file, then the sums."""
    t = screen.t
    if not found:
        screen.say(t("inspect.empty"))
        return
    screen.headed(
        ("file", "kind", "format", "rows_read", "rejected", "reason", "detail"),
        [
            [
                seen.path,
                seen.kind,
                seen.format or None,
                seen.rows_read,
                seen.rows_read - seen.accepted,
                seen.reason,
                t("inspect.duplicate") if seen.duplicate else shortened(screen.told(seen.detail)),
            ]
            for seen in found
        ],
    )
    numbers = {
        "files": len(found),
        "bad": sum(seen.reason is not None for seen in found),
        "read": sum(seen.rows_read for seen in found),
        "accepted": sum(seen.accepted for seen in found),
    }
    numbers["rejected"] = numbers["read"] - numbers["accepted"]
    screen.say(t("inspect.total", **{name: screen.number(number) for name, number in numbers.items()}))
