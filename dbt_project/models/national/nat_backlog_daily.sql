-- grain: area_code, source, day: mart_backlog_daily of the country and of each province. An agency has no row before its first dossier, when it had no backlog.

{% set counts = ['received', 'resolved', 'pending_in_time', 'pending_overdue'] %}

select
    area_code,
    source,
    day,
    {{ counts | join(', ') }},
    {{ stamps() }}
from (
    {{ area_sums('mart_backlog_daily', ['source', 'day'], counts) }}
) as figures
order by area_code, source, day
