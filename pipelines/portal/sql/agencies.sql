-- Agencies: text rows → rows of the lake. Columns that read one field each come from the contract.
with {{ stages }},

parsed as (
    select
        *,
        canonical_agency(normal_code(MaDonVi)) as agency_code,
        false as shifted,
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
