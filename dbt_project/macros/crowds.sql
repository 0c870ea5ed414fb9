{#- Bulk closing (portal-exports §8): minutes in which very many dossiers of an agency moved at once (var distortion_bulk_closing). -#}

{#- The minute of a moment; null for a date alone, which stands for midnight and says nothing of the minute. -#}
{% macro told_minute(moment) -%}
    case when {{ moment }} <> cast(cast({{ moment }} as date) as timestamp) then date_trunc('minute', {{ moment }}) end
{%- endmacro %}

{#- Common table expressions crowded_hours and crowded_minutes (source, agency_code, crowded_minute). rows: name of one before them, with source, agency_code,
    dossier_code and a column of minutes, null where there is none. -#}
{% macro crowded_minutes(rows, minute) %}
crowded_hours as (
    -- far fewer than minutes, and every crowded minute lies in one
    select
        source,
        agency_code,
        date_trunc('hour', {{ minute }}) as crowded_hour
    from {{ rows }}
    where {{ minute }} is not null
    group by source, agency_code, date_trunc('hour', {{ minute }})
    having count(*) >= {{ var('distortion_bulk_closing') }}
),

crowded_minutes as (
    select
        {{ rows }}.source,
        {{ rows }}.agency_code,
        {{ rows }}.{{ minute }} as crowded_minute
    from {{ rows }}
    inner join crowded_hours
        on
            {{ have_same(rows, 'crowded_hours', ['source', 'agency_code']) }}
            and date_trunc('hour', {{ rows }}.{{ minute }}) = crowded_hours.crowded_hour
    group by {{ rows }}.source, {{ rows }}.agency_code, {{ rows }}.{{ minute }}
    having count(distinct {{ rows }}.dossier_code) >= {{ var('distortion_bulk_closing') }}
)
{% endmacro %}

{#- Condition on mart_step_durations: a step in which a dossier waited for somebody's work that may be named. Neither the time of citizens, nor what begins with
    the end: a result that lies at the desk waits for nobody's work. -#}
{% macro is_waiting_step() -%} attributable and not citizen_time and status not in (3, 7, 8, 9, 10) {%- endmacro %}
