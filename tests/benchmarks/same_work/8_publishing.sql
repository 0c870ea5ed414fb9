-- What readers get, in the attached file `published`.

create table published.fct_dossiers as
select
    facts.source, facts.dossier_code, facts.agency_code, facts.procedure_code, facts.procedure_key, facts.procedure_name, facts.field_code, facts.field_name,
    facts.channel, facts.applicant_type, facts.applicant_key, facts.status, facts.submitted_at, facts.received_at, facts.due_at, facts.finished_at,
    facts.returned_at, facts.refused_at, facts.in_population, facts.state, facts.ended_at, facts.handed_over_at, facts.fee_demand_at, facts.requests,
    facts.paused_seconds, facts.statutory_amount, facts.statutory_unit, facts.has_digitised_parts, facts.submitted_files, facts.digitised_files,
    facts.reused_files, facts.reused_from_store_files, facts.result_documents, facts.electronic_results,
    list_sort(list_filter(list_concat(coalesce(facts.warnings, []), [
        case when known_agencies.agency_code is null then 'WRN_UNKNOWN_AGENCY' end,
        case when procedures.procedure_key is null and facts.procedure_key is not null then 'WRN_UNKNOWN_PROCEDURE' end,
        case when facts.reopened then 'WRN_REOPENED' end,
        case when facts.due_moved then 'WRN_DUE_MOVED' end,
        case when facts.due_moved_late then 'WRN_DUE_MOVED_LATE' end,
        case when facts.requests >= 2 then 'WRN_MANY_SUPPLEMENTS' end,
        case when facts.in_population and facts.reappointments >= 1 then 'WRN_REAPPOINTED' end,
        case when facts.in_population and facts.reappointments >= 2 then 'WRN_REAPPOINTED_TWICE' end,
        case when facts.working_days_to_first_request > 3 then 'WRN_LATE_SUPPLEMENT' end
    ]), lambda flag: flag is not null)) as flags,
    facts.version_no as versions, facts.valid_from, getvariable('as_of') as as_of
from facts
left join known_agencies on facts.agency_code = known_agencies.agency_code
left join (select distinct procedure_key from statutory_limits) as procedures on facts.procedure_key = procedures.procedure_key;

create table published.fct_verdicts as from fct_verdicts;

create table published.mart_timeliness_monthly as from monthly;

create table published.mart_overdue_dossiers as
select
    verdicts.*, evaluated.agency_code, evaluated.procedure_code, evaluated.procedure_name, evaluated.field_code, evaluated.channel, evaluated.received_at,
    evaluated.due_at, evaluated.promised_at, evaluated.reappointments
from published.fct_verdicts as verdicts
inner join evaluated on verdicts.source = evaluated.source and verdicts.dossier_code = evaluated.dossier_code
where verdicts.verdict = 'overdue'
order by verdicts.rule_set, evaluated.agency_code, verdicts.working_days_overdue desc;

create table published.mart_load_ledger as from ledger;

create table published.mart_quality as from quality;
