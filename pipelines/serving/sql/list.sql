-- What every list of dossiers of a rule set shows of its rows (`listed`: the query of the list): codes in words, in the order of the list (`place`).
select
    listed.* replace (
        channel_name(listed.channel, $lang) as channel,
        state_name(listed.state, $lang) as state,
        reason_sentence(listed.rule_set, listed.reason, $lang) as reason
    ),
    agency_name(listed.agency_code) as agency_name,
    field_name_of(listed.field_code) as field_name
from listed
where
    listed.source = $source
    and is_of(listed.agency_code, $agency)
    and ($field is null or listed.field_code = $field)
    and listed.rule_set = $rule_set
order by listed.place
