-- Progress events: text rows → rows of the lake. Columns that read one field each come from the contract.
with {{ stages }},

parsed as (
    select
        *,
        normal_code(MaHoSo) as code,
        nfc(NguoiXuLy) as officer,
        {{ parsed }}
    from dated
),

checked as (
    select
        *,
        {{ checked }}
    from parsed
),

shifting as (
    -- a row without a readable moment is rejected anyway, and is what a shifted sheet looks like
    select
        *,
        {{ any_bad_moment }} as shifted
    from checked
)

select
    portion,
    row_number,
    is_record,
    kept_dossier_code(code, shifted) as dossier_code,
    {{ columns }},
    case when not shifted then case when getvariable('keep_officer_names') then officer else hmac(officer) end end as officer_key,
    case
        when is_record
            then hmac(json_text([code, iso_moment(event_at), status::varchar, officer, nfc(NoiDungXuLy)]))
    end as event_key,
    {{ bad_values }} as bad_values
from shifting
