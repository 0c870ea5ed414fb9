-- grain: source, file_sha256, row_number: departments of the portal's reports known at known_at, each with the period that its figures are about
-- (docs/decisions/0021) and the moment of the portal's knowledge. Reports whose period closes after as_of, or without a department, are left out;
-- of a department that a report lists more than once the last row counts.
-- at_now, at_then: two moments within the second of the close that name this period and this report's export, for the two states of knowledge.

with reports as (
    select
        *,
        {{ named_first_day('lower(file_name)') }} as named_from,
        {{ named_months('lower(file_name)') }} as named_months,
        row_number() over (
            partition by source, file_name, exported_at, department_code, is_parent order by file_sha256 desc, row_number desc
        ) as from_last
    from {{ source('validated', 'portal_reports') }}
    where department_code is not null and {{ is_known('exported_at') }}
),

bounded as (
    select
        *,
        coalesce(named_from, make_date(year(exported_at), 1, 1)) as period_from,
        case
            when named_from is null then exported_at
            else least({{ add_seconds('cast(' ~ add_months('named_from', 'named_months') ~ ' as timestamp)', -1) }}, exported_at)
        end as closes_at
    from reports
    where from_last = 1
),

numbered as (
    select
        *,
        dense_rank() over (partition by closes_at order by period_from, exported_at) as moment_no
    from bounded
    where closes_at <= {{ as_of() }} and cast(closes_at as date) >= period_from
)

select
    source,
    file_sha256,
    row_number,
    file_name,
    exported_at,
    department_code,
    department_name,
    is_parent,
    period_from,
    cast(closes_at as date) as period_to,
    closes_at,
    {{ add_microseconds('closes_at', '2 * moment_no - 1') }} as at_now,
    {{ add_microseconds('closes_at', '2 * moment_no') }} as at_then,
    total_received,
    total_on_time,
    total_overdue,
    total_completed,
    avg_processing_days,
    ratio,
    score
from numbered
