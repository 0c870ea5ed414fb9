-- grain: agency_name, as written: names of catalogues and of dossiers that name their agency by nothing else, folded (portal-exports §9), and the province at
-- the end of the name: " - Tỉnh Phú Thọ", "tỉnh Phú Thọ", "thành phố Hải Phòng". base_name is the name without it.

with names as (
    select name as agency_name
    from {{ ref('dim_agency') }}
    where origin in ('catalogue', 'seed')
    union
    select agency_name
    from {{ ref('int_dossier_history') }}
    where agency_code = 'unknown' and agency_name is not null
),

folded as (
    select
        agency_name,
        {{ folded_agency('agency_name') }} as full_name,
        -- the words after the last dash, comma or bracket
        {{ folded_agency("regexp_replace(agency_name, '^.*[-–—,(]', '')") }} as last_words
    from names
),

ends as (
    {% for word in ['tinh', 'thanh pho', 'tp'] %}
    select
        code,
        '{{ word }} ' || {{ fold('name') }} as words
    from {{ ref('provinces') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

with_province as (
    select
        folded.agency_name,
        folded.full_name,
        ends.code as province,
        ends.words
    from folded
    inner join ends on folded.full_name like '% ' || ends.words

    union all

    select
        folded.agency_name,
        folded.full_name,
        provinces.code as province,
        folded.last_words as words
    from folded
    inner join {{ ref('provinces') }} as provinces on folded.last_words = {{ fold('provinces.name') }} and folded.last_words <> folded.full_name
),

stripped as (
    select
        *,
        trim(substr(full_name, 1, length(full_name) - length(words))) as base_name,
        row_number() over (partition by agency_name order by length(words) desc, province) as place
    from with_province
)

select
    folded.agency_name,
    folded.full_name,
    coalesce(stripped.base_name, folded.full_name) as base_name,
    stripped.province
from folded
left join stripped
    on
        folded.agency_name = stripped.agency_name
        and stripped.place = 1
        -- "UBND tỉnh Phú Thọ" is the province itself: nothing would be left of the name
        and stripped.base_name like '% %'
