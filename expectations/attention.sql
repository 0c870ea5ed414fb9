-- What somebody must look at in the files of schema `validated`: what the readers said of each, and what only all files
-- together can tell. Grain: source, kind, file_sha256, rule_id.
with loaded as (select * from validated.files where status = 'loaded'),

said as (
    select *, unnest(from_json(attention, '[{"rule_id": "VARCHAR", "detail": "VARCHAR"}]')) as one
    from validated.files
    where status <> 'duplicate' and attention is not null
),

named as (
    select source, kind, file_path, exported_at, file_sha256, unnest(json_keys(drift)) as name
    from loaded
    where drift is not null
),

new_names as (
    select * from named
    qualify row_number() over (partition by source, kind, lower(name) order by exported_at, file_path) = 1
),

-- sources that finish dossiers, twenty at least, and never say that a result was handed over
never_handed_over as (
    select source, count(*) filter (status in (9, 10)) as finished
    from validated.dossiers
    where source not in (select source from validated.events where status = 10)
    group by source
    having finished >= 20 and count(returned_at) = 0
),

first_finished as (
    select source, file_path, exported_at, file_sha256, finished
    from (select distinct source, file_sha256 from validated.dossiers where status in (9, 10)) as finishing
    inner join never_handed_over using (source)
    inner join loaded using (source, file_sha256)
    where kind = 'dossiers'
    qualify row_number() over (partition by source order by exported_at, file_path) = 1
),

-- the first file of each source in which no dossier says how it came in
unsaid as (
    select source, file_sha256, count(*) as dossiers
    from validated.dossiers
    where channel = 'unknown'
    group by source, file_sha256
),

without_channel as (
    select source, file_path, exported_at, file_sha256, dossiers
    from unsaid
    inner join loaded using (source, file_sha256)
    where kind = 'dossiers' and dossiers = rows_accepted
    qualify row_number() over (partition by source order by exported_at, file_path) = 1
)

select source, kind, file_path, exported_at, file_sha256, one.rule_id as rule_id, string_agg(one.detail, '; ') as detail
from said
group by all

union all

select
    source, kind, file_path, exported_at, file_sha256, 'WRN_FILE_NOTHING_ACCEPTED' as rule_id,
    concat('không dòng nào được nhận trong ', rows_read, ' dòng / none of ', rows_read, ' rows was accepted') as detail
from loaded
where rows_read > 0 and rows_accepted = 0

union all

select
    source, kind, file_path, exported_at, file_sha256, 'WRN_FILE_NEW_FIELDS' as rule_id,
    concat(
        'chưa biết, gặp lần đầu: ', string_agg(name, ', ' order by name),
        ' / unknown, seen for the first time: ', string_agg(name, ', ' order by name)
    ) as detail
from new_names
group by all

union all

select
    source, 'dossiers' as kind, file_path, exported_at, file_sha256, 'WRN_FILE_NO_HANDOVER' as rule_id,
    concat(
        finished, ' hồ sơ đã xử lý xong, không hồ sơ nào có ngày trả',
        ' / ', finished, ' dossiers are finished, and none has a date of hand-over'
    ) as detail
from first_finished

union all

select
    source, 'dossiers' as kind, file_path, exported_at, file_sha256, 'WRN_FILE_NO_CHANNEL' as rule_id,
    concat(
        dossiers, ' hồ sơ, không hồ sơ nào cho biết kênh thực hiện',
        ' / ', dossiers, ' dossiers, and none says the channel'
    ) as detail
from without_channel
