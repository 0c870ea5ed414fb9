-- grain: source, dossier_code: registrations that nobody has accepted or refused by as_of (status 1), and how long they have waited in working hours
-- (timeliness §6). One that was submitted after as_of is not there yet.

with waiting as (
    select
        *,
        {{ as_of() }} as closes_at
    from {{ ref('int_dossier_facts') }}
    where status = 1 and coalesce(submitted_at, {{ as_of() }}) <= {{ as_of() }}
),

waited as (
    select
        waiting.*,
        {{ working_clock('as_of_day', 'waiting.closes_at') }} - {{ working_clock('submitted_day', 'waiting.submitted_at') }} as working_seconds
    from waiting
    {{ join_calendar('submitted_day', 'waiting.calendar', 'cast(waiting.submitted_at as date)') }}
    {{ join_calendar('as_of_day', 'waiting.calendar', 'cast(waiting.closes_at as date)') }}
)

select
    source,
    dossier_code,
    agency_code,
    procedure_code,
    procedure_name,
    channel,
    submitted_at,
    cast(working_seconds as double) / 3600 as working_hours_waited,
    working_seconds > 8 * 3600 as over_8_hours,
    {{ stamps() }}
from waited
order by source, agency_code, submitted_at, dossier_code
