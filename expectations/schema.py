"""The tables of schema `validated` in the build file: what the validation hands on, derived from the contract.

dbt's sources (models/staging/sources.yml) are written from here by `make docs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.contract.kinds import DOSSIER_CODE, DOSSIERS, FILE, FILES, IDENTITY, KIND, KINDS, ROW
from pipelines.contract.kinds import Kind as ContractKind
from pipelines.contract.model import BIGINT, INTEGER, TEXTS, Entries, Field, schema

#: kind of export → table of the lake and of `validated`
TABLES: dict[str, str] = {kind.name: kind.table for kind in KINDS.values()}
#: kind → tables that hold rows of its files (validated.quarantine aside)
ROW_TABLES: dict[str, tuple[str, ...]] = {kind.name: kind.validated_tables for kind in KINDS.values()}

SOURCE = IDENTITY[1]
SEQ = Field(
    column="validation_seq",
    type=BIGINT,
    meaning=(
        "Số thứ tự của lần kiểm tra đã ghi dòng này; chỉ dùng để biết dòng nào mới",
        "Number of the validation that wrote the row; only compared with the watermark of the build, never part of a"
        " figure",
    ),
)
WARNINGS = Field(
    column="warnings",
    type=TEXTS,
    meaning=("Các cảnh báo (mã WRN) của dòng", "WRN ids of the row (portal-exports §6)"),
)
_POSITION = Field(
    column="position", type=INTEGER, meaning=("Vị trí trong danh sách, từ 1", "Position in the list, from 1")
)


@dataclass(frozen=True)
class Table:
    """A table of schema `validated`. kinds: the kinds of export its rows come from. grain: what a row is."""

    kinds: tuple[str, ...]
    meaning: tuple[str, str]
    grain: str
    fields: tuple[Field, ...]


def _text(column: str, vi: str, en: str, type_: str = "VARCHAR") -> Field:
    return Field(column=column, type=type_, meaning=(vi, en))


def _accepted(kind: ContractKind) -> Table:
    """Rows of a kind. landing_id stays behind: it would make the contents depend on the way of loading."""
    kept = tuple(field for field in (*IDENTITY, *ROW, *kind.columns) if field.validated)
    vi, en = kind.meaning
    return Table(
        kinds=(kind.name,),
        meaning=(f"{vi}: dòng được chấp nhận", f"{en}: accepted rows"),
        grain="source, file_sha256, row_number",
        fields=(*kept, *FILE, *((WARNINGS,) if kind is DOSSIERS else ()), SEQ),
    )


def _laid_out(kind: ContractKind, entries: Entries) -> Table:
    """Entries of a list in accepted rows."""
    (key,) = (field for field in kind.columns if field.column == entries.key)
    of_file = (field for name in entries.of_file for field in FILE if field.column == name)
    return Table(
        kinds=(kind.name,),
        meaning=entries.meaning,
        grain="source, file_sha256, row_number, position",
        fields=(SOURCE, *ROW[:2], key, _POSITION, *entries.fields, *of_file, SEQ),
    )


_LEDGER = {field.column: field for field in FILES}

VALIDATED_TABLES: dict[str, Table] = {
    "files": Table(
        kinds=tuple(KINDS),
        meaning=("Sổ tệp: mỗi tệp ra sao", "the ledger: what became of every file"),
        grain="one observation of a file",
        fields=(
            SOURCE,
            KIND,
            *FILE,
            ROW[0],
            _LEDGER["exported_at_from"],
            _text("status", "loaded, duplicate hoặc rejected", "loaded, duplicate or rejected"),
            *(_LEDGER[column] for column in ("reason", "detail", "format", "rows_read")),
            _text("rows_accepted", "Số dòng được chấp nhận", "Rows accepted", BIGINT),
            _text("rows_quarantined", "Số dòng bị cách ly", "Rows rejected", BIGINT),
            _text("load_id", "16 chữ số đầu của file_sha256", "First 16 hexadecimal digits of file_sha256"),
            *(_LEDGER[column] for column in ("drift", "notes", "parts", "attention")),
            _text(
                "landing_id",
                "Lần nạp nội dung đã được kiểm tra; lần khác nghĩa là tệp đã được đọc lại",
                "The landing of its content that was validated; another one means that the file was read again",
            ),
            SEQ,
        ),
    ),
    **{kind.table: _accepted(kind) for kind in KINDS.values()},
    **{entries.table: _laid_out(kind, entries) for kind in KINDS.values() for _, entries in kind.lists},
    "attention": Table(
        kinds=tuple(KINDS),
        meaning=("Điều phải xem lại ở từng tệp", "what somebody must look at in a file although rows of it were read"),
        grain="source, kind, file_sha256, rule_id",
        fields=(
            SOURCE,
            KIND,
            FILE[1],
            FILE[2],
            ROW[0],
            _text("rule_id", "Mã quy tắc WRN", "WRN id (portal-exports §2)"),
            _text("detail", "Ở đâu, cái gì; không có giá trị của dòng", "What and where, without any value of a row"),
            SEQ,
        ),
    ),
    "quarantine": Table(
        kinds=tuple(KINDS),
        meaning=("Dòng bị loại và lý do, đã che dữ liệu cá nhân", "rejected rows and why, masked"),
        grain="source, kind, file_sha256, part, row_number",
        fields=(
            SOURCE,
            KIND,
            *FILE,
            ROW[0],
            _text(
                "part",
                "Trang tính hoặc tệp con; trống khi tệp chỉ có một bảng",
                "Sheet or archive member; null when the file has one table",
            ),
            _text(
                "row_number",
                "Số dòng trong phần đó, như người đếm",
                "Row in the part, as people count there (portal-exports §6)",
                BIGINT,
            ),
            _text("reasons", "Các mã REJ", "REJ ids that apply", TEXTS),
            _text(
                "offending",
                "Giá trị sai, đã che, văn bản JSON",
                "Offending values, personal data masked, JSON text",
            ),
            next(field for field in DOSSIERS.columns if field.column == "agency_code"),
            _text(
                DOSSIER_CODE.column,
                "Mã hồ sơ, bị che khi không giống mã",
                "Dossier code, masked when it does not look like one",
            ),
            SEQ,
        ),
    ),
    "rules": Table(
        kinds=(),
        meaning=("Danh mục quy tắc kiểm tra", "the catalogue of rules"),
        grain="rule_id",
        fields=(
            _text("rule_id", "Mã quy tắc", "Id of the rule"),
            _text("level", "row, file hoặc history", "row, file or history"),
            _text("severity", "reject hoặc warn", "reject or warn"),
            _text("kinds", "Các loại kết xuất liên quan", "Kinds of export it is about", TEXTS),
            _text("evaluated_in", "Nơi xét: validation, reader, dbt", "Where it is evaluated: validation, reader, dbt"),
            _text("message_vi", "Sai ở đâu, tiếng Việt", "What is wrong, Vietnamese"),
            _text("message_en", "Sai ở đâu, tiếng Anh", "What is wrong, English"),
            _text("advice_vi", "Cần làm gì, tiếng Việt", "What to do, Vietnamese"),
            _text("advice_en", "Cần làm gì, tiếng Anh", "What to do, English"),
            SEQ,
        ),
    ),
}

#: table → column → DuckDB type. `validations` is the validation's own: under which rules each was made, for other
#: rules mean that everything must be validated again.
VALIDATED: dict[str, dict[str, str]] = {
    **{name: schema(table.fields) for name, table in VALIDATED_TABLES.items()},
    "validations": {"fingerprint": "VARCHAR", "files": BIGINT, "rows": BIGINT, SEQ.column: SEQ.type},
}


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and every table that is missing."""
    con.execute("create schema if not exists validated")
    for table, columns in VALIDATED.items():
        definition = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
        con.execute(f"create table if not exists validated.{table} ({definition})")
