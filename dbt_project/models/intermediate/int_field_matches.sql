-- grain: folded_name: the field of administration that a name stands for (portal-exports §9), where the catalogues known at known_at have one code for it.
-- For dossiers that name their field without its code, as one-stop systems' sheets do.

select
    {{ fold('field_name') }} as folded_name,
    min(field_code) as field_code
from {{ source('validated', 'procedures') }}
where {{ is_known('exported_at') }} and field_code is not null and field_name is not null
group by {{ fold('field_name') }}
having count(distinct field_code) = 1
