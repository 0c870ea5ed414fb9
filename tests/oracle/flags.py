"""Warnings of portal-exports §6 that one dossier carries: those of the row that opened its version, and those of its
history.

WRN_UNKNOWN_PROCEDURE and WRN_UNKNOWN_AGENCY are not here: they are a matter of the catalogues that are loaded.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from tests.oracle import values
from tests.oracle.drop_zone import DossierRow
from tests.oracle.timeliness import DONE, Facts, Version
from tests.oracle.working_days import WorkCalendar

PLACEHOLDER_ID = "000000001"
FLAGS = frozenset(
    [
        "WRN_CODE_FORMAT",
        "WRN_CODE_DATE",
        "WRN_SYNTHETIC_CODE",
        "WRN_PROCEDURE_FORMAT",
        "WRN_NO_DUE",
        "WRN_DUE_BEFORE_RECEIVED",
        "WRN_DONE_WITHOUT_END",
        "WRN_END_BEFORE_START",
        "WRN_RETURN_BEFORE_END",
        "WRN_FUTURE_RECEPTION",
        "WRN_FUTURE_END",
        "WRN_ZERO_DURATION",
        "WRN_PLACEHOLDER_ID",
        "WRN_REOPENED",
        "WRN_DUE_MOVED",
        "WRN_DUE_MOVED_LATE",
        "WRN_MANY_SUPPLEMENTS",
        "WRN_REAPPOINTED",
        "WRN_REAPPOINTED_TWICE",
        "WRN_LATE_SUPPLEMENT",
    ]
)


def flags(versions: list[Version], facts: Facts | None, calendar: WorkCalendar) -> set[str]:
    """Warnings of a dossier; `versions` up to the one used, `facts` None outside the population."""
    return _of_row(versions[-1].row) | _of_history(versions) | (_of_facts(facts, calendar) if facts else set())


def _of_facts(facts: Facts, calendar: WorkCalendar) -> set[str]:
    first = min((request.requested_at for request in facts.requests), default=None)
    wrong = {
        "WRN_MANY_SUPPLEMENTS": len(facts.requests) >= 2,
        "WRN_REAPPOINTED": facts.promise.reappointments >= 1,
        "WRN_REAPPOINTED_TWICE": facts.promise.reappointments >= 2,
        "WRN_LATE_SUPPLEMENT": first is not None and calendar.wd(facts.received_at.date(), first.date()) > 3,
    }
    return {flag for flag, applies in wrong.items() if applies}


def _of_row(row: DossierRow) -> set[str]:
    content, exported_at = row.content, row.place.exported_at
    received, ended, done = content.received_at, content.finished_at, content.status in DONE
    wrong = {
        "WRN_PROCEDURE_FORMAT": row.procedure_padded or not _is_procedure(content.procedure_code),
        "WRN_NO_DUE": content.due_at is None,
        "WRN_DUE_BEFORE_RECEIVED": _before(content.due_at, received),
        "WRN_DONE_WITHOUT_END": done and ended is None,
        "WRN_END_BEFORE_START": _before(ended, received),
        "WRN_RETURN_BEFORE_END": _before(content.returned_at, ended),
        "WRN_FUTURE_RECEPTION": _before(exported_at, received),
        "WRN_FUTURE_END": _before(exported_at, ended),
        "WRN_ZERO_DURATION": done and ended is not None and ended == received,
        "WRN_PLACEHOLDER_ID": content.identity == PLACEHOLDER_ID,
    }
    return {flag for flag, applies in wrong.items() if applies} | _of_code(row)


def _of_code(row: DossierRow) -> set[str]:
    form = values.OLD_DOSSIER.fullmatch(row.dossier_code) or values.NEW_DOSSIER.fullmatch(row.dossier_code)
    if not form:
        return {"WRN_CODE_FORMAT"}
    found = {"WRN_SYNTHETIC_CODE"} if len(form.group(3)) > 4 else set()
    received = row.content.received_at
    return found | {"WRN_CODE_DATE"} if received and form.group(2) != f"{received:%y%m%d}" else found


def _of_history(versions: list[Version]) -> set[str]:
    found = set()
    done = False
    for version in versions:
        if done and version.content.status in (2, 4, 5, 6):
            found.add("WRN_REOPENED")
        done = done or version.content.status in DONE
    for before, after in pairwise(versions):
        old, new = before.content.due_at, after.content.due_at
        if old and new and old != new:
            found.add("WRN_DUE_MOVED")
            if old < after.valid_from:
                found.add("WRN_DUE_MOVED_LATE")
    return found


def _is_procedure(procedure_code: str) -> bool:
    return not procedure_code or bool(values.PROCEDURE.fullmatch(procedure_code))


def _before(a: datetime | None, b: datetime | None) -> bool:
    return a is not None and b is not None and a < b
