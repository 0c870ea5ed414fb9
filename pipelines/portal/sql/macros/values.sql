-- Values of lists (portal-exports §3) written as numbers or as words. The words are variables of the connection, maps of
-- folded word → code, made from pipelines/contract/values.py.

-- a number before or behind a word is that of somebody's list and says nothing: `9 - Đã xử lý xong`, `(4) Đang xử lý`
create or replace temp macro bare_word(t) as
    regexp_replace(folded(t), '^[0-9]{1,2} | [0-9]{1,2}$', '', 'g');

create or replace temp macro word_in(t, meanings) as
    case when regexp_matches(t, '\p{L}') then meanings[bare_word(t)] end;

-- INTEGER 1..10 of a number or of the words for it; null otherwise
create or replace temp macro status_code(t) as
    case
        when regexp_full_match(t, '[''’‘`´]?(0?[1-9](\.0)?|10(\.0)?)') then ltrim(t, '''’‘`´')::double::integer
        else word_in(t, getvariable('status_words'))::integer
    end;

create or replace temp macro channel_code(t) as
    case
        when t is null then '1'
        when t in ('1', '2', '3') then t
        else coalesce(word_in(t, getvariable('channel_words')), 'unknown')
    end;

create or replace temp macro applicant_code(t) as
    case when t in ('1', '2', '3', '4') then t else word_in(t, getvariable('applicant_words')) end;

-- BOOLEAN of `0`/`1` or a word for them; null for anything else
create or replace temp macro flag(t) as
    case t when '1' then true when '0' then false else word_in(t, getvariable('flag_words')) = 'true' end;

-- of a sheet without a column of statuses (portal-exports §9): what its dates say
create or replace temp macro status_by_dates(finished, returned) as
    case when returned is not null then 10 when finished is not null then 9 else 4 end;

-- INTEGER: how many of a list of flags mean yes. Words inside a list cost forty times what 0 and 1 do.
create or replace temp macro count_flags(flags) as
    len(
        case
            when len(list_filter(flags, lambda x: x not in ('0', '1', ''))) = 0 then list_filter(flags, lambda x: x = '1')
            else list_filter(flags, lambda x: flag(trim(x)))
        end
    )::integer;

-- unit of a statutory limit
create or replace temp macro limit_unit(t) as
    getvariable('unit_words')[folded(t)];

create or replace temp macro bare_amount(t) as
    regexp_replace(lower(t), '[\s₫]|vnđ|vnd|đồng|đ', '', 'g');

-- amount in đồng of `8000`, `8000.0`, `8.000`, `8,000 đ`; null when it is no amount
create or replace temp macro money(t) as
    case
        when regexp_full_match(t, '[0-9]{1,15}') then t::bigint
        when regexp_full_match(bare_amount(t), '[0-9]{1,3}([.,][0-9]{3}){1,4}')
            then regexp_replace(bare_amount(t), '[.,]', '', 'g')::bigint
        when regexp_full_match(bare_amount(t), '[0-9]{1,15}([.][0-9]+)?') then round(bare_amount(t)::double)::bigint
    end;

-- DOUBLE of a count: `597918`, or with marks between the thousands: `597.918`, `597,918`
create or replace temp macro whole_number(t) as
    case
        when regexp_full_match(t, '[0-9]{1,3}([.,][0-9]{3}){1,4}') then regexp_replace(t, '[.,]', '', 'g')::double
        else try_cast(t as double)
    end;

-- DOUBLE of a figure: `88.42`, or with a decimal comma: `88,42`
create or replace temp macro decimal_figure(t) as
    try_cast(case when regexp_full_match(t, '-?[0-9]+,[0-9]+') then replace(t, ',', '.') else t end as double);

-- a statutory limit that can be reckoned with
create or replace temp macro is_limit(l) as
    coalesce(l.amount >= 0 and isfinite(l.amount) and l.unit is not null, false);
