-- grain: source, agency_code, rule_id, unit: how often each REJ rule was broken by a row or a file, and each WRN rule by a dossier or a file
-- (portal-exports §6). A row or dossier that breaks several rules counts under each. Files belong to no agency: `unknown`.

with findings as (
    select
        source,
        agency_code,
        'row' as unit,
        {{ explode_list('reasons') }} as rule_id
    from {{ ref('mart_quarantine') }}

    union all

    select
        source,
        'unknown' as agency_code,
        'file' as unit,
        reason as rule_id
    from {{ ref('mart_load_ledger') }}
    where status = 'rejected' and used

    union all

    select
        source,
        'unknown' as agency_code,
        'file' as unit,
        {{ explode_list('attention') }} as rule_id
    from {{ ref('mart_load_ledger') }}
    where used

    union all

    select
        source,
        agency_code,
        'dossier' as unit,
        {{ explode_list('flags') }} as rule_id
    from {{ ref('fct_dossiers') }}
)

select
    source,
    agency_code,
    rule_id,
    unit,
    count(*) as count,
    {{ stamps() }}
from findings
group by source, agency_code, rule_id, unit
order by source, agency_code, unit, rule_id
