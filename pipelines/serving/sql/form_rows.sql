-- form II.06 of a source and period, one row per field of administration: of one agency with those below it, or of all (levels 1 and 0 hold every dossier once)
select
    field_code,
    field_name,
    sum(received_total)::bigint as received_total,
    sum(received_online)::bigint as received_online,
    sum(received_direct)::bigint as received_direct,
    sum(carried_over)::bigint as carried_over,
    sum(resolved_total)::bigint as resolved_total,
    sum(resolved_early)::bigint as resolved_early,
    sum(resolved_on_time)::bigint as resolved_on_time,
    sum(resolved_late)::bigint as resolved_late,
    sum(pending_total)::bigint as pending_total,
    sum(pending_in_time)::bigint as pending_in_time,
    sum(pending_overdue)::bigint as pending_overdue
from marts.rpt_form_ii06_levels
where
    source = $source
    and scheme = $scheme
    and period = $period
    and (agency_code = $agency or ($agency is null and level <= 1))
group by field_code, field_name
order by field_code = 'unknown', strip_accents(lower(replace(replace(field_name, 'đ', 'd'), 'Đ', 'D'))), field_code;
