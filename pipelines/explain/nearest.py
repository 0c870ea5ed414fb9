"""Codes that somebody may have meant by one that nobody sent."""

from __future__ import annotations

import duckdb

from pipelines.explain.gather import Row, literal, rows

_FOUND = 5
_FAR = 2


def nearest(con: duckdb.DuckDBPyConnection, code: str) -> list[Row]:
    """At most five published (source, dossier_code), nearest first, by edit distance in the agency's canonical form.

    con: the publication is attached as `published`. A slip of the pen mostly lies in one of the three parts of a code
    (agency, date, number), so codes that share two of them are looked at first, and when there is none, those that
    share a piece of any kind. Old and new form of one agency are the same here.
    """
    agency, _, tail = code.partition("-")
    date, _, number = tail.partition("-")
    canonical = _canonical(con, agency)
    sharing = [
        f"starts_with(dossier_code, {literal(f'{agency}-{date}-')})",
        f"ends_with(dossier_code, {literal(f'-{date}-{number}')})",
        f"(starts_with(dossier_code, {literal(f'{agency}-')}) and ends_with(dossier_code, {literal(f'-{number}')}))",
    ]
    found = _closest(con, f"{canonical}-{tail}", " or ".join(sharing)) if date and number else []
    if found:
        return found
    # Whoever changed so few characters left one of the pieces as it was; comparing every code would take long.
    size = len(code) // (_FAR + 1) + 1
    pieces = [code[start : start + size] for start in range(0, len(code), size)]
    alike = " or ".join(f"contains(dossier_code, {literal(piece)})" for piece in pieces)
    return _closest(con, f"{canonical}-{tail}" if tail else code, f"({alike})")


def _closest(con: duckdb.DuckDBPyConnection, code: str, where: str) -> list[Row]:
    rest = "substr(dossier_code, length(split_part(dossier_code, '-', 1)) + 1)"
    return rows(
        con,
        f"""
        select source, dossier_code from (
            select source, dossier_code,
                damerau_levenshtein(
                    canonical_agency(dossier_agency_part(dossier_code)) || {rest}, {literal(code)}
                ) as distance
            from published.marts.fct_dossiers
            where {where}
        )
        where distance <= {_FAR}
        order by distance, dossier_code, source
        limit {_FOUND}
        """,
    )


def _canonical(con: duckdb.DuckDBPyConnection, agency: str) -> str:
    found = con.execute(f"select canonical_agency(code) from (select {literal(agency)} as code)").fetchone()
    return str(found[0]) if found else agency
