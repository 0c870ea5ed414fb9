-- The first stages of every kind with dates: portal names as text, trimmed, dates read.
fields as ({{ fields }}),

cleaned as (
    select
        {{ carried }},
        {{ cleaned }}
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
)
