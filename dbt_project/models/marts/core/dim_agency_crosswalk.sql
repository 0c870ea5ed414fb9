-- grain: agency_code: the agency that stands in its place at as_of, so that figures of old and new codes can be read by today's structure (portal-exports §5).
-- An agency has ended when its validity is over, when it names a successor without a last day, when it was a district on 1 July 2025, or when it
-- belonged to such a district and no catalogue describes it. It leads on to its successor, else to its province as it is today. Chains are followed by
-- doubling steps: a cycle, or an end that leads nowhere, is `unresolved` and keeps its own code.

{% set doublings = 5 %}

with valid as (
    -- the row in force at as_of, else the first to come
    select *
    from (
        select
            *,
            row_number() over (
                partition by agency_code
                order by
                    case when valid_from <= {{ as_of_date() }} then 0 else 1 end,
                    case when valid_from <= {{ as_of_date() }} then valid_from end desc,
                    valid_from
            ) as place
        from {{ ref('dim_agency') }}
    ) as ranked
    where place = 1
),

agencies as (
    select
        *,
        {{ as_of_date() }} >= {{ districts_end() }}
        and valid_from < {{ districts_end() }}
        and {{ is_district('level', 'level_name', 'name') }} as was_district
    from valid
),

ended as (
    select
        agencies.*,
        case
            when agencies.valid_to < {{ as_of_date() }} then {{ add_days('agencies.valid_to', 1) }}
            when agencies.was_district then {{ districts_end() }}
            when districts.was_district and agencies.origin = 'dossiers' then {{ districts_end() }}
        end as ended_on,
        nullif(agencies.successor, agencies.agency_code) as heir
    from agencies
    left join agencies as districts
        on
            agencies.level > 2
            and {{ agency_ancestor('agencies.agency_code', 2) }} = districts.agency_code
),

steps as (
    select
        agency_code,
        case
            when ended_on is null and (heir is null or valid_to is not null) then agency_code
            else coalesce(heir, nullif(current_province, agency_code), agency_code)
        end as next_code,
        ended_on is not null or (heir is not null and valid_to is null) as has_ended,
        case when heir is null or origin = 'provinces' then 1 else 0 end as by_province,
        ended_on
    from ended
),

reached_0 as (
    select
        agency_code,
        next_code,
        case when next_code <> agency_code then by_province else 0 end as by_province
    from steps
),

{% for n in range(doublings) %}
reached_{{ n + 1 }} as (
    select
        earlier.agency_code,
        later.next_code,
        greatest(earlier.by_province, later.by_province) as by_province
    from reached_{{ n }} as earlier
    inner join reached_{{ n }} as later on earlier.next_code = later.agency_code
),

{% endfor %}
resolved as (
    select
        steps.agency_code,
        case when last_step.has_ended then steps.agency_code else reached.next_code end as current_agency_code,
        steps.ended_on,
        case
            when not steps.has_ended then 'itself'
            when last_step.has_ended then 'unresolved'
            when reached.by_province = 1 then 'province'
            else 'catalogue'
        end as how
    from steps
    inner join reached_{{ doublings }} as reached on steps.agency_code = reached.agency_code
    inner join steps as last_step on reached.next_code = last_step.agency_code
)

select
    resolved.agency_code,
    old.name as agency_name,
    resolved.current_agency_code,
    today.name as current_name,
    today.level as current_level,
    today.current_province,
    cast(resolved.ended_on as date) as changed_on,
    resolved.how,
    {{ stamps() }}
from resolved
inner join agencies as old on resolved.agency_code = old.agency_code
inner join agencies as today on resolved.current_agency_code = today.agency_code
order by resolved.agency_code
