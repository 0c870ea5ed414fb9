-- Typed rows → the tables that the dbt project reads (docs/architecture.md, schema `validated`).

insert into validated.files by name
select
    source,
    'dossiers' as kind,
    file_name,
    file_name as file_path,
    exported_at,
    file_sha256,
    'name' as exported_at_from,
    case when is_rejected then 'rejected' else 'loaded' end as status,
    'ndjson' as format,
    rows_read,
    rows_read - rows_quarantined as rows_accepted,
    rows_quarantined,
    left(file_sha256, 16) as load_id,
    1 as validation_seq
from ledger;

create temp view accepted as
select
    files.source,
    files.file_sha256,
    landed.rowid as row_number,
    files.file_name,
    files.file_name as file_path,
    files.exported_at,
    landed.* exclude (file_no, is_record, bad_values),
    coalesce(marks.warnings, []) as warnings
from landed
inner join ledger as files on landed.file_no = files.file_no
left join marks on landed.rowid = marks.row_id
where not files.is_rejected and coalesce(len(marks.reasons), 0) = 0;

insert into validated.dossiers by name
select
    * exclude (supplements),
    len(supplements)::integer as supplement_count,
    1 as validation_seq
from accepted;

insert into validated.supplements by name
select
    source,
    file_sha256,
    row_number,
    dossier_code,
    place::integer as position,
    entry.requested_at as requested_at,
    entry.answered_at as answered_at,
    entry.due_before as due_before,
    entry.due_after as due_after,
    1 as validation_seq
from (
    select
        accepted.*,
        unnest(supplements) as entry,
        unnest(range(1, len(supplements) + 1)) as place
    from accepted
) as entries;

create temp table catalogue as
select
    filename,
    'dvcqg' as source,
    sha256(filename) as file_sha256,
    row_number() over () as row_number,
    'tthc.json' as file_name,
    'tthc.json' as file_path,
    (select min(files.exported_at) from files) as exported_at,
    * exclude (filename)
from read_json(getvariable('procedure_files'), filename = true, columns = {
    MATTHC: 'VARCHAR', TENTTHC: 'VARCHAR', LINHVUCTHUCHIEN: 'STRUCT(MALINHVUC VARCHAR, TENLINHVUC VARCHAR)[]',
    CACHTHUCTHUCHIEN: 'STRUCT(KENH VARCHAR, THOIGIAN STRUCT(THOIGIANGIAIQUYET VARCHAR, DONVITINH VARCHAR, PHILEPHI STRUCT(SOTIEN VARCHAR)[])[])[]'
});

insert into validated.procedures by name
select
    source,
    file_sha256,
    row_number,
    file_name,
    file_path,
    exported_at,
    MATTHC as procedure_code,
    left(MATTHC, 8) as procedure_key,
    TENTTHC as procedure_name,
    LINHVUCTHUCHIEN[1].MALINHVUC as field_code,
    LINHVUCTHUCHIEN[1].TENLINHVUC as field_name,
    coalesce(CACHTHUCTHUCHIEN[1].THOIGIAN[1].PHILEPHI[1].SOTIEN <> '0', false) as has_fee,
    1 as validation_seq
from catalogue;

insert into validated.procedure_limits by name
select
    source,
    file_sha256,
    row_number,
    left(MATTHC, 8) as procedure_key,
    (row_number() over (partition by row_number))::integer as position,
    way.KENH as channel,
    try_cast(way.THOIGIAN[1].THOIGIANGIAIQUYET as double) as amount,
    case lower(way.THOIGIAN[1].DONVITINH)
        when 'giờ' then 'hour' when 'ngày' then 'day' when 'ngày làm việc' then 'working_day' when 'tháng' then 'month'
    end as unit,
    exported_at,
    file_name,
    1 as validation_seq
from (
    select
        *,
        unnest(CACHTHUCTHUCHIEN) as way
    from catalogue
) as ways;

insert into validated.agencies by name
select
    'dvcqg' as source,
    sha256(filename) as file_sha256,
    row_number() over () as row_number,
    'donvi.json' as file_name,
    'donvi.json' as file_path,
    (select min(files.exported_at) from files) as exported_at,
    MaDonVi as agency_code,
    TenDonVi as agency_name,
    nullif(MaDonViCha, '') as parent_code,
    CapDonVi as level,
    date '2010-01-01' as valid_from,
    1 as validation_seq
from read_json(getvariable('agency_files'), filename = true, columns = {
    MaDonVi: 'VARCHAR', TenDonVi: 'VARCHAR', MaDonViCha: 'VARCHAR', CapDonVi: 'VARCHAR'
});
