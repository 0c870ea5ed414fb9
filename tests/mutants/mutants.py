"""The mutants: one wrong reading of a rule of definitions 2.0 each (timeliness §3, §6, portal-exports §5), as a text of
the dbt project and what stands in its place."""

from __future__ import annotations

from dataclasses import dataclass

PORTAL, HANDOVER = "macros/rule_sets/portal_766.sql", "macros/rule_sets/citizen_handover.sql"
FIRST, PROMISES = "macros/rule_sets/first_appointment.sql", "macros/promises.sql"
KEPT = "models/intermediate/int_promises.sql"
FACTS, INT_FACTS, WARNINGS = (
    "macros/dossier_facts.sql",
    "models/intermediate/int_dossier_facts.sql",
    "macros/warnings.sql",
)
DUE_SOON, OVERDUE = "models/marts/mart_due_soon.sql", "models/marts/mart_overdue_dossiers.sql"
FIGURES, SCORECARD = "macros/figures.sql", "models/marts/mart_agency_scorecard.sql"

MANY = "('ended_at is null and requests >= 2 and request_open', 'overdue', 'MANY_SUPPLEMENTS')"
UNKNOWN = "            ('ended_at is not null and is_handover_unknown', 'not_applicable', 'NO_HANDOVER_DATE'),\n"
NO_DUE = "            ('due_at is null', 'no_deadline', 'NO_DUE_DATE'),\n"
IS_UNKNOWN = "asked.status = 10 and asked.returned_at is null and milestones.has_10 is null as is_handover_unknown"
LATER = "appointed.due_at > appointed.due_before as is_later"
JUSTIFIED = "appointed.due_at > appointed.due_before and justified.version_no is not null as is_justified"


@dataclass(frozen=True)
class Mutant:
    """rule: what it gets wrong. text occurs once in `file` of the dbt project; `instead` takes its place."""

    rule: str
    name: str
    file: str
    text: str
    instead: str


def _of(rule: str, *mutants: tuple[str, str, str, str]) -> list[Mutant]:
    return [Mutant(rule, *mutant) for mutant in mutants]


MUTANTS = [
    *_of(
        "MANY_SUPPLEMENTS",
        ("also of ended dossiers", PORTAL, MANY, MANY.replace("ended_at is null and ", "")),
        ("also with every request answered", PORTAL, MANY, MANY.replace(" and request_open", "")),
        ("from one request on", PORTAL, MANY, MANY.replace(">= 2", ">= 1")),
        ("from three requests on", PORTAL, MANY, MANY.replace(">= 2", ">= 3")),
        ("as in 1.0", PORTAL, MANY, "('requests >= 2', ('late', 'overdue'), 'MANY_SUPPLEMENTS')"),
        ("never", PORTAL, f"            {MANY},\n", ""),
    ),
    *_of(
        "NO_HANDOVER_DATE",
        ("never", HANDOVER, UNKNOWN, ""),
        ("also of dossiers not ended", HANDOVER, UNKNOWN, UNKNOWN.replace("ended_at is not null and ", "")),
        ("before a missing due date", HANDOVER, NO_DUE + UNKNOWN, UNKNOWN + NO_DUE),
        ("whatever the status", FACTS, IS_UNKNOWN, IS_UNKNOWN.replace("asked.status = 10 and ", "")),
        ("although returned_at is known", FACTS, IS_UNKNOWN, IS_UNKNOWN.replace("asked.returned_at is null and ", "")),
        ("although an event tells", FACTS, IS_UNKNOWN, IS_UNKNOWN.replace(" and milestones.has_10 is null", "")),
        (
            "although a later event tells",
            FACTS,
            "max(case when events.status = 10 then 1 end) as has_10",
            "max(case when events.status = 10 and events.event_at <= events.at then 1 end) as has_10",
        ),
    ),
    *_of(
        "first_appointment",
        ("the due date of now", FIRST, "by_dates('promised_at')", "by_dates('due_at')"),
        ("never before the first export", KEPT, "least(due_at, due_before)", "due_at"),
        (
            "a due date before the justified one",
            KEPT,
            "when version_no >= promised_by then due_at",
            "else due_at",
        ),
        (
            "not the justified due date itself",
            KEPT,
            "when version_no >= promised_by then due_at",
            "when version_no > promised_by then due_at",
        ),
        ("the latest due date", KEPT, "        min(\n", "        max(\n"),
        ("answered before the version before", PROMISES, "requests.answered_at > appointed.valid_from_before", "true"),
        (
            "answered in the second of the version before",
            PROMISES,
            "requests.answered_at > appointed.valid_from_before",
            "requests.answered_at >= appointed.valid_from_before",
        ),
        (
            "not answered in the second of the version",
            PROMISES,
            "requests.answered_at <= appointed.valid_from\n",
            "requests.answered_at < appointed.valid_from\n",
        ),
        ("answered after the version", PROMISES, "            and requests.answered_at <= appointed.valid_from\n", ""),
        ("by any round, whatever its due_after", PROMISES, "            and appointed.due_at = rounds.due_after\n", ""),
        ("by an unanswered round", PROMISES, "            and rounds.answered_at is not null\n", ""),
        ("every move is justified", PROMISES, JUSTIFIED, "appointed.due_at > appointed.due_before as is_justified"),
        ("no move is justified", PROMISES, JUSTIFIED, "false as is_justified"),
        (
            "the first justified move",
            PROMISES,
            "        max(case when appointed.due_at > appointed.due_before and justified",
            "        min(case when appointed.due_at > appointed.due_before and justified",
        ),
        (
            "a round's due date although it is later",
            PROMISES,
            "case when first_round.due_before < told.due_at then first_round.due_before else told.due_at end",
            "coalesce(first_round.due_before, told.due_at)",
        ),
        (
            "the first round as listed",
            PROMISES,
            "order by supplements.requested_at, supplements.position",
            "order by supplements.position",
        ),
        (
            "the last round",
            PROMISES,
            "order by supplements.requested_at, supplements.position",
            "order by supplements.requested_at desc, supplements.position",
        ),
    ),
    *_of(
        "re-appointments",
        ("justified moves too", KEPT, "when is_later and not is_justified", "when is_later"),
        ("an earlier due date too", PROMISES, LATER, "appointed.due_at <> appointed.due_before as is_later"),
        ("an equal due date too", PROMISES, LATER, "appointed.due_at >= appointed.due_before as is_later"),
        (
            "against the promise of another dossier",
            PROMISES,
            "lag(told.due_at) over (partition by told.source, told.dossier_code order by told.version_no)",
            "lag(told.due_at) over (order by told.source, told.dossier_code, told.version_no)",
        ),
        (
            "at most one",
            INT_FACTS,
            "coalesce(promises.reappointments, 0) as reappointments",
            "least(coalesce(promises.reappointments, 0), 1) as reappointments",
        ),
    ),
    *_of(
        "flags",
        ("WRN_REAPPOINTED from two on", WARNINGS, "facts.reappointments >= 1", "facts.reappointments >= 2"),
        ("WRN_REAPPOINTED_TWICE from one on", WARNINGS, "facts.reappointments >= 2", "facts.reappointments >= 1"),
        ("WRN_REAPPOINTED_TWICE from three on", WARNINGS, "facts.reappointments >= 2", "facts.reappointments >= 3"),
        (
            "WRN_REAPPOINTED outside the population",
            WARNINGS,
            "facts.in_population and facts.reappointments >= 1",
            "facts.reappointments >= 1",
        ),
        (
            "WRN_LATE_SUPPLEMENT on the third day",
            WARNINGS,
            "facts.working_days_to_first_request > 3",
            "facts.working_days_to_first_request >= 3",
        ),
        (
            "WRN_LATE_SUPPLEMENT from the fifth day",
            WARNINGS,
            "facts.working_days_to_first_request > 3",
            "facts.working_days_to_first_request > 4",
        ),
        (
            "WRN_LATE_SUPPLEMENT by the last request",
            FACTS,
            "min(requested_at) as first_requested_at",
            "max(requested_at) as first_requested_at",
        ),
        (
            "WRN_LATE_SUPPLEMENT in calendar days",
            INT_FACTS,
            "cast(greatest(asked_on.working_day_number - received_on.working_day_number, 0) as integer)",
            "cast(date_diff('day', facts.received_at, facts.first_request_at) as integer)",
        ),
    ),
    *_of(
        "apology",
        (
            "apology_by on the due day",
            DUE_SOON,
            "add_days('cast(due_soon.effective_due as date)', -1)",
            "add_days('cast(due_soon.effective_due as date)', 0)",
        ),
        (
            "apology_by two days before",
            DUE_SOON,
            "add_days('cast(due_soon.effective_due as date)', -1)",
            "add_days('cast(due_soon.effective_due as date)', -2)",
        ),
        (
            "apology_due a day later",
            DUE_SOON,
            "{{ as_of_date() }} >= last_day.day",
            "{{ as_of_date() }} > last_day.day",
        ),
        (
            "apology_due always",
            DUE_SOON,
            "{{ as_of_date() }} >= last_day.day",
            "{{ as_of_date() }} <= last_day.day or true",
        ),
        (
            "owed on the day itself",
            OVERDUE,
            "calendar_days_overdue >= 1 as apology_due",
            "calendar_days_overdue >= 0 as apology_due",
        ),
        (
            "owed from the second day",
            OVERDUE,
            "calendar_days_overdue >= 1 as apology_due",
            "calendar_days_overdue >= 2 as apology_due",
        ),
        (
            "missed on the due day",
            OVERDUE,
            "{{ as_of_date() }} > cast(due_at as date)",
            "{{ as_of_date() }} >= cast(due_at as date)",
        ),
        ("missed although re-appointed", OVERDUE, " and reappointments = 0 as apology_missed", " as apology_missed"),
        (
            "missed before the due date",
            OVERDUE,
            "coalesce({{ as_of_date() }} > cast(due_at as date), false) and reappointments = 0",
            "reappointments = 0",
        ),
    ),
    *_of(
        "level_name",
        (
            "communes have two digits",
            FIGURES,
            "{{ agency_ancestor(agency_code, 1) }}) = 4 then",
            "{{ agency_ancestor(agency_code, 1) }}) = 3 then",
        ),
        (
            "everything is a department",
            FIGURES,
            "then 'COMMUNE' else 'DEPARTMENT'",
            "then 'DEPARTMENT' else 'DEPARTMENT'",
        ),
        (
            "unknown is a province",
            FIGURES,
            "when {{ agency_code }} = 'unknown' then null",
            "when {{ agency_code }} = 'unknown' then 'PROVINCE'",
        ),
        (
            "one rank for both",
            SCORECARD,
            "on_time_rank('source, level, level_name')",
            "on_time_rank('source, level')",
        ),
    ),
]

_VERDICTS = ("int_dossier_verdicts", "int_verdicts", "fct_verdicts")
_FACTS = ("int_dossier_facts", *_VERDICTS, "fct_dossiers", "mart_overdue_dossiers")
#: File → models that are built again, with their dbt unit tests.
REBUILT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((PORTAL, HANDOVER, FIRST), _VERDICTS),
    PROMISES: ("int_promises", "int_due_moves", *_FACTS),
    KEPT: ("int_promises", *_FACTS),
    **dict.fromkeys((FACTS, INT_FACTS), _FACTS),
    WARNINGS: ("fct_dossiers",),
    DUE_SOON: ("mart_due_soon",),
    OVERDUE: ("mart_overdue_dossiers",),
    FIGURES: ("dim_agency", "mart_agency_scorecard"),
    SCORECARD: ("mart_agency_scorecard",),
}
#: (rule, name) of mutants that no test can notice, each with the reason why it is no wrong reading.
ALIVE: dict[tuple[str, str], str] = {
    ("first_appointment", "a round's due date although it is later"): (
        "the same: the promise opens with the earlier of both, and the first version's own date is one of them"
    ),
}
