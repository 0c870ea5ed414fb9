-- What codes are called, for queries that show them to people. Names of parameters must be no columns of the marts.

-- one of two languages
create or replace temp macro worded(in_lang, vietnamese, english) as
    case when in_lang = 'en' then english else vietnamese end;

-- what codes are called
create or replace temp macro agency_name(of_code) as (
    select any_value(name) from marts.dim_agency as named where named.agency_code = of_code and named.is_latest
);

create or replace temp macro field_name_of(of_code) as (
    select any_value(field_name) from marts.dim_field as named where named.field_code = of_code
);

create or replace temp macro channel_name(of_code, in_lang) as (
    select any_value(worded(in_lang, name_vi, name_en)) from marts.dim_channel as named where named.channel = of_code
);

create or replace temp macro state_name(of_code, in_lang) as (
    select any_value(worded(in_lang, name_vi, name_en)) from marts.dim_state as named where named.state = of_code
);

create or replace temp macro verdict_name(of_code, in_lang) as (
    select any_value(worded(in_lang, name_vi, name_en)) from marts.dim_verdict as named where named.verdict = of_code
);

create or replace temp macro reason_sentence(of_rule_set, of_reason, in_lang) as (
    select any_value(worded(in_lang, sentence_vi, sentence_en))
    from marts.dim_reason as told
    where told.rule_set = of_rule_set and told.reason = of_reason
);
