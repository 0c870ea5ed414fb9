-- Dossiers: text rows → rows of the lake. Columns that read one field each come from the contract.
with {{ stages }},

parsed as (
    select
        *,
        normal_code(MaHoSo) as code,
        padded_procedure(normal_code(MaTTHC)) as procedure_code,
        is_unpadded_procedure(normal_code(MaTTHC)) as procedure_padded,
        coalesce(SoGiayToChuHoSo, clean(DinhDanhCHS[1].SoDinhDanh)) as identity,
        {{ parsed }}
    from dated
),

checked as (
    select
        *,
        dossier_form(code) as code_form,
        {{ checked }}
    from parsed
),

coded as (
    select
        *,
        code_form in ('old', 'new') as has_parts,
        -- a row with an impossible date is rejected anyway, and is what a shifted sheet looks like: its texts may be people
        {{ any_bad_moment }} as shifted,
        kept_agency_code(envelope) as envelope_agency
    from checked
),

canonical as (
    select
        portion,
        row_number,
        is_record,
        kept_dossier_code(code, shifted) as dossier_code,
        envelope_agency,
        coalesce(case when has_parts then canonical_agency(dossier_agency_part(code)) end, envelope_agency, getvariable('unknown_agency')) as agency_code,
        case when has_parts then dossier_date(code) end as code_date,
        code_form,
        case when has_parts then dossier_digits(code) end as sequence_digits,
        case when not shifted then kept_code(procedure_code) end as procedure_code,
        case when not shifted then procedure_key_of(procedure_code) end as procedure_key,
        procedure_padded,
        {{ columns }},
        case when len(DSKetNoiCSDL) > 0 then joined_codes(list_transform(DSKetNoiCSDL, lambda x: trim(x.MaCSDL))) end as connected_databases,
        len(TaiLieuNop)::integer as submitted_files,
        count_flags(list_transform(TaiLieuNop, lambda x: x.DuocSoHoa)) as digitised_files,
        count_flags(list_transform(TaiLieuNop, lambda x: x.DuocTaiSuDung)) as reused_files,
        count_flags(list_transform(TaiLieuNop, lambda x: x.DuocLayTuKhoDMQG)) as reused_from_store_files,
        len(DanhSachLePhi)::integer as fee_count,
        coalesce(list_sum(list_transform(DanhSachLePhi, lambda x: money(trim(x.Gia)))), 0)::bigint as fee_total,
        case
            when len(DanhSachHoSoBoSung) = 0 then '[]'
            else json_text(list_transform(DanhSachHoSoBoSung, lambda x: {{ supplements }}))
        end as supplements,
        len(DanhSachHoSoBoSung)::integer as supplement_count,
        len(DanhSachGiayToKetQua)::integer as result_documents,
        len(list_filter(DanhSachGiayToKetQua, lambda x: trim(x.DuongDanTepTinKetQua) != ''))::integer as electronic_results,
        hmac(identity) as applicant_key,
        coalesce(identity = getvariable('placeholder_id'), false) as placeholder_id,
        {{ any_placeholder_date }} as placeholder_date,
        {{ bad_values }} as bad_values
    from coded
)

select
    *,
    -- no kept text holds a control character, so that these separate fields and mark nulls without doubt
    case when is_record then md5(concat_ws(chr(31), {{ content }})) end as content_hash
from canonical
