-- Records → typed rows without personal data, each with the hash of its content (portal-exports §3–§5, §7).

create table landed as
with cleaned as (
    select
        filename,
        coalesce(MaHoSo, MaTTHC, TrangThaiHoSo, NgayTiepNhan, DonViXuLy) is not null as is_record,
        normal_code(clean(MaHoSo)) as code,
        normal_code(clean(MaTTHC)) as procedure_code,
        clean(TenTTHC) as procedure_name,
        clean(MaLinhVuc) as field_code,
        clean(TenLinhVuc) as field_name,
        clean(KenhThucHien) as channel,
        coalesce(clean(SoGiayToChuHoSo), clean(DinhDanhCHS[1].SoDinhDanh)) as identity,
        clean(LoaiDoiTuong) as applicant_type,
        clean(NgayNopHoSo) as submitted,
        clean(NgayTiepNhan) as received,
        clean(NgayHenTra) as due,
        clean(NgayKetThucXuLy) as finished,
        clean(NgayTra) as returned,
        clean(NgayTuChoi) as refused,
        clean(TrangThaiHoSo) as status_text,
        clean(HinhThuc) as return_method,
        clean(DonViXuLy) as agency_name,
        clean(NoiNopHoSo) as submitted_via,
        clean(HoSoCoThanhPhanSoHoa) as digitised,
        clean(TaiKhoanDuocXacThucVoiVNeID) as verified,
        clean(DuocThanhToanTrucTuyen) as online_payment,
        coalesce(DSKetNoiCSDL, []) as databases,
        coalesce(TaiLieuNop, []) as papers,
        coalesce(DanhSachLePhi, []) as fees,
        coalesce(DanhSachGiayToKetQua, []) as results,
        coalesce(DanhSachHoSoBoSung, []) as rounds
    from records
),

dated as (
    select
        *,
        moment(submitted, 0) as any_submitted_at,
        moment(received, 0) as any_received_at,
        moment(due, 86399) as any_due_at,
        moment(finished, 0) as any_finished_at,
        moment(returned, 0) as any_returned_at,
        moment(refused, 0) as any_refused_at,
        case when regexp_full_match(status_text, '0?[1-9](\.0)?|10(\.0)?') then status_text::double::integer end as status
    from cleaned
),

parsed as (
    select
        *,
        within_years(any_submitted_at) as submitted_at,
        within_years(any_received_at) as received_at,
        within_years(any_due_at) as due_at,
        within_years(any_finished_at) as finished_at,
        within_years(any_returned_at) as returned_at,
        within_years(any_refused_at) as refused_at,
        case
            when regexp_full_match(code, '[A-Z][0-9]{2}(?:\.[0-9]{1,3}){0,4}-[0-9]{6}-[0-9]{4,6}') then 'new'
            when regexp_full_match(code, '[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}-[0-9]{6}-[0-9]{4,6}') then 'old'
            when code is not null then 'other'
        end as code_form
    from dated
),

canonical as (
    select
        files.file_no,
        is_record,
        case when code_form in ('old', 'new') then code else kept_code(code) end as dossier_code,
        coalesce(case when code_form in ('old', 'new') then canonical_agency(split_part(code, '-', 1)) end, 'unknown') as agency_code,
        case when code_form in ('old', 'new') then try_strptime('20' || split_part(code, '-', 2), '%Y%m%d')::date end as code_date,
        code_form,
        case when code_form in ('old', 'new') then length(split_part(code, '-', 3))::integer end as sequence_digits,
        kept_code(case when regexp_full_match(procedure_code, '[0-9]\.[0-9]{1,5}') then rpad(procedure_code, 8, '0') else procedure_code end) as procedure_code,
        case when regexp_matches(procedure_code, '^[0-9]\.[0-9]{6}(\.|$)') then left(procedure_code, 8) end as procedure_key,
        coalesce(regexp_full_match(procedure_code, '[0-9]\.[0-9]{1,5}'), false) as procedure_padded,
        kept_name(procedure_name) as procedure_name,
        kept_code(field_code) as field_code,
        kept_name(field_name) as field_name,
        case when channel is null then '1' when channel in ('1', '2', '3') then channel else 'unknown' end as channel,
        case when applicant_type in ('1', '2', '3', '4') then applicant_type end as applicant_type,
        submitted_at,
        received_at,
        due_at,
        finished_at,
        returned_at,
        refused_at,
        status,
        case when length(return_method) <= 2 then return_method end as return_method,
        kept_name(agency_name) as agency_name,
        case when length(submitted_via) <= 2 then submitted_via end as submitted_via,
        flag(digitised) as has_digitised_parts,
        flag(verified) as vneid_verified,
        case when length(online_payment) <= 2 then online_payment end as online_payment,
        kept_code(nullif(array_to_string(list_sort(list_distinct(list_transform(databases, lambda x: trim(x.MaCSDL)))), ','), '')) as connected_databases,
        len(papers)::integer as submitted_files,
        len(list_filter(papers, lambda x: x.DuocSoHoa = '1'))::integer as digitised_files,
        len(list_filter(papers, lambda x: x.DuocTaiSuDung = '1'))::integer as reused_files,
        len(list_filter(papers, lambda x: x.DuocLayTuKhoDMQG = '1'))::integer as reused_from_store_files,
        len(fees)::integer as fee_count,
        coalesce(list_sum(list_transform(fees, lambda x: try_cast(regexp_replace(x.Gia, '[^0-9]', '', 'g') as bigint))), 0)::bigint as fee_total,
        case
            when len(rounds) = 0 then []
            else list_transform(rounds, lambda x: {
                'requested_at': within_years(moment(trim(x.NgayBoSung), 0)),
                'answered_at': within_years(moment(trim(x.NgayTiepNhanBoSung), 0)),
                'due_before': within_years(moment(trim(x.NgayHenTraTruoc), 86399)),
                'due_after': within_years(moment(trim(x.NgayHenTraMoi), 86399))
            })
        end as supplements,
        len(results)::integer as result_documents,
        len(list_filter(results, lambda x: trim(x.DuongDanTepTinKetQua) <> ''))::integer as electronic_results,
        hmac(identity) as applicant_key,
        coalesce(identity = '000000001', false) as placeholder_id,
        is_placeholder(any_submitted_at) or is_placeholder(any_received_at) or is_placeholder(any_due_at)
        or is_placeholder(any_finished_at) or is_placeholder(any_returned_at) or is_placeholder(any_refused_at) as placeholder_date,
        case
            when
                (submitted is not null and submitted_at is null) or (received is not null and received_at is null)
                or (due is not null and due_at is null) or (finished is not null and finished_at is null)
                or (returned is not null and returned_at is null) or (refused is not null and refused_at is null)
                or (status_text is not null and status is null)
                then to_json(map_from_entries(list_filter([
                    {'k': 'NgayNopHoSo', 'v': case when submitted_at is null and not is_placeholder(any_submitted_at) then mask(submitted) end},
                    {'k': 'NgayTiepNhan', 'v': case when received_at is null and not is_placeholder(any_received_at) then mask(received) end},
                    {'k': 'NgayHenTra', 'v': case when due_at is null and not is_placeholder(any_due_at) then mask(due) end},
                    {'k': 'NgayKetThucXuLy', 'v': case when finished_at is null and not is_placeholder(any_finished_at) then mask(finished) end},
                    {'k': 'NgayTra', 'v': case when returned_at is null and not is_placeholder(any_returned_at) then mask(returned) end},
                    {'k': 'NgayTuChoi', 'v': case when refused_at is null and not is_placeholder(any_refused_at) then mask(refused) end},
                    {'k': 'TrangThaiHoSo', 'v': case when status is null then mask(status_text) end}
                ], lambda e: e.v is not null)))::varchar
        end as bad_values
    from parsed
    inner join files on parsed.filename = files.path
)

select
    *,
    md5(concat_ws(
        chr(31), coalesce(dossier_code, chr(30)), agency_code, coalesce(procedure_code, chr(30)), coalesce(procedure_name, chr(30)),
        coalesce(field_code, chr(30)), coalesce(field_name, chr(30)), channel, coalesce(applicant_type, chr(30)),
        coalesce(submitted_at::varchar, chr(30)), coalesce(received_at::varchar, chr(30)), coalesce(due_at::varchar, chr(30)),
        coalesce(finished_at::varchar, chr(30)), coalesce(returned_at::varchar, chr(30)), coalesce(refused_at::varchar, chr(30)), coalesce(status, 0),
        coalesce(return_method, chr(30)), coalesce(agency_name, chr(30)), coalesce(submitted_via, chr(30)),
        coalesce(has_digitised_parts::varchar, chr(30)), coalesce(vneid_verified::varchar, chr(30)), coalesce(online_payment, chr(30)),
        coalesce(connected_databases, chr(30)), submitted_files, digitised_files, reused_files, reused_from_store_files, fee_count, fee_total,
        supplements::varchar, result_documents, electronic_results, coalesce(applicant_key, chr(30)), placeholder_id
    )) as content_hash
from canonical;
