-- What the other stages look up: how texts, codes and dates are read, working days, catalogues. Written from docs/reference, not from the product's SQL.
-- same_work.py gives: table files, variables as_of, hmac_ipad, hmac_opad, dossier_files, procedure_files, agency_files, holiday_files.

create temp macro clean(t) as
    case
        when t = '' then null
        when regexp_matches(t, '^[\s\x{a0}\x{feff}\x{200b}]|[\s\x{a0}\x{feff}\x{200b}]$')
            then nullif(trim(t, ' ' || chr(9) || chr(10) || chr(11) || chr(13) || chr(160) || chr(65279) || chr(8203)), '')
        else t
    end;

create temp macro normal_code(t) as
    case
        when regexp_full_match(t, '[A-Z0-9._/-]+') then t
        else nullif(regexp_replace(upper(nfc_normalize(t)), '[\s\p{Z}\p{Cf}\p{Cc}]', '', 'g'), '')
    end;

-- `000.01.18.H39` → `H39.18.01`
create temp macro canonical_agency(code) as
    case
        when regexp_full_match(code, '[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}')
            then array_to_string(list_filter(list_reverse(string_split(code, '.')), lambda part: not regexp_full_match(part, '0+')), '.')
        else code
    end;

-- the portal's notation, ISO, day first; a date alone is so many seconds of its day
create temp macro moment(t, seconds_of_day) as
    case
        when length(t) = 14 then try_strptime(t, '%Y%m%d%H%M%S')
        when length(t) = 12 then try_strptime(t || '00', '%Y%m%d%H%M%S')
        when length(t) = 8 then try_strptime(t, '%Y%m%d') + to_seconds(seconds_of_day)
        when t like '____-__-__' then try_cast(t as timestamp) + to_seconds(seconds_of_day)
        when t like '____-__-__%' then try_cast(t as timestamp)
        when length(t) <= 10 then try_strptime(t, '%d/%m/%Y') + to_seconds(seconds_of_day)
        else try_strptime(t, ['%d/%m/%Y %H:%M:%S', '%d/%m/%Y %H:%M', '%H:%M:%S %d/%m/%Y', '%H:%M %d/%m/%Y'])
    end;

create temp macro within_years(m) as
    case when m >= timestamp '2000-01-01' and m < timestamp '2101-01-01' then m end;

create temp macro is_placeholder(m) as
    coalesce(m < timestamp '2000-01-01' and m::date in (date '0001-01-01', date '1753-01-01', date '1899-12-30', date '1900-01-01', date '1970-01-01'), false);

create temp macro hmac(t) as
    sha256(getvariable('hmac_opad') || unhex(sha256(getvariable('hmac_ipad') || encode(t))));

-- letters `x`, digits `#`: nothing that may be a person survives
create temp macro mask(t) as
    regexp_replace(regexp_replace(left(t, 40), '[^\s\p{P}\p{N}]|@', 'x', 'g'), '\p{N}', '#', 'g');

create temp macro kept_code(t) as
    case when t is null or regexp_full_match(t, '[A-Za-z0-9._/:#()+,&;-]{1,50}') then t else mask(t) || '~' || left(hmac(t), 10) end;

create temp macro kept_name(t) as
    case
        when regexp_matches(t, '[0-9][0-9 .-]{7,}[0-9]|@|[\p{M}\x{0}-\x{1f}\x{7f}-\x{9f}]')
            then regexp_replace(regexp_replace(nfc_normalize(t), '[0-9][0-9 .-]{7,}[0-9]', '#', 'g'), '\S*@\S*|[\x{0}-\x{1f}\x{7f}-\x{9f}]+', ' ', 'g')
        else t
    end;

create temp macro flag(t) as
    case t when '1' then true when '0' then false end;

-- every day from 2000-01-01 with the number of working days up to it
create temp table calendar_days as
with marked as (
    select
        date::date as day,
        arg_max(kind, filename like '%overrides%') as kind
    from read_csv(getvariable('holiday_files'), header = true, all_varchar = true, union_by_name = true, filename = true)
    where coalesce(scope, 'VN') = 'VN'
    group by date::date
),

days as (select unnest(generate_series(date '2000-01-01', date '2100-12-31', interval 1 day))::date as day)

select
    days.day,
    coalesce(marked.kind = 'work', isodow(days.day) <= 5) as is_working_day,
    (count(*) filter (where coalesce(marked.kind = 'work', isodow(days.day) <= 5)) over (order by days.day))::integer as working_day_number
from days
left join marked on days.day = marked.day;

-- the statutory maximum of a procedure on a channel: the largest of the latest catalogue
create temp table statutory_limits as
with limits as (
    select
        left(catalogue.MATTHC, 8) as procedure_key,
        way.KENH as channel,
        try_cast(time.THOIGIANGIAIQUYET as double) as amount,
        case lower(time.DONVITINH) when 'giờ' then 'hour' when 'ngày' then 'day' when 'ngày làm việc' then 'working_day' when 'tháng' then 'month' end as unit
    from (
        select
            MATTHC,
            unnest(CACHTHUCTHUCHIEN) as way
        from read_json(getvariable('procedure_files'), columns = {
            MATTHC: 'VARCHAR', CACHTHUCTHUCHIEN: 'STRUCT(KENH VARCHAR, THOIGIAN STRUCT(THOIGIANGIAIQUYET VARCHAR, DONVITINH VARCHAR)[])[]'
        })
    ) as catalogue, unnest(catalogue.way.THOIGIAN) as times(time)
)

select
    procedure_key,
    channel,
    arg_max(amount, amount * case unit when 'hour' then 0.125 when 'day' then 1 when 'working_day' then 1.4 else 30 end) as amount,
    arg_max(unit, amount * case unit when 'hour' then 0.125 when 'day' then 1 when 'working_day' then 1.4 else 30 end) as unit
from limits
where amount is not null and unit is not null
group by procedure_key, channel;

create temp table known_agencies as
select distinct canonical_agency(normal_code(MaDonVi)) as agency_code
from read_json(getvariable('agency_files'), columns = {MaDonVi: 'VARCHAR'});

-- one per line of the exports; lines that are no JSON are empty ones
create temp view records as
select *
from read_json(
    getvariable('dossier_files'), format = 'newline_delimited', ignore_errors = true, filename = true,
    columns = {
        MaHoSo: 'VARCHAR', MaTTHC: 'VARCHAR', TenTTHC: 'VARCHAR', MaLinhVuc: 'VARCHAR', TenLinhVuc: 'VARCHAR', KenhThucHien: 'VARCHAR',
        SoGiayToChuHoSo: 'VARCHAR', LoaiDoiTuong: 'VARCHAR', NgayNopHoSo: 'VARCHAR', NgayTiepNhan: 'VARCHAR', NgayHenTra: 'VARCHAR',
        NgayKetThucXuLy: 'VARCHAR', NgayTra: 'VARCHAR', NgayTuChoi: 'VARCHAR', TrangThaiHoSo: 'VARCHAR', HinhThuc: 'VARCHAR',
        DonViXuLy: 'VARCHAR', NoiNopHoSo: 'VARCHAR', HoSoCoThanhPhanSoHoa: 'VARCHAR', TaiKhoanDuocXacThucVoiVNeID: 'VARCHAR',
        DuocThanhToanTrucTuyen: 'VARCHAR', DinhDanhCHS: 'STRUCT(SoDinhDanh VARCHAR)[]', DSKetNoiCSDL: 'STRUCT(MaCSDL VARCHAR)[]',
        TaiLieuNop: 'STRUCT(DuocSoHoa VARCHAR, DuocTaiSuDung VARCHAR, DuocLayTuKhoDMQG VARCHAR)[]',
        DanhSachLePhi: 'STRUCT(Gia VARCHAR)[]', DanhSachGiayToKetQua: 'STRUCT(DuongDanTepTinKetQua VARCHAR)[]',
        DanhSachHoSoBoSung: 'STRUCT(NgayBoSung VARCHAR, NgayTiepNhanBoSung VARCHAR, NgayHenTraTruoc VARCHAR, NgayHenTraMoi VARCHAR)[]'
    }
);
