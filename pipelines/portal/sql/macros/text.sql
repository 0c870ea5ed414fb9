-- Texts as senders write them: trimming, Unicode, comparison forms. Arguments are plain columns: they are repeated.

create or replace temp macro white_space() as
    ' ' || chr(9) || chr(10) || chr(11) || chr(13) || chr(160) || chr(65279) || chr(8203);

-- trimmed; null when nothing is left. Hardly any value has white space at its ends, and trimming a set of characters
-- (ASCII, no-break space, byte order mark, zero-width space) costs four times the look.
create or replace temp macro clean(t) as
    case
        when t = '' then null
        when regexp_matches(t, '^[\s\x{a0}\x{feff}\x{200b}]|[\s\x{a0}\x{feff}\x{200b}]$') then nullif(trim(t, white_space()), '')
        else t
    end;

-- Unicode NFC. Only a text that holds a mark (or one of the few letters with two forms) has anything to do.
create or replace temp macro nfc(t) as
    case when regexp_matches(t, '[\p{M}\x{2126}\x{212A}\x{212B}]') then nfc_normalize(t) else t end;

-- the SQL form of pipelines.contract.fold
create or replace temp macro folded(t) as
    trim(regexp_replace(replace(strip_accents(lower(nfc_normalize(t))), 'đ', 'd'), '[^\p{L}\p{N}]+', ' ', 'g'));

-- a code of one or two characters; anything longer is no such code
create or replace temp macro short_code(t) as
    case when regexp_full_match(t, '[0-9A-Za-z]{1,2}') then t end;

-- JSON text of a value
create or replace temp macro json_text(v) as
    to_json(v)::varchar;
