"""`dunghan inspect`: what the nightly readers and rules make of a file, found the same way. Nothing is written.

open_reader → Canonicaliser → predicates of the rule catalogue. Of the rows only counts and the first few are kept.
"""

from __future__ import annotations

import difflib
import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from expectations import predicates
from expectations.catalogue import SHIFTED, Kind, load_catalogue
from pipelines import contract
from pipelines.config import ConfigurationError, Settings
from pipelines.masking import masked, masked_name
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.discovery import DropZoneError, ExportFile, discover, single
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import FileFacts, FileRejected, looks, open_reader
from pipelines.portal.readers.base import NO_HEADING, UNREADABLE, Attention, NotAnExport, Part
from pipelines.portal.readers.headings import Heading
from pipelines.portal.text_rows import TextRows
from pipelines.sql import rows_of
from warehouse.database import connect

Row = dict[str, Any]

UNKNOWN_SOURCE = "nguon"
_SOURCE = re.compile(r"[a-z0-9_]+")
#: Row numbers that are kept of each reason.
_FIRST = 5
#: Records that are looked at to tell the kind of a JSON file.
_GUESSED_FROM = 100
#: Keys of people, and of events, which are made of them: the inspection makes its own key, so that they would only look
#: as if they could be compared.
_KEYS = {"event_key"}.union(
    field.column for kind in contract.KINDS.values() for field in kind.columns if field.personal
)
_HIDDEN = "(khóa)"
#: Stands for words that may be a person's name.
HIDDEN_WORD = "(…)"
#: Formats that are no text, and so in no encoding.
_NO_TEXT = ("xls", "ods")
#: Unknown words of a batch that are kept; none that is shown is longer.
_MOST_WORDS, _LONGEST_WORD = 30, 60
_SYSTEMS = re.compile(rf"\b(?:{'|'.join(contract.CHANNEL_SYSTEMS)})\b")
#: A word is like a known one above this (difflib): proposed, for people to look at.
_LIKE_WORD = 0.85
_REMARK = re.compile(r"(?<=\S)\s*(?:\(|[-–:]\s).*")
#: Folded words that say on time or late, and nothing of a status.
_TIMELINESS = (
    "dung han",
    "truoc han",
    "som han",
    "tre han",
    "qua han",
    "trong han",
    "con han",
    "den han",
    "chua den han",
)
_BOOKKEEPING = ("row_number", "is_record", "content_hash", "bad_values")


@dataclass
class Tally:
    """How often a rule applied, and to which rows first: (part or None, row number as people count)."""

    count: int = 0
    first: list[tuple[str | None, int]] = field(default_factory=list)


@dataclass
class Inspection:
    """What was seen of one file. `columns`: one entry per column of every table. `rows`: the first canonical rows.

    reason, detail: of a file that would be rejected as a whole. rejected: rows that have reasons of their own.
    likely: of every table without a heading the rows that are most like one; `columns` then has its columns. missing:
    fields that even with every guess it lacks to be a heading, then `+n`: how many more it needs. synonyms: lines of
    dunghan.toml that would make unknown headings known. words: portal field → word nobody knows → rows; word_lines: the
    lines for them. timeliness_heading: of a column of statuses that says no more than on time or late. shifted: fields
    whose columns look shifted. duplicate: in a folder, of an earlier file; then nothing else is known of it.
    """

    path: str
    source: str
    kind: Kind | None
    size: int
    exported_at: str
    exported_at_from: str
    format: str = ""
    encoding: str = ""
    envelope_agency: str | None = None
    parts: list[Part] = field(default_factory=list)
    columns: list[Row] = field(default_factory=list)
    headings: list[Row] = field(default_factory=list)
    likely: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown_fields: dict[str, int] = field(default_factory=dict)
    synonyms: list[str] = field(default_factory=list)
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    word_lines: list[str] = field(default_factory=list)
    timeliness_heading: str | None = None
    notes: list[str] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)
    rows_read: int = 0
    rejected: int = 0
    reasons: dict[str, Tally] = field(default_factory=dict)
    warnings: dict[str, Tally] = field(default_factory=dict)
    reason: str | None = None
    detail: str | None = None
    shifted: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    duplicate: bool = False

    @property
    def accepted(self) -> int:
        """Rows that the nightly run would accept."""
        return 0 if self.reason else self.rows_read - self.rejected


def inspect_path(
    settings: Settings, path: Path, *, kind: str | None, source: str | None, rows: int
) -> Iterator[Inspection]:
    """Inspections of a file, or of every file of a folder in the order of discovery.

    kind, source: None = from the path, else by what fits. rows: canonical rows to keep of each file. Raises
    ConfigurationError for a path or kind that does not exist or a kind that cannot be told.
    """
    if kind is not None and kind not in contract.KINDS:
        raise ConfigurationError(
            f"--kind {kind}: không có loại này; có: {', '.join(contract.KINDS)}"
            f" / --kind {kind}: no such kind; there are: {', '.join(contract.KINDS)}"
        )
    if not path.exists():
        raise ConfigurationError(f"{path}: không có tệp hay thư mục này / {path}: there is no such file or folder")
    if path.is_dir():
        yield from _folder(settings, path, kind, source)
        return
    found_source, found_kind = place(path)
    chosen_kind, chosen_source = kind or found_kind, source or found_source or UNKNOWN_SOURCE
    if chosen_kind is None:
        chosen_kind = _guess(settings, path, chosen_source)
    yield _inspect(settings, _export(path, chosen_source, chosen_kind), rows)


def place(path: Path) -> tuple[str | None, str | None]:
    """(source, kind) of a path …/<source>/<kind>/…, as far right as possible; None when there is none."""
    folders = path.absolute().parts[:-1]
    for index in range(len(folders) - 1, 1, -1):
        if folders[index] in contract.KINDS and _SOURCE.fullmatch(folders[index - 1]):
            return folders[index - 1], folders[index]
    return None, None


def _export(path: Path, source: str, kind: str) -> ExportFile:
    """The file as discovery would see it, but for its hash. Raises OSError."""
    return replace(single(path, source, kind), file_path=masked(str(path)))


def _guess(settings: Settings, path: Path, source: str) -> str:
    """The kind whose fields the first rows of a file have most of. A file that cannot be read as any is taken for
    dossiers. Raises ConfigurationError when it can be read and fits none."""
    fits: dict[str, int] = {}
    faults: list[FileRejected] = []
    for kind in contract.KINDS.values():
        try:
            reader = open_reader(_export(path, source, kind.name), settings.synonyms(source))
            rows = next(iter(reader.batches()), None)
            fits[kind.name] = _known_names(settings, kind, rows, reader.facts)
        except FileRejected as fault:
            faults.append(fault)
    if any(fits.values()):
        return max(fits, key=lambda name: fits[name])
    looks_like_dossiers = any(isinstance(fault, NotAnExport) and _has_codes(fault.likely) for fault in faults)
    if looks_like_dossiers or (faults and all(fault.reason != NO_HEADING for fault in faults)):
        return contract.DOSSIERS.name
    raise ConfigurationError(
        f"{path}: không rõ đây là loại dữ liệu nào; hãy thêm --kind {'|'.join(contract.KINDS)}"
        f" / {path}: the kind cannot be told; add --kind {'|'.join(contract.KINDS)}"
    )


def _has_codes(likely: Sequence[tuple[str, Heading]]) -> bool:
    columns = [column for _, heading in likely for column in heading.columns]
    return any(column.looks == looks.CODE or column.field == "MaHoSo" for column in columns)


def _known_names(settings: Settings, kind: contract.Kind, rows: TextRows | None, facts: FileFacts) -> int:
    """How many fields of `kind` a table names in its heading, or the first records have."""
    if rows is None:
        return 0
    if rows.tabular:
        return sum(field is not None for _, heading in facts.headings for field in heading.fields)
    with _connection(settings) as con:
        con.register("text_rows", rows.table.slice(0, _GUESSED_FROM))
        found = con.execute(
            "select distinct lower(unnest(json_keys(record))) from text_rows where json_valid(record)"
        ).fetchall()
    names = {name for (name,) in found}
    needed = {name.lower() for name in kind.heading}
    return len(names.intersection(contract.spellings(kind))) if needed <= names else 0


def _folder(settings: Settings, folder: Path, kind: str | None, source: str | None) -> Iterator[Inspection]:
    """Every file below a folder that a run would look at, without its rows."""
    try:
        files = discover(settings.model_copy(update={"drop_zone": str(folder.absolute()), "settle_seconds": 0}))
    except DropZoneError as error:
        raise ConfigurationError(str(error)) from error
    for file in files:
        path = Path(file.path)
        if file.outcome == "duplicate":
            seen = _new(file, None)
            seen.duplicate = True
            yield seen
            continue
        found_source, found_kind = place(path)
        chosen_source, chosen_kind = source or found_source or UNKNOWN_SOURCE, kind or found_kind
        if chosen_kind is None:
            try:
                chosen_kind = _guess(settings, path, chosen_source)
            except ConfigurationError:
                yield _unplaced(file)
                continue
        try:
            seen = _inspect(settings, _export(path, chosen_source, chosen_kind), rows=0)
            seen.path = file.file_path
            yield seen
        except OSError as error:
            unread = _unplaced(file)
            why = error.strerror or type(error).__name__
            unread.detail = f"không đọc được tệp ({why}) / cannot read the file ({why})"
            yield unread


def _unplaced(file: ExportFile) -> Inspection:
    seen = _new(file, None)
    seen.reason = UNREADABLE
    seen.detail = file.detail or "không rõ loại dữ liệu / the kind cannot be told"
    return seen


def _new(file: ExportFile, kind: Kind | None) -> Inspection:
    moment = file.exported_at.isoformat(sep=" ")
    return Inspection(file.file_path, file.source, kind, file.size, moment, file.exported_at_from)


# ---- one file -------------------------------------------------------------------------------------------------------


def _inspect(settings: Settings, file: ExportFile, rows: int) -> Inspection:
    kind: Kind = file.kind
    seen = _new(file, kind)
    facts = FileFacts("")
    with _connection(settings) as con:
        counts = _Counts(con, kind, file, seen, rows)
        canonical = Canonicaliser(
            con, contract.KINDS[kind], _key(settings), settings.keep_officer_names, settings.meanings(file.source)
        )
        try:
            reader = open_reader(file, settings.synonyms(file.source))
            facts = reader.facts
            for batch in reader.batches():
                (converted,) = canonical.convert([Portion(batch, facts.envelope_agency, seen.rows_read)])
                facts.drift.update(converted.drift)
                facts.repeated += converted.repeated
                counts.take(converted.rows, facts.attention)
                counts.take_words(batch)
        except FileRejected as error:
            seen.reason, seen.detail = error.reason, error.detail
            if isinstance(error, NotAnExport):
                facts.likely += error.likely
        else:
            counts.validate_file()
    _describe(seen, facts, contract.KINDS[kind])
    return seen


def _connection(settings: Settings) -> duckdb.DuckDBPyConnection:
    """In memory, and unlike a run's connection without a folder to spill into."""
    con = connect(settings)
    con.execute("set temp_directory = ''")
    con.execute(f"set variable mostly_bad_share = {settings.mostly_bad_share}")
    return con


def _key(settings: Settings) -> PrivacyKey:
    """The configured key, else one of this moment: keys are not shown, and no key file is made."""
    configured = settings.privacy_key
    return PrivacyKey.of(configured.get_secret_value().encode() if configured else secrets.token_bytes(32))


def _is_of_list(word: str) -> bool:
    """May a word of a channel or an applicant be shown: written as no name is, of syllables that such words have?"""
    bare = _SYSTEMS.sub("", word).strip()
    lower = bare[1:] == bare[1:].lower() and not any(letter.isdigit() for letter in bare)
    return lower and len(word) <= _LONGEST_WORD and contract.LIST_VOCABULARY.issuperset(contract.fold(bare).split())


def _is_unmasked(word: str) -> bool:
    """Was a word of a status left as it is? What the macro mask_words leaves of a person has no letter but x, and no
    digit but #."""
    return any(letter.isalpha() and letter != "x" for letter in word) or not {"x", "#"}.intersection(word)


class _Counts:
    """What the rules say of the rows of one file, added up batch by batch in tables of `con`."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, kind: Kind, file: ExportFile, seen: Inspection, rows: int
    ) -> None:
        self.con = con
        self.kind = kind
        self.file = file
        self.seen = seen
        self.rows = rows
        self.catalogue = load_catalogue()

    def take(self, rows: pa.Table, attention: Sequence[Attention]) -> None:
        """Validate a batch of canonical rows. attention: what the reader said of the file so far."""
        catalogue, kind = self.catalogue, self.kind
        self.con.register("canonical", rows)
        named = """(
            select
                *, $1 as source, $2 as file_sha256, $3 as file_name, $4::timestamp as exported_at,
                null::varchar as file_reason, $5 as file_attention,
            from canonical
        )"""
        self.con.execute(
            f"create or replace temp table batch as {predicates.marked(catalogue, kind, named)}",
            [
                self.file.source,
                self.file.sha256 or "",
                self.file.file_name,
                self.file.exported_at,
                ",".join(found.rule_id for found in attention),
            ],
        )
        self.con.unregister("canonical")
        self._add("counts", predicates.file_counts(kind, "batch"))
        if contract.KINDS[kind].date_fields:
            self._add("looks", predicates.date_looks(kind, "batch"))
        self.seen.rows_read += rows.num_rows
        self.seen.rejected += self._number("select count(*) from batch where len(reasons) > 0")
        self._tally(self.seen.reasons, "reasons", "true")
        self._tally(self.seen.warnings, "warnings", "len(reasons) = 0")
        if len(self.seen.rows) < self.rows:
            self._keep()

    def take_words(self, rows: TextRows) -> None:
        """Count words that nobody knows: of statuses in the batch that was taken, of other lists in its text rows.

        Only such are shown as can be no person; the others are counted under `HIDDEN_WORD`.
        """
        for column in contract.KINDS[self.kind].columns:
            if column.reads == "status_code":
                word = f"json_extract_string(bad_values, '$.{column.portal}')"
                self._count_words(column.portal, f"select {word} as word from batch", _is_unmasked)
            elif column.reads in ("channel_code", "applicant_code"):
                if rows.tabular and column.portal not in rows.table.column_names:
                    continue
                text = f'"{column.portal}"' if rows.tabular else f"record ->> '$.{column.portal}'"
                valid = "true" if rows.tabular else "json_valid(record)"
                self.con.register("text_rows", rows.table)
                query = f"""
                    select word from (select nfc(clean({text})) as word from text_rows where {valid})
                    where coalesce({column.reads}(word), 'unknown') = 'unknown'"""
                self._count_words(column.portal, query, _is_of_list)
                self.con.unregister("text_rows")

    def _count_words(self, portal: str, query: str, may_be_shown: Callable[[str], bool]) -> None:
        """query: SQL of the words, one per row; nulls are none."""
        found = self.con.execute(
            f"select word, count(*) from ({query}) where word is not null group by word order by count(*) desc, word"
        ).fetchall()
        counted: Counter[str] = Counter()
        for word, count in found:
            counted[word if may_be_shown(word) else HIDDEN_WORD] += count
        for word, count in counted.most_common(_MOST_WORDS):
            words = self.seen.words.setdefault(portal, {})
            words[word] = words.get(word, 0) + count

    def validate_file(self) -> None:
        """What the rules on files say, once all rows are counted."""
        if not self.seen.rows_read:
            return
        verdict = self._one(
            predicates.file_verdicts(self.catalogue, self.kind, f"({predicates.added_counts('counts')})")
        )
        if verdict["reason"] is None:
            return
        self.seen.reason = verdict["reason"]
        self.seen.detail = f"{verdict['rejected']} / {verdict['rows']}"
        if verdict["reason"] == SHIFTED:
            looks = (
                "select source, file_sha256, position, field, vi, en, sum(dates) as dates, sum(bad) as bad "
                "from looks group by all"
            )
            shifted = self._one(predicates.shifted_detail(self.catalogue, self.kind, f"({looks})"))
            self.seen.shifted = list(shifted["fields"])
            self.seen.detail += f"; {shifted['detail']}"

    def _tally(self, into: dict[str, Tally], column: str, where: str) -> None:
        found = self.con.execute(
            f"""
            select rule, count(*), list(row_number order by row_number)[:{_FIRST}]
            from (select unnest({column}) as rule, row_number from batch where {where})
            group by rule order by rule
            """
        ).fetchall()
        for rule, count, numbers in found:
            tally = into.setdefault(rule, Tally())
            tally.count += count
            tally.first += [(None, number) for number in numbers[: _FIRST - len(tally.first)]]

    def _keep(self) -> None:
        """Keep the first rows as the lake would hold them."""
        missing = self.rows - len(self.seen.rows)
        for row in rows_of(self.con.execute(f"select * from batch order by row_number limit {missing}")):
            shown = {
                name: _HIDDEN if name in _KEYS and value is not None else value
                for name, value in row.items()
                if name not in (*_BOOKKEEPING, "source", "file_sha256", "file_name", "file_reason", "exported_at")
            }
            self.seen.rows.append(
                {"part": None, "row_number": row["row_number"], **shown, "bad_values": row["bad_values"]}
            )

    def _add(self, table: str, query: str) -> None:
        exists = self._number(f"select count(*) from duckdb_tables() where table_name = '{table}'")
        self.con.execute(f"insert into {table} {query}" if exists else f"create temp table {table} as {query}")

    def _number(self, query: str) -> int:
        return int(self.con.execute(query).fetchall()[0][0])

    def _one(self, query: str) -> Row:
        return rows_of(self.con.execute(query))[0]


def part_of(row_number: int, parts: list[Part]) -> tuple[str | None, int]:
    """(name of the part, row within it) of a row of a file; (None, the row) in a file without parts."""
    for part in reversed(parts):
        if part.before < row_number:
            return part.name, row_number - part.before
    return None, row_number


# ---- what the reader says of it -------------------------------------------------------------------------------------


def _describe(seen: Inspection, facts: FileFacts, kind: contract.Kind) -> None:
    """Put the facts of the file into words and lists."""
    seen.format, seen.envelope_agency = facts.format, facts.envelope_agency
    seen.encoding = "" if facts.format.startswith(_NO_TEXT) else facts.encoding
    seen.parts, seen.notes, seen.attention = list(facts.parts), facts.all_notes, list(facts.attention)
    for tally in (*seen.reasons.values(), *seen.warnings.values()):
        tally.first = [part_of(number, seen.parts) for _, number in tally.first]
    for row in seen.rows:
        row["part"], row["row_number"] = part_of(row["row_number"], seen.parts)
    if place(Path(seen.path)) == (None, None):
        seen.notes.append(
            "tệp không nằm trong <source>/<kind>/…, ở chỗ này sẽ không được nạp"
            " / the file is not below <source>/<kind>/…, where it lies it would not be loaded"
        )
    for name, heading in facts.headings:
        seen.headings.append({"part": name or None, "first_row": heading.first_row, "last_row": heading.last_row})
        seen.columns += [
            {"part": name or None, **column} for column in _columns(heading, kind, frozenset(seen.shifted))
        ]
    for name, heading in facts.likely:
        seen.likely.append({"part": name or None, "first_row": heading.first_row, "last_row": heading.last_row})
        seen.columns += [{"part": name or None, **column} for column in _columns(heading, kind, frozenset())]
    if not facts.headings:
        seen.unknown_fields = {masked_name(name): rows for name, rows in facts.drift.items()}
    if facts.likely and not facts.headings:
        seen.missing = _missing(seen.columns, kind)
    seen.synonyms = _synonym_lines(seen.source, seen.columns)
    seen.word_lines = _word_lines(seen.source, seen.words)
    seen.timeliness_heading = _timeliness_heading(seen)


def _columns(heading: Heading, kind: contract.Kind, shifted: frozenset[str]) -> Iterator[Row]:
    """One entry per column that has a heading. state: as Column's, `dropped` (personal data), `shifted`.

    guess, guess_by, choices, matters: of an unknown one, what it probably is (see looks.Guess). No two have one guess.
    """
    taken = {name for name in heading.fields if name}
    for index, column in enumerate(heading.columns):
        if column.state == "empty":
            continue
        state = column.state
        if column.field in shifted:
            state = "shifted"
        elif column.field in kind.dropped:
            state = "dropped"
        known = kind.field(column.field or "")
        vi, en = known.name if known else (None, None)
        guessed = looks.Guess()
        if state == "unknown":
            guessed = looks.guess(kind, column.heading, column.looks, taken)
            taken |= {guessed.field} if guessed.field and guessed.field not in kind.dropped else set()
        yield {
            "column": letters(index),
            "number": index + 1,
            "heading": masked_name(column.heading),
            "field": column.field,
            "meaning_vi": vi,
            "meaning_en": en,
            "state": state,
            "looks": column.looks,
            "guess": guessed.field,
            "guess_by": guessed.by,
            "choices": list(guessed.choices),
            "matters": guessed.matters,
        }


def letters(index: int) -> str:
    """Letters of a column as spreadsheets show them: 0 → A, 25 → Z, 26 → AA."""
    text = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        text = chr(ord("A") + letter) + text
    return text


def _missing(columns: list[Row], kind: contract.Kind) -> list[str]:
    """Fields that the columns of a likely heading still lack, with every guess, to be a heading (portal-exports §6)."""
    named = {column["field"] or column["guess"] for column in columns} - {None}
    lacking = [name for name in kind.heading if name not in named]
    more = len(kind.heading) + kind.heading_more - len(named) - len(lacking)
    return [*lacking, *([f"+{more}"] if more > 0 else [])]


def _synonym_lines(source: str, columns: list[Row]) -> list[str]:
    """Lines of dunghan.toml for the headings nobody knows: the field that each probably is, `""` where it is none that
    a figure hangs on. Where only people can tell, the line is commented out: unread, it changes nothing."""
    lines: dict[str, str] = {}
    for column in columns:
        heading = column["heading"]
        # A name of which digits are hidden cannot be found again by what is shown of it.
        if column["state"] != "unknown" or "#" in heading or not contract.fold(heading):
            continue
        name = json.dumps(heading, ensure_ascii=False)
        if column["guess"] or not column["matters"]:
            lines.setdefault(heading, f"{name} = {json.dumps(column['guess'] or '')}")
        else:
            choices = "".join(f" {field}?" for field in column["choices"])
            lines.setdefault(heading, f'# {name} = "…"{f"  #{choices}" if choices else ""}')
    return [_section("headings", source), *lines.values()] if lines else []


def _word_lines(source: str, words: dict[str, dict[str, int]]) -> list[str]:
    """Lines of dunghan.toml for words nobody knows: the code of the word each is like, commented out where none is."""
    lines = []
    for portal, found in words.items():
        known = contract.known_words(portal)
        for word in found:
            # A mark for what is hidden, a number: only words can be mapped.
            if not any(letter.isalpha() for letter in word):
                continue
            # `Hoàn thành - trễ hạn` is `Hoàn thành` with a remark.
            bare = contract.fold(_REMARK.sub("", word))
            near = [bare] if bare in known else difflib.get_close_matches(contract.fold(word), known, 1, _LIKE_WORD)
            prefix = "" if portal == "TrangThaiHoSo" else f"{portal}:"
            code = known[near[0]] if near else "…"
            meant = code if near and not prefix else json.dumps(f"{prefix}{code}", ensure_ascii=False)
            lines.append(f"{'' if near else '# '}{json.dumps(word, ensure_ascii=False)} = {meant}")
    return [_section("words", source), *lines] if lines else []


def _timeliness_heading(seen: Inspection) -> str | None:
    """Heading of the column of statuses when words in it only say on time or late, else None."""
    words = [contract.fold(word) for word in seen.words.get("TrangThaiHoSo", ())]
    headings = [column["heading"] for column in seen.columns if column["field"] == "TrangThaiHoSo"]
    return headings[0] if headings and any(word in _TIMELINESS for word in words) else None


def _section(name: str, source: str) -> str:
    """Head of a table of dunghan.toml, for every source when the file's is not known."""
    table = '"*"' if source == UNKNOWN_SOURCE else source
    return f"[{name}.{table}]"
