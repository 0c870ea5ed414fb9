"""Moments as senders write them → local wall clock (portal-exports §4), as DuckDB SQL expressions. The one place
that knows dates.

Everything is naive wall clock of Asia/Ho_Chi_Minh, which is UTC+7 all year: offsets are plain arithmetic.
"""

from __future__ import annotations

LOCAL_OFFSET_HOURS = 7
FIRST_YEAR, LAST_YEAR = 2000, 2100

_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?"
_OFFSET = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_ISO = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]{_TIME}{_OFFSET}?)?"
_CLOCK = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_DAY_FIRST = "([0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4})"
_DMY = f"({_CLOCK} +)?{_DAY_FIRST}|{_DAY_FIRST} +{_CLOCK}"


def is_missing(text: str) -> str:
    """SQL boolean: the trimmed text expression holds no value (portal-exports §4): null, empty, `null`, or nothing
    but zeros."""
    return f"(coalesce({text}, '') = '' or regexp_full_match({text}, '[0:/ .TZ-]*0[0:/ .TZ-]*|(?i:null)'))"


def parse_moment(text: str, *, end_of_day: bool) -> str:
    """SQL TIMESTAMP expression: the moment that a trimmed text expression means, null if missing or invalid.

    end_of_day: a date without a time means 23:59:59 (due dates) instead of 00:00:00 (every other date).
    `text` should be a plain column: it is repeated. Fractions of a second are cut off.
    """
    moment = f"case when length({text}) in (8, 12, 14) and regexp_full_match({text}, '[0-9]+') then {_digits(text)}"
    moment += f" when regexp_full_match({text}, '{_ISO}') then {_iso(text)}"
    moment += f" when regexp_full_match({text}, '{_DMY}') then {_dmy(text)} end"
    if end_of_day:
        moment = f"({moment}) + case when {_is_date_only(text)} then interval 86399 second else interval 0 second end"
    return _within_years(moment)


def _digits(text: str) -> str:
    # strptime needs to know the length: it would read 202403040830 as seconds of another minute otherwise.
    return (
        f"case length({text}) when 14 then try_strptime({text}, '%Y%m%d%H%M%S')"
        f" when 12 then try_strptime({text} || '00', '%Y%m%d%H%M%S')"
        f" else try_strptime({text} || '000000', '%Y%m%d%H%M%S') end"
    )


def _iso(text: str) -> str:
    # A cast drops the offset silently, so that it is cut off before and counted by hand.
    wall = f"try_cast(left({text}, case when substr({text}, 17, 1) = ':' then 19 else 16 end) as timestamp)"
    hours, minutes = f"substr({text}, -5, 2)::integer", f"substr({text}, -2)::integer"
    shift = (
        f"case when right({text}, 1) = 'Z' then to_hours({LOCAL_OFFSET_HOURS})"
        f" when length({text}) > 16 and substr({text}, -6, 1) = '+'"
        f" then to_minutes({LOCAL_OFFSET_HOURS * 60} - {hours} * 60 - {minutes})"
        f" when length({text}) > 16 and substr({text}, -6, 1) = '-'"
        f" then to_minutes({LOCAL_OFFSET_HOURS * 60} + {hours} * 60 + {minutes})"
        f" else interval 0 second end"
    )
    return f"{wall} + {shift}"


def _dmy(text: str) -> str:
    # One format per case instead of a list of formats: a format that fails costs more than all the others.
    slashed = f"replace({text}, '-', '/')"
    return (
        f"case when not contains({text}, ':') then try_strptime({slashed}, '%d/%m/%Y')"
        f" when {text} like '%:%:%' and strpos({text}, ':') > 5 then try_strptime({slashed}, '%d/%m/%Y %H:%M:%S')"
        f" when strpos({text}, ':') > 5 then try_strptime({slashed}, '%d/%m/%Y %H:%M')"
        f" when {text} like '%:%:%' then try_strptime({slashed}, '%H:%M:%S %d/%m/%Y')"
        f" else try_strptime({slashed}, '%H:%M %d/%m/%Y') end"
    )


def _is_date_only(text: str) -> str:
    return f"length({text}) <= 10 and not contains({text}, ':')"


def _within_years(moment: str) -> str:
    first, end = f"timestamp '{FIRST_YEAR}-01-01'", f"timestamp '{LAST_YEAR + 1}-01-01'"
    return f"list_filter([{moment}], lambda m: m >= {first} and m < {end})[1]"
