-- Agencies: text rows → rows of the lake. Columns that read one field each come from the contract.
with fields as ({{ fields }}),

cleaned as (
    select
        {{ carried }},
        {{ cleaned }},
        false as shifted
    from fields
),

-- dates in a usual notation; others are read again, all of a row at once
written as (
    select
        *,
        {{ written }}
    from cleaned
),

dated as (
    select
        *,
        {{ dated }}
    from (select *, case when {{ any_unread }} then moments_read_again([{{ unread }}]) end as again from written)
),

parsed as (
    select
        *,
        canonical_agency(normal_code(MaDonVi)) as agency_code,
        {{ parsed }}
    from dated
),

checked as (
    select
        *,
        {{ checked }}
    from parsed
)

select
    portion,
    row_number,
    is_record,
    kept_code(agency_code) as agency_code,
    {{ columns }},
    {{ bad_values }} as bad_values
from checked
