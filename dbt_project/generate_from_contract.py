"""Writes what dbt and the docs say of the contract (pipelines/contract), so that nobody writes it a second time.

    python dbt_project/generate_from_contract.py

macros/contract.sql (columns that models hand on), models/staging/sources.yml (tables of schema `validated`), the
published columns in the YAML of fct_dossiers, and docs/reference/lake.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # the project that this file lies in, whatever is installed

from expectations.schema import VALIDATED, VALIDATED_TABLES, Table  # noqa: E402
from pipelines.contract import DOSSIERS, KINDS, Field  # noqa: E402
from pipelines.landing.lake import LEDGER, TABLES  # noqa: E402

GENERATED = "Written by `make docs` from pipelines/contract; do not edit"
#: Columns by which a version is found are named by hand where versions are put together.
_KEYS = {"source", "dossier_code", "file_sha256", "row_number", "is_record"}
_MODEL = "fct_dossiers"
_ENTRY = re.compile(r"^      - \{?name: (\w+)")


def texts(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file of the project in `root`, with the text it should have."""
    project = root / "dbt_project"
    of_model = next(
        path for path in sorted((project / "models").rglob("*.yml")) if f"- name: {_MODEL}\n" in _read(path)
    )
    return {
        project / "macros" / "contract.sql": macros(),
        project / "models" / "staging" / "sources.yml": sources(),
        of_model: published(_read(of_model)),
        root / "docs" / "reference" / "lake.md": lake_page(),
    }


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# --- dbt ------------------------------------------------------------------------------------------------------------


def macros() -> str:
    """Lists of columns as dbt macros."""
    content = [f.column for f in DOSSIERS.columns if f.validated and f.column not in _KEYS]
    parts: dict[str, list[str]] = {}
    for field in DOSSIERS.columns:
        if field.published:
            parts.setdefault(field.published, []).append(field.column)
    lists = ",\n".join(f"        '{part}': {columns!r}" for part, columns in parts.items())
    return f"""\
{{#- {GENERATED}. -#}}

{{#- Columns of validated.dossiers that are those of a version, besides its keys and its file. -#}}
{{% macro dossier_content() -%}}
    {{{{ return({content!r}) }}}}
{{%- endmacro %}}

{{#- Of these the ones that fct_dossiers publishes: all, or those of one part of it. -#}}
{{% macro dossier_published(part=none) -%}}
    {{%- set parts = {{
{lists},
    }} -%}}
    {{{{ return(parts[part] if part else parts.values() | sum(start=[])) }}}}
{{%- endmacro %}}
"""


def sources() -> str:
    """dbt's sources: the tables of schema `validated`."""
    tables = "\n".join(line for name, table in VALIDATED_TABLES.items() for line in _source(name, table))
    return f"""\
# {GENERATED}.
version: 2

sources:
  - name: validated
    description: Rows of complete loads, split by the rules. Written by expectations.validation, no personal data.
    schema: validated
    tables:
{tables}
"""


def _source(name: str, table: Table) -> Iterator[str]:
    yield f"      - name: {name}"
    yield f"        description: {_quoted(f'Grain: {table.grain}. {_both(table.meaning)}')}"
    yield "        columns:"
    for field in table.fields:
        yield f"          - name: {field.column}"
        yield f"            data_type: {field.type.lower()}"
        yield f"            description: {_quoted(_both(field.meaning))}"


def published(text: str) -> str:
    """The YAML of fct_dossiers with one entry per published column of the contract, others as they are.

    An entry whose text is a doc block keeps it. A column that has no entry yet gets one behind its neighbour.
    """
    before, rest = text.split(f"- name: {_MODEL}\n", 1)
    head, listed = rest.split("    columns:\n", 1)
    lines = listed.splitlines(keepends=True)
    end = next((i for i, line in enumerate(lines) if not line.startswith("      ") and line.strip()), len(lines))
    entries: dict[str, str] = {}
    for line in lines[:end]:
        found = _ENTRY.match(line)
        name = found[1] if found else next(reversed(entries))
        entries[name] = entries.get(name, "") + line
    wanted = {field.column: field for field in DOSSIERS.columns if field.published}
    neighbour = ""
    for name, field in wanted.items():
        if name not in entries:
            names = [*entries]
            at = names.index(neighbour) + 1
            entries = {**{n: entries[n] for n in names[:at]}, name: "", **{n: entries[n] for n in names[at:]}}
        if "{{ doc(" not in entries[name]:
            entries[name] = _entry(field)
        neighbour = name
    return f"{before}- name: {_MODEL}\n{head}    columns:\n{''.join(entries.values())}{''.join(lines[end:])}"


def _entry(field: Field) -> str:
    said = _quoted(_both(field.meaning))
    inline = f"      - {{name: {field.column}, data_type: {field.type.lower()}, description: {said}}}\n"
    if len(inline) <= 160:
        return inline
    return f"      - name: {field.column}\n        data_type: {field.type.lower()}\n        description: {said}\n"


def _both(words: tuple[str, str]) -> str:
    return " / ".join(words)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


# --- docs/reference/lake.md -----------------------------------------------------------------------------------------


def lake_page() -> str:
    """Tables of the lake and of schema `validated`."""
    kinds = {kind.table: kind for kind in KINDS.values()}
    lines = [
        "# Kho dữ liệu thô và lược đồ `validated` / The lake and schema `validated`",
        "",
        "Trang này được tạo từ `pipelines/contract` bằng `make docs`; đừng sửa tay.",
        "This page is generated from `pipelines/contract` by `make docs`; do not edit it.",
        "",
        "Không cột nào chứa dữ liệu cá nhân. *Nội dung*: thay đổi ở cột này mở một phiên bản mới của hồ sơ.",
        "No column holds personal data. *Content*: a change in the column opens a new version of the dossier.",
        "",
        "## Kho dữ liệu thô / The lake (`lake/raw/<table>/*.parquet`)",
        "",
    ]
    for table, fields in TABLES.items():
        vi, en = kinds[table].meaning if table in kinds else VALIDATED_TABLES[LEDGER].meaning
        content = set(kinds[table].content) if table == DOSSIERS.table else set()
        lines += [f"### {table}", "", f"{vi} / {en}", "", *_columns(fields, content)]
    lines += ["## Lược đồ `validated` / Schema `validated`", ""]
    for table, described in VALIDATED_TABLES.items():
        columns = ", ".join(f"`{column}`" for column in VALIDATED[table])
        lines += [f"### validated.{table}", "", _both(described.meaning), ""]
        lines += [f"**Khóa / Grain**: {described.grain}", "", f"**Cột / Columns**: {columns}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _columns(fields: Iterable[Field], content: set[str]) -> Iterator[str]:
    yield "| Cột / Column | Kiểu / Type | Trường của Cổng / Portal field | Nội dung / Content | Ý nghĩa / Meaning |"
    yield "|---|---|---|---|---|"
    for field in fields:
        portal = f"`{field.portal}`" if field.portal else ""
        yield (
            f"| `{field.column}` | {field.type} | {portal} | {'x' if field.column in content else ''}"
            f" | {_both(field.meaning)} |"
        )
    yield ""


def main() -> None:
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
