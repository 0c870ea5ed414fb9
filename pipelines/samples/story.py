"""The life of every dossier, as SQL: table `lives`, one row per dossier in order of reception.

Times are whole seconds of local wall clock since 1970 (BIGINT), days are working-day ordinals of the plan. All chance
is a hash of (seed, dossier, purpose), so that the same spec gives the same lives on any number of threads. Personal
data is not in this table.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipelines.samples.catalogues import LEVELS
from pipelines.samples.plan import SLOTS, Plan
from pipelines.samples.spec import LocalSystem, SampleSpec

EPOCH = date(1970, 1, 1)
CLOSE = 17 * 3600  # appointments are at 17:00


@dataclass(frozen=True)
class Dice:
    """SQL expressions that look random and depend only on the seed, column `i` and their purpose."""

    seed: int

    def number(self, purpose: str) -> str:
        """A UBIGINT. Same purpose, same number, wherever it is asked for."""
        salt = int.from_bytes(hashlib.sha256(f"{self.seed}|{purpose}".encode()).digest()[:8], "big") >> 2
        return f"hash(xor(i, {salt}))"

    def below(self, purpose: str, limit: str | int) -> str:
        """0 .. limit-1 (limit at least 1)."""
        return f"({self.number(purpose)} % ({limit})::ubigint)::bigint"

    def chance(self, purpose: str, rate: float) -> str:
        return f"({self.number(purpose)} % 1000000::ubigint < {round(rate * 1_000_000)}::ubigint)"

    def part(self, purpose: str) -> str:
        """A DOUBLE in 0 .. 1."""
        return f"(({self.number(purpose)} % 1000000::ubigint)::double / 1000000)"


def seconds(day: date) -> int:
    return (day - EPOCH).days * 86400


def set_lists(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Give the plan's small tables to SQL as list variables: constants to the engine, so no join disturbs the order."""
    procedures = plan.procedures
    lists: dict[str, list[int]] = {
        "day_start": [seconds(day) for day in plan.working_days],
        "slot_agency": [slot[0] for slot in plan.agency_slots],
        "slot_rank": [slot[1] for slot in plan.agency_slots],
        "slot_of": [slot[2] for slot in plan.agency_slots],
        "agency_level": [LEVELS.index(agency.level) for agency in plan.agencies],
        "slot_procedure": [number for level in LEVELS for number in plan.procedure_slots(level)],
        "slots_below": [number for level in LEVELS for number in plan.slots_below(level)],
        "procedure_days": [procedure.days for procedure in procedures],
    }
    for name, values in lists.items():
        con.execute(f"set variable {name} = {values}::bigint[]")


def at(name: str, position: str) -> str:
    """Entry number `position` (from 0) of a list given by set_lists or records.set_lists."""
    return f"getvariable('{name}')[{position} + 1]"


def create_lives(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Make table `lives`. kind: 0 counted, 1 not accepted, 2 refused, 3 ghost (what a bad row pretends to be)."""
    set_lists(con, plan)
    days = ", ".join(f"({day.ordinal}, {day.first}, {day.dossiers})" for day in plan.days)
    spec = plan.spec
    ghosts = (
        sum(spec.bad_rows.values()) + sum(spec.bad_events.values()) + GHOSTS_PER_FILE * sum(spec.bad_files.values())
    ) + (spec.local_system.unsynchronised if spec.local_system else 0)
    con.execute(f"""
        create table arrivals as
        select first + k as i, ordinal, k, dossiers as of_day, 0::tinyint as kind
        from (select *, unnest(range(dossiers)) as k from (values {days}) as days(ordinal, first, dossiers))
        union all
        select {spec.dossiers} + j, (j * 37) % {len(plan.days)}, j, 0,
            case when j < {spec.not_accepted} then 1 when j < {spec.not_accepted + spec.refused} then 2 else 3 end
        from range({spec.not_accepted + spec.refused + ghosts}) as extra(j)
    """)
    con.execute(f"create table lives as {lives_query(plan)}")
    con.execute("drop table arrivals")


GHOSTS_PER_FILE = 32


def lives_query(plan: Plan) -> str:
    """The stages of a life, each a CTE over the one before."""
    dice = Dice(plan.spec.seed)
    stages = {
        "fated": _fates(plan),
        "placed": _places(),
        "due_set": _appointments(plan, dice),
        "ended": _ends(plan, dice),
        "timed": _times(dice),
        "asked": _requests(plan, dice),
        "distorted": _distortions(plan, dice),
        "differing": _differences(plan, dice),
        "lived": _history(plan),
    }
    return "with " + ",\n".join(f"{name} as ({sql})" for name, sql in stages.items()) + "\nselect * from lived"


def _thresholds(value: str, counts: dict[str, int]) -> str:
    """CASE that gives each fate as many consecutive values as it counts."""
    upper, cases = 0, []
    for fate, number in counts.items():
        upper += number
        if number:
            cases.append(f"when {value} < {upper} then '{fate}'")
    return f"case {' '.join(cases)} end" if cases else "null"


def _fates(plan: Plan) -> str:
    counts, zones = plan.counts, plan.zones
    resolved = plan.spec.dossiers - sum(zone.pending for zone in zones) - counts["late"]
    step, shift = plan.shuffle(resolved, "resolved")
    zone_case = (
        "case "
        + " ".join(f"when i < {zone.first + zone.size} then {number}" for number, zone in enumerate(zones))
        + " end"
    )
    of_zone = {name: f"{[getattr(zone, name) for zone in zones]}[z + 1]" for name in zones[0].__dataclass_fields__}
    pending = _thresholds(
        "pending_rank", {fate: counts[fate] for fate in ("overdue", "stopped", "wait_fee", "wait_papers", "in_time")}
    )
    rest = _thresholds(
        f"(({step}::bigint * (resolved_rank - {counts['late']}) + {shift}) % {max(resolved, 1)})",
        {fate: counts[fate] for fate in ("early", "on_time", "withdrawn")},
    )
    return f"""
        select * exclude (z, place, open, pending_rank, resolved_rank),
            case kind when 1 then 'not_accepted' when 2 then 'refused' when 3 then 'ghost' else
                case when open then {pending} when resolved_rank < {counts["late"]} then 'late' else {rest} end
            end as fate
        from (
            select *, place < {of_zone["pending"]} as open,
                {of_zone["pending_before"]} + place as pending_rank,
                {of_zone["resolved_before"]} + place - {of_zone["pending"]} as resolved_rank
            from (
                select *, ({of_zone["step"]}::bigint * (i - {of_zone["first"]}) + {of_zone["shift"]})
                    % greatest({of_zone["size"]}, 1) as place
                from (select *, {zone_case} as z from arrivals)
            )
        )
    """


def _places() -> str:
    """Agency and daily sequence: the k-th dossier of a day takes the k-th slot: unique per agency and day."""
    return f"""
        select *, {at("agency_level", "agency")} as level
        from (
            select * exclude (g),
                {at("slot_agency", f"(g % {SLOTS})")} as agency,
                case when kind > 0 then 9001 + k
                    else (g // {SLOTS}) * {at("slot_of", f"(g % {SLOTS})")} + {at("slot_rank", f"(g % {SLOTS})")} + 1
                end as sequence
            from (select *, k + (hash(ordinal) % {SLOTS}::ubigint)::bigint as g from fated)
        )
    """


def _appointments(plan: Plan, dice: Dice) -> str:
    """Procedure and due day. The fate bounds the procedure's days: early needs one, on time must be due by now."""
    longest, spec = plan.longest, plan.spec
    needed = 0 if spec.last_day == plan.working_days[plan.last_ordinal] else 1
    drawn = f"(level * {plan.procedure_slots_a_level} + low + {dice.below('procedure', 'high - low')})"
    below = at("slots_below", f"(level * {longest + 2} + {{}})")
    return f"""
        select * exclude (shortest, widest, low, high, room),
            procedure_days as statutory_days,
            ordinal + case when fate = 'in_time'
                then greatest(procedure_days, room + {needed} + {dice.below("extension", 5)})
                else procedure_days end as due_ordinal
        from (
            select *, {at("procedure_days", "procedure")} as procedure_days
            from (
                select *, {at("slot_procedure", drawn)} as procedure
                from (
                    select *, {below.format("shortest")} as low, {below.format("(widest + 1)")} as high
                    from (
                        select *,
                            case when fate in ('on_time', 'late', 'overdue') then 0
                                when fate = 'in_time' then least(room + {needed}, {longest}) else 1 end as shortest,
                            case when fate = 'on_time' then least(room, {longest})
                                when fate in ('late', 'overdue') then least(room - 1, {longest})
                                else {longest} end as widest
                        from (select *, {plan.last_ordinal} - ordinal as room from placed)
                    )
                )
            )
        )
    """


def _ends(plan: Plan, dice: Dice) -> str:
    """The day on which processing ended, and bulk closing: the last day of every ten, if the verdict stays."""
    last, rate = plan.last_ordinal, plan.spec.distortions.bulk_closing
    upto_due = dice.below("end", f"least(due_ordinal - ordinal, {last} - ordinal + 1)")
    past_due = dice.below("end", f"greatest(least(8, {last} - due_ordinal), 1)")
    return f"""
        select * exclude (natural_end, bulk_day, bulk_fits),
            coalesce(bulk_fits, false) as bulk_closed,
            case when bulk_fits and fate <> 'on_time' then bulk_day else natural_end end as end_ordinal
        from (
            select *,
                {dice.chance("bulk", rate)} and (
                    fate = 'on_time'
                    or (fate = 'early' and bulk_day < due_ordinal and bulk_day <= {last})
                    or (fate = 'late' and bulk_day <= {last})
                ) as bulk_fits
            from (
                select *, natural_end // 10 * 10 + 9 as bulk_day
                from (
                    select *, case fate
                        when 'early' then ordinal + {upto_due}
                        when 'on_time' then due_ordinal
                        when 'late' then due_ordinal + 1 + {past_due}
                        when 'withdrawn' then ordinal + {dice.below("end", f"least(due_ordinal, {last}) - ordinal + 1")}
                        when 'stopped' then ordinal + {dice.below("end", f"{last} - ordinal + 1")}
                        when 'refused' then least(ordinal + 1, {last})
                        end as natural_end
                    from due_set
                )
            )
        )
    """


def office_time(dice: Dice, purpose: str) -> str:
    """Seconds of the day in office hours, 08:00–11:30 and 13:15–17:00."""
    draw = dice.below(purpose, 26_100)
    return f"(28800 + {draw} + case when {draw} < 12600 then 0 else 6300 end)"


def _times(dice: Dice) -> str:
    """Reception follows the daily sequence through office hours; work starts soon, results are handed over soon."""
    day = lambda ordinal: at("day_start", ordinal)  # noqa: E731
    later = day(f"(end_ordinal + 1 + {dice.below('handover_day', 2)})")
    same_day = f"((open_position + {CLOSE - 300} - received_at) * (0.15 + 0.8 * {dice.part('end_time')}))::bigint"
    position = f"case when kind = 0 then (k * 23400 + 11700) // of_day else {dice.below('reception', 23_400)} end"
    return f"""
        select *,
            case when fate in ('early', 'on_time', 'late') then case
                when handover < 0.75 then end_at + 600 + {dice.below("minutes", 2_400)}
                when handover < 0.97 then {later} + {office_time(dice, "handed")}
            end end as returned_at
        from (
            select * exclude (open_position, position),
                case when fate not in ('refused', 'not_accepted', 'ghost')
                    and not (fate = 'in_time' and {dice.chance("still_queued", 0.05)})
                    then received_at + least(300 + {dice.below("start", 5_400)},
                        coalesce(greatest((end_at - received_at) // 3, 1), 6_000)) end as started_at,
                {dice.part("handover")} as handover
            from (
                select *, case
                    when end_ordinal is null then null
                    when bulk_closed then {day("end_ordinal")} + {16 * 3600 + 45 * 60}
                    when fate = 'on_time' and {dice.chance("overtime", 0.004)}
                        then {day("end_ordinal")} + {CLOSE + 300} + {dice.below("evening", 4_000)}
                    when end_ordinal = ordinal
                        then received_at + {same_day}
                    else {day("end_ordinal")} + {office_time(dice, "end_time_of_day")}
                end as end_at
                from (
                    select *, {day("ordinal")} as open_position, {day("due_ordinal")} + {CLOSE} as due_at,
                        {day("ordinal")} + 27000 + position
                            + case when position < 14400 then 0 else 7200 end as received_at
                    from (select *, {position} as position from ended)
                )
            )
        )
    """


def _requests(plan: Plan, dice: Dice) -> str:
    """Requests for papers (answered, at most twice, or open), fee demands, the due date before an answer moved it."""
    day = lambda ordinal: at("day_start", ordinal)  # noqa: E731
    last = plan.last_ordinal
    open_day = f"(ordinal + {dice.below('open_request', f'{last} - ordinal + 1')})"
    open_time = f"{day(open_day)} + {office_time(dice, 'open_time')}"
    open_at = f"case when {open_day} = ordinal then received_at + 7200 else {open_time} end"
    clock = {name: office_time(dice, name) for name in ("asked", "answered", "asked_again", "answered_again")}
    moved_back = day("greatest(answer_ordinal + 1, due_ordinal - answer_ordinal + ordinal + 1)")
    answer_after = dice.below("answer", "greatest(least(final_ordinal - ordinal - 2, 6), 1)")
    return f"""
        select * exclude (final_ordinal, asks, answer_ordinal, asks_again, handover),
            case when fate = 'wait_papers' then {open_at}
                when asks then {day("(ordinal + 1)")} + {clock["asked"]} end as asked_at,
            case when asks then {day("answer_ordinal")} + {clock["answered"]} end as answered_at,
            case when asks_again then {day("(answer_ordinal + 1)")} + {clock["asked_again"]} end as asked_again_at,
            case when asks_again
                then {day("(answer_ordinal + 2)")} + {clock["answered_again"]} end as answered_again_at,
            case when fate = 'wait_fee' then {open_at} end as fee_at,
            case when asks and due_ordinal > answer_ordinal + 1 then {moved_back} + {CLOSE} end as due_before
        from (
            select *, asks and final_ordinal - answer_ordinal >= 3 and {dice.chance("asks_again", 0.1)} as asks_again
            from (
                select *, ordinal + 2 + {answer_after} as answer_ordinal,
                    fate in ('early', 'on_time', 'late', 'in_time', 'overdue') and final_ordinal - ordinal >= 3
                        and {dice.chance("asks", plan.spec.supplements)} as asks
                from (select *, coalesce(end_ordinal, {last}) as final_ordinal from timed)
            )
        )
    """


def night(spec: SampleSpec, moment: str) -> str:
    """Number of the export that first shows a moment; null after the last one."""
    first = seconds(spec.last_day - timedelta(days=spec.nights))
    return f"case when {moment} < {seconds(spec.last_day) + 86400} then greatest(0, ({moment} - {first}) // 86400) end"


def _distortions(plan: Plan, dice: Dice) -> str:
    """What the sender does to the record. Columns d_*: applied to this dossier; their times beside them."""
    spec, rates = plan.spec, plan.spec.distortions
    first_export = seconds(spec.last_day - timedelta(days=spec.nights))
    after_last = seconds(spec.last_day) + 86400
    undisturbed = (
        "fate in ('on_time', 'withdrawn', 'in_time', 'wait_papers', 'wait_fee', 'stopped')"
        if spec.keep_figures
        else "kind = 0"
    )
    paused_from = "coalesce(asked_at, fee_at)"
    paused_to = f"coalesce(answered_at, {paused_from} + 86400)"
    rewrite = f"{first_export} + 86400 * (1 + {dice.below('rewritten', max(spec.nights, 1))}) + 36000"
    reopened_before_end = f"coalesce({night(spec, paused_to)} < {night(spec, 'end_at')}, true)"
    visible = f"{night(spec, paused_from)} < {night(spec, paused_to)} and {reopened_before_end}"
    simple = {
        "d_synthetic_code": ("true", rates.synthetic_code),
        "d_placeholder_id": ("true", rates.placeholder_id),
        "d_submitted_is_received": ("true", rates.submitted_is_received),
        "d_constant_flags": ("true", rates.constant_flags),
        "d_empty_supplements": ("asked_at is not null", rates.empty_supplements),
        "d_local_procedure": ("true", rates.local_procedure),
        "d_no_due_done_event": ("fate = 'in_time'", rates.no_due_done_event),
        "d_no_due": (undisturbed, rates.no_due),
        "d_unknown_field": ("true", rates.unknown_field),
        "d_paused_sent_as_done": (f"asked_again_at is null and coalesce({visible}, false)", rates.paused_sent_as_done),
        "d_due_moved_late": (
            f"fate in ('early', 'on_time', 'in_time') and asked_at is null and not bulk_closed and {spec.nights} > 0"
            f" and ordinal + 2 < due_ordinal and {at('day_start', '(ordinal + 1)')} < {first_export}"
            f" and coalesce(end_at >= {first_export + 86400}, true)",
            rates.due_moved_late,
        ),
    }
    columns = ",\n".join(
        f"fate <> 'ghost' and {where} and {dice.chance(name, rate)} as {name}" for name, (where, rate) in simple.items()
    )
    return f"""
        select * exclude (d_no_due, d_due_moved_late), d_no_due or d_no_due_done_event as no_due, d_no_due,
            d_due_moved_late and not (d_no_due or d_no_due_done_event) as d_due_moved_late,
            case when d_paused_sent_as_done then {paused_from} end as wrong_from,
            case when d_paused_sent_as_done then {paused_to} end as wrong_to,
            case when d_due_moved_late and not (d_no_due or d_no_due_done_event) and {rewrite} < {after_last}
                then {rewrite} end as rewritten_at,
            {at("day_start", "(ordinal + 1)")} + {CLOSE} as due_rewritten,
            {dice.chance("events", spec.progress)} and fate not in ('ghost', 'not_accepted') as has_events
        from (select *, {columns} from asked)
    """


MOMENTS = (
    "received_at",
    "started_at",
    "asked_at",
    "answered_at",
    "asked_again_at",
    "answered_again_at",
    "fee_at",
    "end_at",
    "returned_at",
    "wrong_to",
    "rewritten_at",
)


def _differences(plan: Plan, dice: Dice) -> str:
    """How the one-stop system differs from the portal (columns l_*), at most one way each. Unsynchronised: the last
    ghosts.

    What is late on the portal is new since the first export, and no distortion of it needs a night.
    """
    spec = plan.spec
    local = spec.local_system or LocalSystem()
    ghosts = "kind = 3 and row_number() over (order by i desc)"
    new = (
        f"{night(spec, 'received_at')} between 1 and {spec.nights - 1} and wrong_from is null and rewritten_at is null"
    )
    possible = {
        "l_only_portal": ("true", local.only_portal),
        "l_late": (new if spec.nightly == "changes" else "false", local.late),
        "l_due_differs": ("fate <> 'not_accepted' and not no_due", local.due_differs),
        "l_agency_differs": ("fate <> 'not_accepted'", local.agency_differs),
    }
    columns, before = [f"{ghosts} <= {local.unsynchronised} as l_unsynchronised"], "kind = 3"
    for name, (where, rate) in possible.items():
        condition = f"coalesce({where}, false) and {dice.chance(name, rate)}"
        columns.append(f"not ({before}) and {condition} as {name}")
        before += f" or ({condition})"
    return f"select *, {', '.join(columns)} from distorted"


def _history(plan: Plan) -> str:
    """changes: numbers of the exports in which the record differs from the export before; the first one shows it.
    local_changes: the same of the one-stop system, which has it at once."""
    spec = plan.spec
    nights = ", ".join(night(spec, moment) for moment in MOMENTS)
    seen = f"list_sort(list_distinct(list_filter([{nights}], lambda n: n is not null)))"
    shown = "lambda n: case when l_late then greatest(n, first_night + 1) else n end"
    return f"""
        select * exclude (first_night),
            list_sort(list_distinct(list_transform(local_changes, {shown})))::usmallint[] as changes
        from (
            select *, local_changes[1] as first_night
            from (
                select *, {seen}::usmallint[] as local_changes
                from differing
            )
        )
    """
