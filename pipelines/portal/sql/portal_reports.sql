-- The portal's own figures: one document gives one row per department, the parent first; a document without any is one
-- bad row.
with fields as ({{ fields }}),

documents as (
    select
        portion,
        before,
        row_number as document,
        is_record,
        coalesce(data.parent, parent) as head,
        coalesce(data.children, children, []) as tail
    from fields
),

departments as (
    select
        portion,
        before,
        document,
        is_record,
        true as is_parent,
        0 as position,
        head as d
    from documents
    where head is not null or len(tail) = 0
    union all
    select
        portion,
        before,
        document,
        is_record,
        false as is_parent,
        unnest(generate_series(1, len(tail))) as position,
        unnest(tail) as d
    from documents
),

read as (
    select
        *,
        {{ figures }}
    from departments
)

select
    portion,
    before + row_number() over (partition by portion order by document, position) as row_number,
    is_record and d is not null as is_record,
    kept_code_of(clean(d.departmentId)) as department_id,
    kept_name(clean(d.departmentName)) as department_name,
    kept_code_of(canonical_agency(normal_code(d.departmentCode))) as department_code,
    kept_name(clean(d.level)) as level,
    {{ columns }},
    is_parent,
    {{ bad_values }} as bad_values
from read
order by portion, document, position
