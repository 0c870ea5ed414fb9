"""Text rows → canonical rows of the lake: one DuckDB statement per kind. Personal data stops here.

A statement is built in stages, each a subquery over the one before: `fields` (portal names, text) → `clean` (trimmed,
codes and moments parsed) → the lake's columns. A row is handled by itself; nothing is repaired that 01 does not say.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import contract
from pipelines.contract import Kind
from pipelines.portal import codes, dates, privacy
from pipelines.portal.privacy import PrivacyKey

MAX_DRIFT_NAMES = 100
MAX_DRIFT_NAME = 60
#: Rows handed to one DuckDB thread at a time.
MORSEL = 8_192

_STATUS = "TrangThaiHoSo"
#: Columns of the text rows that go along with every stage.
_CARRIED = "portion, envelope, before, row_number"

#: The record of a row where some rows hold no JSON.
_VALID_RECORD = "case when json_valid(record) then record end"

#: White space that is trimmed: ASCII, no-break space, byte order mark, zero-width space.
_SPACES = "' \t\n\v\r\u00a0\ufeff\u200b'"


@dataclass(frozen=True)
class TextRows:
    """Rows of one file as text.

    JSON: columns row_number BIGINT, record VARCHAR (JSON text of one record, null if it cannot even be text).
    Tabular: row_number BIGINT, is_record BOOLEAN, then any contract fields as VARCHAR.
    """

    table: pa.Table

    @property
    def tabular(self) -> bool:
        """True for rows of a sheet or CSV file."""
        return "record" not in self.table.column_names


@dataclass(frozen=True)
class Portion:
    """Text rows of one file on their way through `Canonicaliser.convert`.

    envelope_agency: `madonvi` of the envelope, as it was written. before: lake rows that the file has given already.
    """

    rows: TextRows
    envelope_agency: str | None = None
    before: int = 0


@dataclass
class Converted:
    """Lake rows of one portion, less the columns that name the file (landing_id, source, file_sha256).

    drift: unknown field → rows that had it (names only).
    """

    rows: pa.Table
    drift: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Canonicaliser:
    """Turns text rows of one kind into lake rows. con: an in-memory connection; its threads do the work."""

    con: duckdb.DuckDBPyConnection
    kind: Kind
    key: PrivacyKey
    keep_officer_names: bool = False

    def convert(self, portions: Sequence[Portion]) -> list[Converted]:
        """Lake rows of each portion. The portions must have the same columns.

        Planning the statement takes longer than reading a small file: many of them go through it together. What
        becomes of a row depends on that row alone.
        """
        self.con.register("text_rows", _together(portions))
        try:
            drift: dict[int, Counter[str]] = {}
            names = portions[0].rows.table.column_names
            if portions[0].rows.tabular:
                fields = _tabular_fields(self.kind, names)
            else:
                try:
                    records = "record"
                    renames, drift = self._look_at_names(records)
                except duckdb.InvalidInputException:  # one of them is no JSON, which is rare: only then look at each
                    records = _VALID_RECORD
                    renames, drift = self._look_at_names(records)
                fields = _json_fields(self.kind, renames, records)
            statement = self._statement(fields, derive_status=_STATUS not in names and portions[0].rows.tabular)
            self.key.register_key(self.con)
            # A relation, for the result of `execute` is fetched by one thread while the others wait.
            result = self.con.sql(statement).to_arrow_table()
        finally:
            self.con.unregister("text_rows")
        # DuckDB keeps the order, so that the portions lie one behind the other.
        ends = np.cumsum(np.bincount(result.column("portion").to_numpy(), minlength=len(portions)))
        result = result.drop_columns(["portion"])
        return [
            Converted(result.slice(start, end - start), _named_drift(drift.get(index, Counter())))
            for index, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
        ]

    def _statement(self, fields: str, *, derive_status: bool) -> str:
        if self.kind is contract.DOSSIERS:
            return _dossiers(fields, derive_status=derive_status)
        if self.kind is contract.PROGRESS:
            return _events(fields, self.keep_officer_names)
        if self.kind is contract.PROCEDURES:
            return _procedures(fields)
        if self.kind is contract.AGENCIES:
            return _agencies(fields)
        return _portal_reports(fields)

    def _look_at_names(self, records: str) -> tuple[dict[str, str], dict[int, Counter[str]]]:
        """({spelling in the registered rows: contract name that it means}, {portion: unknown names and their rows}).

        records: SQL of a row's JSON text, null when it is none. Raises duckdb.InvalidInputException when it is no JSON.

        A name is unknown too when its record has the exact one besides. Names inside lists and objects are looked up in
        the first element of each; they are unknown by their path, `TaiLieuNop[].X`.
        """
        paths = list(_nested_paths(self.kind.structure))
        seen = self._names_seen(records, [_pointer(path) for path, _ in paths])
        known, exact = contract.spellings(self.kind), set(self.kind.names)
        renames: dict[str, str] = {}
        drift: dict[int, Counter[str]] = defaultdict(Counter)
        for portion, rows, (present, *_) in seen:
            for name in present - exact:
                target = known.get(name.lower())
                if target is None or target in present:
                    drift[portion][name] += rows
                else:
                    renames[name] = target
        if renames and paths:
            written = {target: name for name, target in renames.items()}
            places = [_pointer((written.get(str(path[0]), path[0]), *path[1:])) for path, _ in paths]
            seen = self._names_seen(records, places)
        for index, (path, names) in enumerate(paths, start=1):
            place = _place(path)
            lower = {name.lower(): name for name in names}
            dropped = {name.lower() for name in self.kind.dropped_inside.get(place, ())}
            for portion, rows, found in seen:
                for name in found[index].difference(names):
                    if name.lower() in lower:
                        renames[name] = lower[name.lower()]
                    elif name.lower() not in dropped:
                        drift[portion][f"{place}.{name}"] += rows
        return dict(sorted(renames.items())), drift

    def _names_seen(self, records: str, pointers: list[str]) -> list[tuple[int, int, list[set[str]]]]:
        """(portion, how many records have just these names, [names at the top, then at each pointer])."""
        # The empty pointer is the record itself: everything in one look at it.
        seen = self.con.sql(
            f"select portion, count(*), json_keys({records}, {['', *pointers]!r}::varchar[])"
            f" from text_rows where {records} is not null group by all"
        ).fetchall()
        return [(portion, rows, [set(names or ()) for names in found]) for portion, rows, found in seen]


def _together(portions: Sequence[Portion]) -> pa.Table:
    """One table `text_rows`: portion, envelope, before, and the columns of the text rows, cut for several threads."""
    tables = []
    for index, portion in enumerate(portions):
        count = portion.rows.table.num_rows
        table = portion.rows.table.append_column("portion", pa.repeat(pa.scalar(index, pa.int32()), count))
        table = table.append_column("envelope", pa.repeat(pa.scalar(portion.envelope_agency, pa.string()), count))
        tables.append(table.append_column("before", pa.repeat(pa.scalar(portion.before, pa.int64()), count)))
    together = tables[0] if len(tables) == 1 else pa.concat_tables(tables).combine_chunks()
    # A record batch is scanned by one thread, so that a large one must be cut for the others to have work.
    return pa.Table.from_batches(together.to_batches(max_chunksize=MORSEL), schema=together.schema)


def _named_drift(drift: Counter[str]) -> Counter[str]:
    """The drift by names that may be shown, the most frequent ones."""
    shown: Counter[str] = Counter()
    for name, rows in drift.items():
        shown[shown_name(name)] += rows
    return Counter(dict(shown.most_common(MAX_DRIFT_NAMES)))


def shown_name(name: str) -> str:
    """A field name as the ledger may show it: no digits of an identity number, no e-mail, at most 60 characters."""
    safe = "".join("#" if c.isdigit() else c for c in name) if sum(c.isdigit() for c in name) >= 6 else name
    return safe.replace("@", "#")[:MAX_DRIFT_NAME]


def _place(path: tuple[str | int, ...]) -> str:
    """A path as people write it: `CACHTHUCTHUCHIEN[].THOIGIAN[]`."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _pointer(path: tuple[str | int, ...]) -> str:
    return "/" + "/".join(str(part) for part in path)


def _nested_paths(
    structure: dict[str, Any], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    for name, inner in structure.items():
        if inner == contract.TEXT:
            continue
        here = (*path, name, 0) if isinstance(inner, list) else (*path, name)
        members = inner[0] if isinstance(inner, list) else inner
        yield here, list(members)
        yield from _nested_paths(members, here)


# --- stage `fields`: portal names as columns -------------------------------------------------------------------------


def _json_fields(kind: Kind, renames: dict[str, str], records: str) -> str:
    record = records
    for written, name in renames.items():
        # A quote inside a JSON string is escaped, so that this pattern can only meet a name, never a value.
        pattern = f'"{_quote_regex(written)}"\\s*:'
        renamed = f"regexp_replace({record}, {_literal(pattern)}, '\"{name}\":', 'g')"
        record = f"case when contains({record}, '\"{name}\"') then {record} else {renamed} end"
    columns = ", ".join(f'f."{name}"' for name in kind.structure)
    structure = _literal(json.dumps(kind.structure))
    return f"""
        select {_CARRIED}, f is not null and starts_with(ltrim(record, {_SPACES}), '{{') as is_record, {columns}
        from (
            select
                {_CARRIED},
                record,
                json_transform({record}, {structure}) as f,
            from text_rows
        )"""


def _quote_regex(text: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else f"\\x{{{ord(c):x}}}" for c in text)


def _tabular_fields(kind: Kind, present: list[str]) -> str:
    columns = []
    for name, inner in kind.structure.items():
        if inner == contract.TEXT:
            columns.append(f'"{name}"' if name in present else f'null::varchar as "{name}"')
        else:
            value = f'"{name}"' if name in present else "null::varchar"
            transformed = f"json_transform({value}, {_literal(json.dumps(inner))})"
            columns.append(f'case when json_valid({value}) then {transformed} end as "{name}"')
    return f"select {_CARRIED}, is_record, {', '.join(columns)} from text_rows"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- expressions ----------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    """Trimmed; null when nothing is left."""
    # Hardly any value has white space at its ends, and trimming a set of characters costs four times the look.
    edge = r"[\s\x{a0}\x{feff}\x{200b}]"
    return (
        f"case when {text} = '' then null when regexp_matches({text}, '^{edge}|{edge}$')"
        f" then nullif(trim({text}, {_SPACES}), '') else {text} end"
    )


def _name(text: str) -> str:
    """A name or text that is kept: trimmed, NFC, without what looks like personal data."""
    return privacy.redact(codes.nfc(text))


def _flag(text: str) -> str:
    """BOOLEAN of `0`/`1` or a word for them; null for anything else."""
    meant = _word(text, contract.words({}, contract.FLAG_WORDS))
    return f"case {text} when '1' then true when '0' then false else {meant} = 'true' end"


def _is_bad(text: str, parsed: str) -> str:
    return f"({parsed} is null and not {dates.is_missing(text)})"


def _status(text: str) -> str:
    """INTEGER 1..10 of a number or of the words for it; null otherwise."""
    meant = _word(text, contract.words(contract.STATUSES, contract.STATUS_WORDS))
    return (
        rf"case when regexp_full_match({text}, '0?[1-9](\.0)?|10(\.0)?') then {text}::double::integer"
        f" else {meant}::integer end"
    )


def _channel(text: str) -> str:
    meant = _word(text, contract.words(contract.CHANNELS, contract.CHANNEL_WORDS))
    return (
        f"case when {text} is null then '1' when {text} in ('1', '2', '3') then {text}"
        f" else coalesce({meant}, 'unknown') end"
    )


def _applicant_type(text: str) -> str:
    meant = _word(text, contract.words(contract.APPLICANT_TYPES, contract.APPLICANT_WORDS))
    return f"case when {text} in ('1', '2', '3', '4') then {text} else {meant} end"


def _word(text: str, table: dict[str, str]) -> str:
    """VARCHAR: the code of a word in `table` (folded word → code), else null. A number before or behind the word is
    that of somebody's list and says nothing: `9 - Đã xử lý xong`, `(4) Đang xử lý`."""
    plain = f"regexp_replace({_fold(text)}, '^[0-9]{{1,2}} | [0-9]{{1,2}}$', '', 'g')"
    cases = " ".join(f"when '{word}' then '{code}'" for word, code in table.items())
    return rf"case when regexp_matches({text}, '\p{{L}}') then case {plain} {cases} end end"


def _fold(text: str) -> str:
    """The SQL form of contract.fold."""
    plain = f"replace(strip_accents(lower(nfc_normalize({text}))), 'đ', 'd')"
    return rf"trim(regexp_replace({plain}, '[^\p{{L}}\p{{N}}]+', ' ', 'g'))"


def _money(text: str) -> str:
    """Amount in đồng of `8000`, `8000.0`, `8.000`, `8,000 đ`; null when it is no amount."""
    plain = rf"regexp_replace(lower({text}), '[\s₫]|vnđ|vnd|đồng|đ', '', 'g')"
    return (
        rf"case when regexp_full_match({text}, '[0-9]{{1,15}}') then {text}::bigint"
        rf" when regexp_full_match({plain}, '[0-9]{{1,3}}([.,][0-9]{{3}}){{1,4}}')"
        rf" then regexp_replace({plain}, '[.,]', '', 'g')::bigint"
        rf" when regexp_full_match({plain}, '[0-9]{{1,15}}([.][0-9]+)?') then round({plain}::double)::bigint end"
    )


def _whole_number(text: str) -> str:
    """DOUBLE of a count: `597918`, or with marks between the thousands: `597.918`, `597,918`."""
    return (
        f"case when regexp_full_match({text}, '[0-9]{{1,3}}([.,][0-9]{{3}}){{1,4}}')"
        f" then regexp_replace({text}, '[.,]', '', 'g')::double else try_cast({text} as double) end"
    )


def _figure(text: str) -> str:
    """DOUBLE of a figure: `88.42`, or with a decimal comma: `88,42`."""
    point = f"case when regexp_full_match({text}, '-?[0-9]+,[0-9]+') then replace({text}, ',', '.') else {text} end"
    return f"try_cast({point} as double)"


def _bad_values(pairs: dict[str, tuple[str, str]]) -> str:
    """JSON text {portal field: masked value} of those (text, is it bad) that are bad; null when none is."""
    any_bad = " or ".join(bad for _, bad in pairs.values())
    entries = ", ".join(
        f"{{'k': '{name}', 'v': case when {bad} then {privacy.mask(codes.nfc(text))} end}}"
        for name, (text, bad) in pairs.items()
    )
    kept = f"list_filter([{entries}], lambda e: e.v is not null)"
    return f"case when {any_bad} then to_json(map_from_entries({kept}))::varchar end"


def _iso(moment: str) -> str:
    return f"strftime({moment}, '%Y-%m-%dT%H:%M:%S')"


def _json(value: str) -> str:
    return f"to_json({value})::varchar"


# --- dossiers -------------------------------------------------------------------------------------------------------

_DOSSIER_MOMENTS = {
    "NgayNopHoSo": "submitted_at",
    "NgayTiepNhan": "received_at",
    "NgayHenTra": "due_at",
    "NgayKetThucXuLy": "finished_at",
    "NgayTra": "returned_at",
    "NgayTuChoi": "refused_at",
}

#: What a version of a dossier is compared by (timeliness §1): every kept canonical field.
_DOSSIER_CONTENT = (
    *("dossier_code", "agency_code", "procedure_code", "procedure_name", "field_code"),
    *("field_name", "channel", "applicant_type", *_DOSSIER_MOMENTS.values(), "status", "return_method", "agency_name"),
    *("submitted_via", "has_digitised_parts", "vneid_verified", "online_payment", "connected_databases"),
    *("submitted_files", "digitised_files", "reused_files", "fee_count", "fee_total", "supplements"),
    *("result_documents", "electronic_results", "applicant_key", "placeholder_id"),
)


def _dossiers(fields: str, *, derive_status: bool) -> str:
    texts = ", ".join(
        f'{_clean(f"""{name}""")} as "{name}"'
        for name, inner in contract.DOSSIERS.structure.items()
        if inner == "VARCHAR"
    )
    lists = ", ".join(
        f'coalesce("{name}", []) as "{name}"'
        for name, inner in contract.DOSSIERS.structure.items()
        if inner != "VARCHAR"
    )
    moments = ", ".join(
        f"{dates.parse_moment(name, end_of_day=name == 'NgayHenTra')} as {column}"
        for name, column in _DOSSIER_MOMENTS.items()
    )
    bad_moments = ", ".join(f"{_is_bad(name, column)} as bad_{column}" for name, column in _DOSSIER_MOMENTS.items())
    any_bad_moment = " or ".join(f"bad_{column}" for column in _DOSSIER_MOMENTS.values())
    status = (
        "case when NgayTra is not null then 10 when NgayKetThucXuLy is not null then 9 else 4 end"
        if derive_status
        else _status("TrangThaiHoSo")
    )
    supplement = (
        "{"
        f"'requested_at': {_iso(dates.parse_moment('trim(x.NgayBoSung)', end_of_day=False))}, "
        f"'answered_at': {_iso(dates.parse_moment('trim(x.NgayTiepNhanBoSung)', end_of_day=False))}, "
        f"'due_before': {_iso(dates.parse_moment('trim(x.NgayHenTraTruoc)', end_of_day=True))}, "
        f"'due_after': {_iso(dates.parse_moment('trim(x.NgayHenTraMoi)', end_of_day=True))}"
        "}"
    )
    bad = {name: (name, f"bad_{column}") for name, column in _DOSSIER_MOMENTS.items()}
    if not derive_status:
        bad["TrangThaiHoSo"] = ("TrangThaiHoSo", "(status is null and TrangThaiHoSo is not null)")
    # A row with an impossible date is rejected anyway, and is what a shifted sheet looks like: its texts may be people.
    kept = "case when not shifted then {} end"
    # No kept text holds a control character, so that these separate fields and mark nulls without doubt.
    content = ", ".join(f"coalesce({column}::varchar, chr(30))" for column in _DOSSIER_CONTENT)
    return f"""
    with fields as ({fields}),
    clean as (select {_CARRIED}, is_record, {texts}, {lists} from fields),
    parsed as (
        select
            *,
            {codes.normalise("MaHoSo")} as code,
            {codes.pad_procedure(codes.normalise("MaTTHC"))} as procedure_code,
            {codes.is_unpadded_procedure(codes.normalise("MaTTHC"))} as procedure_padded,
            coalesce(SoGiayToChuHoSo, {_clean("DinhDanhCHS[1].SoDinhDanh")}) as identity,
            {status} as status,
            {moments},
        from clean
    ),
    validated as (
        select *, {codes.dossier_form("code")} as code_form, {bad_moments}
        from parsed
    ),
    coded as (
        select
            *,
            {any_bad_moment} as shifted,
            case when code_form in ('old', 'new') then {codes.dossier_date("code")} end as code_date,
            case when code_form in ('old', 'new') then {codes.dossier_digits("code")} end as sequence_digits,
            {codes.canonical_agency(codes.normalise("envelope"))} as envelope_agency,
        from validated
    ),
    canonical as (
        select
            portion,
            row_number,
            is_record,
            {_shift_code()} as dossier_code,
            envelope_agency,
            coalesce(
                case
                    when code_form in ('old', 'new') then {codes.canonical_agency(codes.dossier_agency_part("code"))}
                end,
                envelope_agency,
                '{codes.UNKNOWN_AGENCY}'
            ) as agency_code,
            code_date,
            code_form,
            sequence_digits,
            {kept.format(privacy.redact_code("procedure_code"))} as procedure_code,
            {kept.format(codes.procedure_key(privacy.redact_code("procedure_code")))} as procedure_key,
            procedure_padded,
            {kept.format(_name("TenTTHC"))} as procedure_name,
            {kept.format(_name("MaLinhVuc"))} as field_code,
            {kept.format(_name("TenLinhVuc"))} as field_name,
            {_channel("KenhThucHien")} as channel,
            {_applicant_type("LoaiDoiTuong")} as applicant_type,
            {", ".join(_DOSSIER_MOMENTS.values())},
            status,
            {_short("HinhThuc")} as return_method,
            {kept.format(_name("DonViXuLy"))} as agency_name,
            {_short("NoiNopHoSo")} as submitted_via,
            {_flag("HoSoCoThanhPhanSoHoa")} as has_digitised_parts,
            {_flag("TaiKhoanDuocXacThucVoiVNeID")} as vneid_verified,
            {_short("DuocThanhToanTrucTuyen")} as online_payment,
            {_databases()} as connected_databases,
            len(TaiLieuNop)::integer as submitted_files,
            {_count_flags("TaiLieuNop", "DuocSoHoa")} as digitised_files,
            {_count_flags("TaiLieuNop", "DuocTaiSuDung")} as reused_files,
            len(DanhSachLePhi)::integer as fee_count,
            coalesce(
                list_sum(list_transform(DanhSachLePhi, lambda x: {_money("trim(x.Gia)")})), 0
            )::bigint as fee_total,
            case
                when len(DanhSachHoSoBoSung) = 0 then '[]'
                else {_json(f"list_transform(DanhSachHoSoBoSung, lambda x: {supplement})")}
            end as supplements,
            len(DanhSachHoSoBoSung)::integer as supplement_count,
            len(DanhSachGiayToKetQua)::integer as result_documents,
            {_count("DanhSachGiayToKetQua", "trim(x.DuongDanTepTinKetQua) != ''")} as electronic_results,
            {privacy.hmac("identity")} as applicant_key,
            coalesce(identity = '{contract.PLACEHOLDER_ID}', false) as placeholder_id,
            {_bad_values(bad)} as bad_values,
        from coded
    )
    select
        * exclude (bad_values),
        case when is_record then md5(concat_ws(chr(31), {content})) end as content_hash,
        bad_values,
    from canonical
    """


def _shift_code() -> str:
    # Nothing but 9 to 13 digits in a row whose dates are no dates: a phone or identity number of a shifted sheet.
    return (
        "case when shifted and regexp_full_match(code, '[0-9]{9,13}')"
        f" then repeat('#', length(code)) || '~' || left({privacy.hmac('code')}, 10)"
        f" else {privacy.mask_code('code')} end"
    )


def _short(text: str) -> str:
    """A code of one or two characters; anything longer is no such code."""
    return f"case when regexp_full_match({text}, '[0-9A-Za-z]{{1,2}}') then {text} end"


def _count(items: str, condition: str) -> str:
    return f"len(list_filter({items}, lambda x: {condition}))::integer"


def _count_flags(items: str, name: str) -> str:
    """INTEGER: in how many items the flag `name` means yes."""
    # Words inside a list cost forty times what 0 and 1 do.
    plain = f"len(list_filter({items}, lambda x: x.{name} not in ('0', '1', ''))) = 0"
    ones = _count(items, f"x.{name} = '1'")
    return f"case when {plain} then {ones} else {_count(items, _flag(f'trim(x.{name})'))} end"


def _databases() -> str:
    trimmed = "list_transform(DSKetNoiCSDL, lambda x: trim(x.MaCSDL))"
    hidden = f"list_transform({trimmed}, lambda x: {privacy.redact_code('x')})"
    together = "array_to_string({}, ',')"
    # One look at all of them together: hardly ever is there anything to hide, and patterns are dear inside a list.
    found = f"case when {privacy.is_clear_code(together.format(trimmed))} then {trimmed} else {hidden} end"
    kept = f"list_sort(list_distinct(list_filter({found}, lambda x: x != '')))"
    return f"case when len(DSKetNoiCSDL) > 0 then nullif({together.format(kept)}, '') end"


# --- the other kinds ------------------------------------------------------------------------------------------------


def _clean_texts(kind: Kind) -> str:
    return ", ".join(
        f'{_clean(name)} as "{name}"' if inner == contract.TEXT else f'"{name}"'
        for name, inner in kind.structure.items()
    )


def _events(fields: str, keep_officer_names: bool) -> str:
    officer = codes.nfc("NguoiXuLy") if keep_officer_names else privacy.hmac(codes.nfc("NguoiXuLy"))
    identity = _json(
        f"[code, {_iso('event_at')}, status::varchar, {codes.nfc('NguoiXuLy')}, {codes.nfc('NoiDungXuLy')}]"
    )
    bad = {
        "ThoiDiemXuLy": ("ThoiDiemXuLy", "bad_event_at"),
        "TrangThai": ("TrangThai", "(status is null and TrangThai is not null)"),
        "NgayBatDau": ("NgayBatDau", _is_bad("NgayBatDau", "started_at")),
        "NgayKetThucTheoQuyDinh": ("NgayKetThucTheoQuyDinh", _is_bad("NgayKetThucTheoQuyDinh", "due_at")),
    }
    return f"""
    with fields as ({fields}),
    clean as (select {_CARRIED}, is_record, {_clean_texts(contract.PROGRESS)} from fields),
    parsed as (
        select
            *,
            {codes.normalise("MaHoSo")} as code,
            {dates.parse_moment("ThoiDiemXuLy", end_of_day=False)} as event_at,
            {_status("TrangThai")} as status,
            {dates.parse_moment("NgayBatDau", end_of_day=False)} as started_at,
            {dates.parse_moment("NgayKetThucTheoQuyDinh", end_of_day=True)} as due_at,
        from clean
    ),
    validated as (
        select *, {_is_bad("ThoiDiemXuLy", "event_at")} as bad_event_at, bad_event_at as shifted from parsed
    )
    select
        portion,
        row_number,
        is_record,
        {_shift_code()} as dossier_code,
        event_at,
        status,
        case when not shifted then {_name("PhongBanXuLy")} end as unit_name,
        case when not shifted then {officer} end as officer_key,
        case when is_record then {privacy.hmac(identity)} end as event_key,
        started_at,
        due_at,
        {_bad_values(bad)} as bad_values,
    from validated
    """


def _procedures(fields: str) -> str:
    unit = " ".join(f"when '{contract.fold(name)}' then '{unit}'" for name, unit in contract.LIMIT_UNITS.items())
    amount = "try_cast(replace(trim(y.THOIGIANGIAIQUYET), ',', '.') as double)"
    limits = f"""flatten(list_transform(
            coalesce(CACHTHUCTHUCHIEN, []),
            lambda x: list_transform(
                coalesce(x.THOIGIAN, []),
                lambda y: {{
                    'channel': {_channel("nullif(trim(x.KENH), '')")},
                    'amount': {amount},
                    'unit': case {_fold("y.DONVITINH")} {unit} end,
                    'text': concat_ws(' ', y.THOIGIANGIAIQUYET, y.DONVITINH)
                }}
            )
        ))"""
    good = "coalesce(l.amount >= 0 and isfinite(l.amount) and l.unit is not null, false)"
    unread = f"list_filter(all_limits, lambda l: trim(l.text) != '' and not {good})"
    member = "{'channel': l.channel, 'amount': l.amount, 'unit': l.unit}"
    kept = f"list_transform(list_filter(all_limits, lambda l: {good}), lambda l: {member})"
    bad = {"THOIGIANGIAIQUYET": ("unread_limit", "unread_limit is not null")}
    return f"""
    with fields as ({fields}),
    clean as (select {_CARRIED}, is_record, {_clean_texts(contract.PROCEDURES)} from fields),
    parsed as (
        select
            *,
            {codes.pad_procedure(codes.normalise("MATTHC"))} as procedure_code,
            {limits} as all_limits,
            {unread}[1].text as unread_limit,
        from clean
    )
    select
        portion,
        row_number,
        is_record,
        {privacy.redact_code("procedure_code")} as procedure_code,
        {codes.procedure_key(privacy.redact_code("procedure_code"))} as procedure_key,
        {_name("TENTTHC")} as procedure_name,
        {_name(_clean("LINHVUCTHUCHIEN[1].MALINHVUC"))} as field_code,
        {_name(_clean("LINHVUCTHUCHIEN[1].TENLINHVUC"))} as field_name,
        {_json(kept)} as limits,
        {_bad_values(bad)} as bad_values,
    from parsed
    """


def _agencies(fields: str) -> str:
    bad = {
        "HieuLucTu": ("HieuLucTu", _is_bad("HieuLucTu", "valid_from")),
        "HieuLucDen": ("HieuLucDen", _is_bad("HieuLucDen", "valid_to")),
    }
    return f"""
    with fields as ({fields}),
    clean as (select {_CARRIED}, is_record, {_clean_texts(contract.AGENCIES)} from fields),
    parsed as (
        select
            *,
            {codes.canonical_agency(codes.normalise("MaDonVi"))} as agency_code,
            ({dates.parse_moment("HieuLucTu", end_of_day=False)})::date as valid_from,
            ({dates.parse_moment("HieuLucDen", end_of_day=False)})::date as valid_to,
        from clean
    )
    select
        portion,
        row_number,
        is_record,
        {privacy.redact_code("agency_code")} as agency_code,
        {_name("TenDonVi")} as agency_name,
        {privacy.redact_code(codes.canonical_agency(codes.normalise("MaDonViCha")))} as parent_code,
        {_name("CapDonVi")} as level,
        valid_from,
        valid_to,
        {privacy.redact_code(codes.canonical_agency(codes.normalise("MaDonViThayThe")))} as successor_code,
        {_bad_values(bad)} as bad_values,
    from parsed
    """


def _portal_reports(fields: str) -> str:
    """One document gives one row per department, the parent first; a document without any is one bad row."""
    counts = ("totalReceived", "totalOnTime", "totalOverdue", "totalCompleted")
    figures = ("avgProcessingDays", "ratio", "totalScore", "totalMaxScore", "score", "maxScore", "scoreDelta")
    numbers = ", ".join(
        [
            *(f"{_whole_number(_clean(f'd.{name}'))} as {name}" for name in counts),
            *(f"{_figure(_clean(f'd.{name}'))} as {name}" for name in figures),
        ]
    )
    bad = {name: (f"d.{name}", _is_bad(_clean(f"d.{name}"), name)) for name in (*counts, *figures)}
    return f"""
    with fields as ({fields}),
    documents as (
        select
            portion,
            before,
            row_number as document,
            is_record,
            coalesce(data.parent, parent) as head,
            coalesce(data.children, children, []) as tail,
        from fields
    ),
    departments as (
        select portion, before, document, is_record, true as is_parent, 0 as position, head as d
        from documents
        where head is not null or len(tail) = 0
        union all
        select portion, before, document, is_record, false, unnest(generate_series(1, len(tail))), unnest(tail)
        from documents
    ),
    read as (select *, {numbers} from departments)
    select
        portion,
        before + row_number() over (partition by portion order by document, position) as row_number,
        is_record and d is not null as is_record,
        {_clean("d.departmentId")} as department_id,
        {_name(_clean("d.departmentName"))} as department_name,
        {codes.canonical_agency(codes.normalise("d.departmentCode"))} as department_code,
        {_name(_clean("d.level"))} as level,
        totalReceived::bigint as total_received,
        totalOnTime::bigint as total_on_time,
        totalOverdue::bigint as total_overdue,
        totalCompleted::bigint as total_completed,
        avgProcessingDays as avg_processing_days,
        ratio,
        coalesce(score, totalScore) as score,
        coalesce(maxScore, totalMaxScore) as max_score,
        scoreDelta as score_delta,
        is_parent,
        {_bad_values(bad)} as bad_values,
    from read
    order by portion, document, position
    """
