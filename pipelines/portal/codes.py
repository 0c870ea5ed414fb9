"""Codes of dossiers, agencies and procedures (portal-exports §5) as DuckDB SQL. The one place that knows their
forms."""

from __future__ import annotations

UNKNOWN_AGENCY = "unknown"
MAX_CODE = 200

_AGENCY_OLD = r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}"
_AGENCY_NEW = r"[A-Z][0-9]{2}(?:\.[0-9]{1,3}){0,4}"
_TAIL = "-([0-9]{6})-([0-9]{4,6})"
_PROCEDURE = rf"[0-9]\.[0-9]{{6}}(?:\.{_AGENCY_OLD})?"


def nfc(text: str) -> str:
    """SQL: Unicode NFC. Only a text that holds a mark (or one of the few letters with two forms) has anything to do."""
    composable = r"[\p{M}\x{2126}\x{212A}\x{212B}]"
    return f"case when regexp_matches({text}, '{composable}') then nfc_normalize({text}) else {text} end"


def normalise(text: str) -> str:
    """SQL: NFC, no spaces, zero-width or control characters, upper case, any dash → `-`; null when nothing is left."""
    cleaned = rf"regexp_replace(upper(nfc_normalize({text})), '[\s\p{{Z}}\p{{Cf}}\p{{Cc}}]', '', 'g')"
    dashed = rf"regexp_replace({cleaned}, '[\p{{Pd}}\x{{2212}}\x{{2043}}]', '-', 'g')"
    return f"nullif(case when regexp_full_match({text}, '[A-Z0-9._/-]*') then {text} else {dashed} end, '')"


def canonical_agency(code: str) -> str:
    """SQL: canonical (new) form of a normalised agency code: `000.01.18.H39` → `H39.18.01`; others as they are."""
    groups = f"list_reverse(string_split({code}, '.'))"
    return (
        f"case when regexp_full_match({code}, '{_AGENCY_OLD}')"
        f" then array_to_string(list_filter({groups}, lambda g: not regexp_full_match(g, '0+')), '.') else {code} end"
    )


def dossier_form(code: str) -> str:
    """SQL: `old` | `new` | `other`, null without a code; of a normalised dossier code."""
    return (
        f"case when regexp_full_match({code}, '{_AGENCY_NEW}{_TAIL}') then 'new'"
        f" when regexp_full_match({code}, '{_AGENCY_OLD}{_TAIL}') then 'old'"
        f" when {code} is not null then 'other' end"
    )


def dossier_agency_part(code: str) -> str:
    """SQL: the part of an old or new dossier code before the date (which such codes cannot hold a dash in)."""
    return f"split_part({code}, '-', 1)"


def dossier_date(code: str) -> str:
    """SQL DATE: yyMMdd inside an old or new dossier code, null if there is no such day."""
    return f"try_strptime('20' || split_part({code}, '-', 2), '%Y%m%d')::date"


def dossier_digits(code: str) -> str:
    """SQL INTEGER: number of digits of the daily sequence of an old or new dossier code."""
    return f"length(split_part({code}, '-', 3))::integer"


def is_unpadded_procedure(code: str) -> str:
    """SQL boolean: Excel has read the normalised procedure code as a number and cut its last zeros off."""
    return rf"coalesce(regexp_full_match({code}, '[0-9]\.[0-9]{{1,5}}'), false)"


def pad_procedure(code: str) -> str:
    """SQL: a normalised procedure code, six decimals restored (`1.00119` → `1.001190`)."""
    return f"case when {is_unpadded_procedure(code)} then rpad({code}, 8, '0') else {code} end"


def procedure_key(code: str) -> str:
    """SQL: first eight characters of a padded procedure code; null for a code of another form (portal-exports §8:
    local codes)."""
    return f"case when regexp_full_match({code}, '{_PROCEDURE}') then left({code}, 8) end"
