-- The rules of rows and files (portal-exports §6), the ledger, how often each rule spoke.

-- rows that break a rule or deserve a warning, and which; every other row breaks none
create table marks as
select
    row_id,
    list_filter([
        case when is_record and dossier_code is null then 'REJ_NO_CODE' end,
        case when not is_record then 'REJ_NOT_A_RECORD' end,
        case when length(dossier_code) > 50 then 'REJ_CODE_TOO_LONG' end,
        case when is_record and status is null then 'REJ_BAD_STATUS' end,
        case when no_reception then 'REJ_NO_RECEPTION' end,
        case when bad_date then 'REJ_BAD_DATE' end
    ], lambda reason: reason is not null) as reasons,
    list_filter([
        case when code_form = 'other' then 'WRN_CODE_FORMAT' end,
        case when wrong_code_date then 'WRN_CODE_DATE' end,
        case when sequence_digits in (5, 6) then 'WRN_SYNTHETIC_CODE' end,
        case when odd_procedure then 'WRN_PROCEDURE_FORMAT' end,
        case when contains(concat_ws(' ', dossier_code, agency_code, procedure_code, field_code, connected_databases), '~') then 'WRN_HIDDEN_CODE' end,
        case when due_at is null then 'WRN_NO_DUE' end,
        case when due_at < received_at then 'WRN_DUE_BEFORE_RECEIVED' end,
        case when status in (9, 10) and finished_at is null then 'WRN_DONE_WITHOUT_END' end,
        case when finished_at < received_at then 'WRN_END_BEFORE_START' end,
        case when returned_at < finished_at then 'WRN_RETURN_BEFORE_END' end,
        case when received_at > exported_at then 'WRN_FUTURE_RECEPTION' end,
        case when finished_at > exported_at then 'WRN_FUTURE_END' end,
        case when status in (9, 10) and finished_at = received_at then 'WRN_ZERO_DURATION' end,
        case when placeholder_id then 'WRN_PLACEHOLDER_ID' end,
        case when placeholder_date then 'WRN_PLACEHOLDER_DATE' end
    ], lambda warning: warning is not null) as warnings
from (
    select
        landed.*,
        landed.rowid as row_id,
        files.exported_at,
        is_record
        and received_at is null
        and coalesce(status, 0) not in (1, 3)
        and not coalesce(json_exists(bad_values, '$.NgayTiepNhan'), false) as no_reception,
        coalesce(len(list_filter(json_keys(bad_values), lambda name: name <> 'TrangThaiHoSo')) > 0, false) as bad_date,
        code_form in ('old', 'new') and received_at is not null and coalesce(code_date <> received_at::date, true) as wrong_code_date,
        procedure_padded or not regexp_full_match(procedure_code, '\d\.\d{6}(\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?') as odd_procedure
    from landed
    inner join files on landed.file_no = files.file_no
) as looked_at
where
    not is_record or dossier_code is null or length(dossier_code) > 50 or status is null or no_reception or bad_date or code_form = 'other'
    or wrong_code_date or sequence_digits in (5, 6) or odd_procedure or due_at is null or due_at < received_at
    or (status in (9, 10) and (finished_at is null or finished_at = received_at)) or finished_at < received_at or returned_at < finished_at
    or received_at > exported_at or finished_at > exported_at or placeholder_id or placeholder_date
    or contains(concat_ws(' ', dossier_code, agency_code, procedure_code, field_code, connected_databases), '~');

create table quarantine as
select
    landed.file_no,
    marks.row_id,
    marks.reasons,
    landed.bad_values,
    landed.agency_code
from marks
inner join landed on marks.row_id = landed.rowid
where len(marks.reasons) > 0;

-- what becomes of each file, and how often each rule spoke about an agency
create table ledger as
select
    files.*,
    counted.rows_read,
    coalesce(rejected.rows_quarantined, 0) as rows_quarantined,
    counted.rows_read >= 20 and coalesce(rejected.rows_quarantined, 0) > counted.rows_read / 2 as is_rejected
from files
left join (select file_no, count(*) as rows_read from landed group by file_no) as counted on files.file_no = counted.file_no
left join (select file_no, count(*) as rows_quarantined from quarantine group by file_no) as rejected on files.file_no = rejected.file_no;

create table quality as
select
    agency_code,
    rule_id,
    count(*) as rows_found
from (
    select
        landed.agency_code,
        unnest(list_concat(marks.reasons, marks.warnings)) as rule_id
    from marks
    inner join landed on marks.row_id = landed.rowid
) as spoken
group by agency_code, rule_id;
