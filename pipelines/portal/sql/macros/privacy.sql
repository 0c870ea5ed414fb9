-- Personal data (portal-exports §7): the HMAC that replaces identities, the masks for what is kept of broken values.

-- Lower-case hexadecimal HMAC-SHA-256; null stays null. The connection must have got the key
-- (`PrivacyKey.register_key`); without it the statement fails.
create or replace temp macro hmac(t) as
    sha256(
        coalesce(getvariable('hmac_opad'), error('no key'))::blob
        || unhex(sha256(coalesce(getvariable('hmac_ipad'), error('no key'))::blob || encode(t)))
    );

-- a notation of a date in words: a month or a weekday beside a day and a year, nothing else
create or replace temp macro is_written_date(t) as
    regexp_matches(t, '[a-z]{3}|tháng|ngày|thứ|chủ nhật')
    and regexp_full_match(
        regexp_replace(
            t,
            '\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*\b'
            || '|ngày|tháng|năm|thứ (hai|ba|tư|sáu|bảy|[2-7])|chủ nhật',
            '',
            'g'
        ),
        '[ ,./-]*[0-9]{1,2}(st|nd|rd|th)?([ ,./-]+[0-9]{1,2})?[ ,./-]+([0-9]{2}|[0-9]{4})([ ,]+[0-9]{1,2}(:[0-9]{2}){1,2}( ?[ap]m)?)?[ ,.]*'
    );

-- What may be shown of a value that could not be read. Dates and short numbers stay; else letters (and @) are `x`, digits `#`;
-- at most 40 characters. Nothing that could be a name, a phone or an identity number survives.
create or replace temp macro mask(t) as
    case
        when length(t) <= 40 and regexp_full_match(
            t,
            '-?[0-9]{1,8}|[0-9]{14}|([0-9]{1,2}(:[0-9]{1,2}){1,2} +)?'
            || '([0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{2}|[0-9]{4})|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2})'
            || '([ T]+[0-9]{1,2}(:[0-9]{1,2}){1,2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?'
        ) then t
        when regexp_full_match(t, '#(N/A|VALUE!|REF!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|##+)') then t
        when length(t) <= 40 and is_written_date(lower(t)) then t
        else regexp_replace(regexp_replace(left(t, 40), '[^\s\p{P}\p{N}]|@', 'x', 'g'), '\p{N}', '#', 'g')
    end;

-- Without e-mails and control characters: names are printed in reports, and control characters separate the fields in
-- content_hash.
create or replace temp macro without_control(t) as
    regexp_replace(regexp_replace(t, getvariable('written_email'), '@', 'g'), '[\x{0}-\x{1f}\x{7f}-\x{9f}]+', ' ', 'g');

-- a name of a procedure, field or body, with digits of identity or phone numbers and e-mails masked, and who is called
-- by a title or is the whole text. A body that is named after a person stays: it cannot be told (docs/guide, privacy).
create or replace temp macro redact(t) as
    case
        when
            regexp_matches(t, '[0-9][0-9 .-]{7,}[0-9]|@|[(\[] ?(?i:at|a còng) ?[)\]]|[\x{0}-\x{1f}\x{7f}-\x{9f}]')
            or regexp_matches(t, getvariable('person_in_name'))
            then
                regexp_replace(
                    without_control(regexp_replace(t, '[0-9][0-9 .-]{7,}[0-9]', '#', 'g')),
                    getvariable('person_in_name'), '\1\3\4\5\6#\2', 'g'
                )
        else t
    end;

-- What takes the place of a code that is none, or may hold a person: letters `X`, digits `#`, and ten digits of its HMAC,
-- so that different values stay different. What was too long (more than 50 characters, portal-exports §6) stays so, and
-- nothing becomes so: 39 or 40, `~`, 10 digits.
create or replace temp macro hidden_code(code) as
    regexp_replace(
        regexp_replace(left(code, case when length(code) > 50 then 40 else 39 end), '[^\p{P}\p{N}]|@', 'X', 'g'),
        '\p{N}', '#', 'g'
    )
    || '~' || left(hmac(code), 10);

-- Any code but a dossier's (procedure, field, body, database, department) as it may be kept: itself if it has the
-- alphabet and length of a code and no person in it, else hidden, which WRN_HIDDEN_CODE tells. Of a plain column.
create or replace temp macro kept_code(code) as
    case
        when code is null then null
        when
            regexp_full_match(code, '[A-Za-z0-9Đđ._/:#()+,&;-]{1,50}')
            and not regexp_matches(code, getvariable('person_in_code'))
            then code
        else hidden_code(code)
    end;

-- the same of an expression, which is thought of once
create or replace temp macro kept_code_of(t) as
    list_transform([t], lambda code: kept_code(code))[1];

-- Codes of a list, sorted, each once, with commas between them; null when there is none. One look at all of them
-- together: hardly ever is there anything to hide, and patterns are expensive inside a list.
create or replace temp macro joined_codes(items) as
    list_aggregate(
        list_sort(
            list_distinct(
                list_filter(
                    case
                        when
                            regexp_full_match(list_aggregate(items, 'string_agg', '|'), '[A-Za-z0-9._|/-]*')
                            and not regexp_matches(list_aggregate(items, 'string_agg', '|'), getvariable('person_in_code'))
                            then items
                        else list_transform(items, lambda x: kept_code(x))
                    end,
                    lambda x: x != ''
                )
            )
        ),
        'string_agg',
        ','
    );

-- the first form is the second for ASCII, and thirty times faster
create or replace temp macro is_code_like(code) as
    regexp_full_match(code, '[A-Z0-9._/-]*[0-9][A-Z0-9._/-]*')
    or (
        regexp_full_match(code, '[\p{L}\p{N}._/:#()+,&;-]*[0-9][\p{L}\p{N}._/:#()+,&;-]*')
        and not regexp_matches(code, '\p{L}{8}')
    );

-- A normal dossier code as it may be stored: itself if it looks like a code, else hidden. Other local forms are kept
-- (portal-exports §5), but not what holds a name or a telephone or identity number or a long Vietnamese word, nor what
-- is too long to be accepted anyway: two columns may have run together.
create or replace temp macro mask_code(code) as
    case
        when
            regexp_full_match(
                code, '([A-Z][0-9]{2}(\.[0-9]{1,3}){0,4}|[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2})-[0-9]{6}-[0-9]{4,6}'
            )
            then code
        when
            length(code) <= 50
            and is_code_like(code)
            and not regexp_matches(code, '(^|[^0-9])(0[0-9]{9}|0[0-9]{11}|84[0-9]{9})([^0-9]|$)|@')
            and not regexp_matches(regexp_replace(code, '[0-9]{9,}', '9', 'g'), getvariable('person_in_code'))
            then code
        else hidden_code(code)
    end;

-- The dossier code of a row. Nothing but 9 to 13 digits in a row whose dates are no dates is a phone or identity number
-- of a shifted sheet.
create or replace temp macro kept_dossier_code(code, shifted) as
    case
        when shifted and regexp_full_match(code, '[0-9]{9,13}') then hidden_code(code)
        else mask_code(code)
    end;

-- What may be shown of a value in a column of statuses, so that it can be mapped ([words] in the configuration): words
-- that statuses are made of and begin with, written as no name is. Anything else may be a person.
create or replace temp macro mask_words(t) as
    case
        when
            length(t) <= 60
            and regexp_full_match(t, '\P{N}\P{Lu}*([(:,–-] ?\p{Lu}?\P{Lu}*)*') and contains(t, ' ')
            and list_contains(getvariable('status_beginnings'), split_part(folded(t), ' ', 1))
            and list_has_all(
                getvariable('status_vocabulary'),
                list_filter(string_split(folded(t), ' '), lambda word: not regexp_full_match(word, '[0-9]{1,3}'))
            )
            then t
        else mask(t)
    end;

-- One entry of bad_values: its text if it is bad. word: known words in it are shown.
create or replace temp macro bad_value(name, t, bad, word) as
    {'k': name, 't': case when bad then nfc(t) end, 'word': word};

-- JSON text {portal field: masked value} of the entries that are bad; null when none is.
-- One place masks them all: each place that names a macro is planned on its own.
create or replace temp macro bad_values_of(any_bad, entries) as
    case
        when any_bad
            then to_json(map_from_entries(list_transform(
                list_filter(entries, lambda e: e.t is not null),
                lambda e: {'k': e.k, 'v': case when e.word then mask_words(e.t) else mask(e.t) end}
            )))::varchar
    end;

-- a name or text that is kept: NFC, without what looks like personal data
create or replace temp macro kept_name(t) as
    redact(nfc(t));
