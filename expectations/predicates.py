"""Rules as SQL over a batch: one relation per kind with the lake's columns, file_name, exported_at and file_reason.

The split (split.py) and the Great Expectations suites (suites.py) both take their SQL from here, so that a rule
cannot mean two things. `file_reason` is what the reader said of the whole file (null: it could be read).
"""

from __future__ import annotations

from collections.abc import Iterable

from expectations.catalogue import NOT_A_RECORD, SHIFTED, Catalogue, Kind, Rule
from pipelines.contract import KINDS


def condition(rule: Rule, kind: Kind) -> str:
    """SQL boolean, never null: the row violates the rule. A row that is no record violates REJ_NOT_A_RECORD alone."""
    predicate = rule.predicate_for(kind)
    if rule.level == "row" and rule.id != NOT_A_RECORD:
        return f"(is_record and coalesce(({predicate}), false))"
    return f"coalesce(({predicate}), false)"


def violated(rules: list[Rule], kind: Kind) -> str:
    """SQL VARCHAR[]: ids of the rules that the row violates, in the catalogue's order; empty when there are none."""
    if not rules:
        return "[]::varchar[]"
    conditions = [condition(rule, kind) for rule in rules]
    cases = ", ".join(f"case when {c} then '{r.id}' end" for r, c in zip(rules, conditions, strict=True))
    # Nearly all rows violate nothing: they must not pay for building and filtering a list.
    return (
        f"case when {_any(conditions)} then list_filter([{cases}], lambda rule: rule is not null) "
        "else []::varchar[] end"
    )


def marked(catalogue: Catalogue, kind: Kind, rows: str) -> str:
    """SQL query: the rows of `rows` (text for FROM) with `reasons` (rules that reject them) and `warnings`, VARCHAR[].

    The one place where rows are marked: the validation, `dunghan inspect` and `dunghan explain` all take it from here.
    """
    reasons = violated(catalogue.validated(kind, "row", "reject"), kind)
    warnings = violated(catalogue.validated(kind, "row", "warn"), kind)
    return f"select *, {reasons} as reasons, {warnings} as warnings from {rows}"


def file_counts(kind: Kind, batch: str) -> str:
    """SQL query: one row per file of `batch` (marked rows) with what file rules are made of: source, file_sha256,
    file_name, file_reason, rows, rejected, and per date column dates_<column> and bad_<column>: how many could be read
    and not.

    Counts of the pieces of a file add up to those of the file (`added_counts`).
    """
    dates = "".join(
        f", count({column}) as dates_{column}, count(*) filter (json_exists(bad_values, '$.{field}')) as bad_{column}"
        for column, field in KINDS[kind].date_fields.items()
    )
    return f"""
        select
            source,
            file_sha256,
            any_value(file_name) as file_name,
            any_value(file_reason) as file_reason,
            count(*) as rows,
            count(*) filter (len(reasons) > 0) as rejected{dates}
        from {batch}
        group by source, file_sha256"""


def added_counts(counts: str) -> str:
    """SQL query: `file_counts` of files, of those of their pieces."""
    return f"""
        select
            source, file_sha256, file_name, file_reason,
            sum(columns(* exclude (source, file_sha256, file_name, file_reason)))::bigint
        from {counts}
        group by all"""


def file_verdicts(catalogue: Catalogue, kind: Kind, counts: str) -> str:
    """SQL query: one row per file of `counts` (see file_counts) with the columns that file rules are written over, and
    `reason`.

    Columns: source, file_sha256, file_name, file_reason, rows, rejected, shifted_values, reason (the reader's, else the
    first file rule that applies, else null).
    """
    shifted = ", ".join(f"case when dates_{column} = 0 then bad_{column} end" for column in KINDS[kind].date_fields)
    whens = " ".join(
        f"when {condition(rule, kind)} then '{rule.id}'" for rule in catalogue.validated(kind, "file", "reject")
    )
    return f"""
        select *, case when file_reason is not null then file_reason {whens} end as reason
        from (
            select
                source, file_sha256, file_name, file_reason, rows, rejected,
                coalesce(greatest({shifted or "0"}), 0) as shifted_values
            from {counts}
        )"""


#: What values that are no dates look like, once masked (privacy.mask): regular expression, Vietnamese, English.
_LOOKS = (
    ("-?[0-9]{1,8}|[0-9]{14}", "số", "numbers"),
    ("#{9,13}", "số dài (điện thoại, giấy tờ?)", "long numbers (telephones, identity papers?)"),
    ("[x#]*(x[x#]*[-./][x#./-]*#|#[x#]*[-./][x#./-]*x)[x#./-]*", "mã", "codes"),
    (r"x+([ ,./()-]+x+)*\.?", "chữ (tên người, trạng thái…?)", "words (names, statuses …?)"),
    (r".*[0-9].*[-/.].*", "ngày sai dạng", "dates of another form"),
)


def date_looks(kind: Kind, batch: str) -> str:
    """SQL query: (source, file_sha256, position, field, vi, en, dates, bad): how many values of each date column are
    dates, and how many are none, by what they look like. Counts of the pieces of a file add up."""
    columns = " union all ".join(
        f"select source, file_sha256, {position} as position, '{field}' as field, "
        f"json_extract_string(bad_values, '$.{field}') as value, {column} is not null as is_date from {batch}"
        for position, (column, field) in enumerate(KINDS[kind].date_fields.items())
    )
    vi, en = (
        "case "
        + " ".join(f"when regexp_full_match(value, '{look[0]}') then '{look[language]}'" for look in _LOOKS)
        + " end"
        for language in (1, 2)
    )
    return f"""
        select
            source, file_sha256, position, field, {vi} as vi, {en} as en,
            count(*) filter (is_date) as dates, count(value) as bad
        from ({columns})
        where is_date or value is not null
        group by all"""


def shifted_detail(catalogue: Catalogue, kind: Kind, looks: str) -> str:
    """SQL query: (source, file_sha256, fields VARCHAR[], detail) of the files with shifted columns, of `date_looks`.

    detail names each shifted column by its field, says how many values it holds and what most of them look like; it
    holds no value.
    """
    return f"""
        select
            source,
            file_sha256,
            list(field order by position) as fields,
            string_agg(
                concat(
                    field, ': ', shifted_values, ' giá trị, không có ngày nào', ', phần lớn trông như ' || vi,
                    ' / ', shifted_values, ' values, none a date', ', most look like ' || en
                ),
                '; ' order by position
            ) as detail
        from (
            select
                source, file_sha256, position, field,
                sum(bad) as shifted_values,
                case when max(bad) > sum(bad) / 2 then arg_max(vi, bad) end as vi,
                case when max(bad) > sum(bad) / 2 then arg_max(en, bad) end as en
            from {looks}
            group by all
            having sum(dates) = 0
        )
        where {catalogue.rule(SHIFTED).predicate_for(kind)}
        group by all"""


def violations(rule: Rule, kind: Kind, marks: str) -> str:
    """SQL query: where the rule is violated (source, file_name, row_number), without any value of the data.

    marks: the marked rows (source, file_sha256, file_name, row_number, reasons, warnings) of which a rule marked any.
    What it counts is what the split must come to: rejecting rules count every row; warnings only rows that are kept;
    file rules count files (row_number null), each under its first reason. `statistics_<kind>` must hold the
    `file_verdicts` of all rows. No rule is evaluated a second time: the rows are looked at once.
    """
    if rule.level == "file":
        return f"""
        select source, file_name, null::bigint as row_number
        from statistics_{kind}
        where reason = '{rule.id}'"""
    where = f"list_contains(reasons, '{rule.id}')"
    if rule.severity == "warn":
        where = f"""
            list_contains(warnings, '{rule.id}') and len(reasons) = 0
            and (source, file_sha256) not in (
                select (source, file_sha256) from statistics_{kind} where reason is not null
            )"""
    return f"select source, file_name, row_number from {marks} where {where}"


def _any(conditions: Iterable[str]) -> str:
    return "(" + " or ".join(conditions) + ")"
