-- Moments as senders write them → local wall clock (portal-exports §4). The one place that knows dates.
-- Everything is naive wall clock of Asia/Ho_Chi_Minh, which is UTC+7 all year: offsets are plain arithmetic.
-- `t` is a trimmed text, and a plain column: it is repeated.

-- strptime needs to know the length: it would read 202403040830 as seconds of another minute otherwise
create or replace temp macro moment_of_digits(t) as
    case length(t)
        when 14 then try_strptime(t, '%Y%m%d%H%M%S')
        when 12 then try_strptime(t || '00', '%Y%m%d%H%M%S')
        else try_strptime(t || '000000', '%Y%m%d%H%M%S')
    end;

-- a cast drops the offset silently, so that it is cut off before and counted by hand
create or replace temp macro moment_of_iso(t) as
    try_cast(left(t, case when substr(t, 17, 1) = ':' then 19 else 16 end) as timestamp)
    + case
        when right(t, 1) = 'Z' then to_hours(7)
        when length(t) > 16 and substr(t, -6, 1) = '+'
            then to_minutes(7 * 60 - substr(t, -5, 2)::integer * 60 - substr(t, -2)::integer)
        when length(t) > 16 and substr(t, -6, 1) = '-'
            then to_minutes(7 * 60 + substr(t, -5, 2)::integer * 60 + substr(t, -2)::integer)
        else interval 0 second
    end;

-- one format per case instead of a list of formats: a format that fails costs more than all the others
create or replace temp macro moment_of_day_first(t) as
    case
        when not contains(t, ':') then try_strptime(replace(t, '-', '/'), '%d/%m/%Y')
        when t like '%:%:%' and strpos(t, ':') > 5 then try_strptime(replace(t, '-', '/'), '%d/%m/%Y %H:%M:%S')
        when strpos(t, ':') > 5 then try_strptime(replace(t, '-', '/'), '%d/%m/%Y %H:%M')
        when t like '%:%:%' then try_strptime(replace(t, '-', '/'), '%H:%M:%S %d/%m/%Y')
        else try_strptime(replace(t, '-', '/'), '%H:%M %d/%m/%Y')
    end;

create or replace temp macro moment_as_written(t) as
    case
        when length(t) in (8, 12, 14) and regexp_full_match(t, '[0-9]+') then moment_of_digits(t)
        when
            regexp_full_match(
                t,
                '[0-9]{4}-[0-9]{2}-[0-9]{2}'
                || '([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?'
            )
            then moment_of_iso(t)
        when
            regexp_full_match(
                t,
                '([0-9]{1,2}:[0-9]{2}(:[0-9]{2})? +)?'
                || '([0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4})'
                || '|([0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}) +[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?'
            )
            then moment_of_day_first(t)
    end;

-- Other notations (portal-exports §4). Few values come here. One grammar, in pieces: a new habit of senders is one more
-- alternative of a piece. What it does not describe is no moment.

-- lower case, NFC; whatever cannot be seen is one space; without the text marks of spreadsheets in front
create or replace temp macro as_read(t) as
    trim(regexp_replace(
        regexp_replace(nfc(lower(t)), '^[''’‘`´"\s\x0b\x1c-\x1f\x{85}\p{Z}\p{Cf}]+', ''),
        '[\s\x0b\x1c-\x1f\x{85}\p{Z}\p{Cf}]+',
        ' ',
        'g'
    ));

-- `20/5/2024`, `2024-05-20`, `20.5.2024` (one separator), `20 tháng 5 năm 2024`, `20240520`
create or replace temp macro day_piece() as
    '[0-9]{1,2} ?/ ?[0-9]{1,2} ?/ ?[0-9]{4}|[0-9]{4} ?/ ?[0-9]{1,2} ?/ ?[0-9]{1,2}'
    || '|[0-9]{1,2} ?- ?[0-9]{1,2} ?- ?[0-9]{4}|[0-9]{4} ?- ?[0-9]{1,2} ?- ?[0-9]{1,2}'
    || '|[0-9]{1,2} ?\. ?[0-9]{1,2} ?\. ?[0-9]{4}|[0-9]{4} ?\. ?[0-9]{1,2} ?\. ?[0-9]{1,2}'
    || '|[0-9]{1,2} ?tháng ?[0-9]{1,2}(?: ?năm ?| ?, ?| )[0-9]{4}'
    || '|[0-9]{8}(?:\.0+)?';

-- `ngày`, a weekday, both
create or replace temp macro words_piece() as
    '(?:(?:ngày|thứ (?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ nhật|cn|t[2-7])[ ,.:]+){0,2}';

-- `8:30`, `08:30:00.000`, `8h30`, `8h`, `08 giờ 30 phút 05 giây`, each with `SA`, `CH`, `AM`, `PM`
create or replace temp macro clock_piece() as
    '(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,:][0-9]+)?)?'
    || '|(?:[01]?[0-9]|2[0-3]) ?(?:h|giờ)(?: ?[0-5]?[0-9](?: ?(?:phút|ph|p)(?: ?[0-5]?[0-9] ?(?:giây|s))?)?)?'
    || ')(?: ?(?:sa|ch|am|pm))?';

-- between day and time
create or replace temp macro gap_piece() as
    '(?: ?[t,;_–—-] ?| )';

-- `z`, `+07`, `+0700`, `+07:00[Asia/Ho_Chi_Minh]`
create or replace temp macro offset_piece() as
    ' ?(?:z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)(?: ?\[[a-z0-9_/+:-]+\])?';

-- `202405200830`, `20240520T083000`, `20240520083000.0`
create or replace temp macro digits_piece() as
    '[0-9]{8}[t _-]?[0-9]{4}(?:\.0+)?|[0-9]{8}[t _-]?[0-9]{6}(?:[.,][0-9]+)?';

-- TIMESTAMP of a day and a clock in their pieces; null when there is none. A clock of twelve hours has 1 to 12.
-- day, clock: lists of their numbers; half: sa, ch, am, pm or nothing
create or replace temp macro moment_of_numbers(day, clock, half) as
    try_cast(
        case length(day[1])
            when 8 then format('{}-{}-{}', left(day[1], 4), substr(day[1], 5, 2), right(day[1], 2))
            when 4 then format('{}-{:0>2}-{:0>2}', day[1], day[2], day[3])
            else format('{}-{:0>2}-{:0>2}', day[3], day[2], day[1])
        end
        || format(
            ' {:0>2}:{:0>2}:{:0>2}',
            case
                when half = '' then coalesce(clock[1], '0')
                when clock[1]::integer between 1 and 12
                    then (clock[1]::integer % 12 + case when half in ('ch', 'pm') then 12 else 0 end)::varchar
                else 'none'
            end,
            coalesce(clock[2], '0'),
            coalesce(clock[3], '0')
        ) as timestamp
    );

-- INTERVAL from the wall clock of an offset to that of Asia/Ho_Chi_Minh
create or replace temp macro away_from_home(away) as
    case
        when away = '' then interval 0 second
        when away like '%z%' and not regexp_matches(away, '^ ?[+-]') then to_hours(7)
        else to_minutes(
            7 * 60
            - case when ltrim(away) like '-%' then -1 else 1 end
            * (
                regexp_extract(away, '([0-9]{2}):?([0-9]{2})?', 1)::integer * 60
                + coalesce(try_cast(regexp_extract(away, '^ ?[+-][0-9]{2}:?([0-9]{2})', 1) as integer), 0)
            )
        )
    end;

-- the pieces of another notation; empty texts when it is none
create or replace temp macro pieces_of(t) as
    regexp_extract(
        as_read(t),
        '^(?:(' || digits_piece() || ')(' || offset_piece() || ')?'
        || '|(' || clock_piece() || ')' || gap_piece() || words_piece() || '(' || day_piece() || ')'
        || '|' || words_piece() || '(' || day_piece() || ')(?:' || gap_piece() || '(' || clock_piece() || ')('
        || offset_piece() || ')?)?)$',
        ['digits', 'away', 'first', 'day', 'day_before', 'last', 'away_after']
    );

-- the moment of pieces, of any year; a date without a time means so many seconds of its day
create or replace temp macro moment_of_pieces(p, seconds_without_time) as
    case
        when p.digits <> '' then moment_of_digits(regexp_replace(p.digits, '[.,].*|[^0-9]', '', 'g'))
        when p.first || p.last = '' then
            moment_of_numbers(regexp_extract_all(p.day_before, '[0-9]+'), [], '')
            + to_seconds(seconds_without_time)
        else
            moment_of_numbers(
                regexp_extract_all(p.day || p.day_before, '[0-9]+'),
                regexp_extract_all(p.first || p.last, '[0-9]+'),
                regexp_extract(p.first || p.last, '(sa|ch|am|pm)$', 1)
            )
    end + away_from_home(p.away || p.away_after);

-- milliseconds since 1970 and `/Date(…)/`, where a JSON value is one
create or replace temp macro moment_of_milliseconds(t) as
    date_trunc('second', epoch_ms(regexp_extract(t, '-?[0-9]+')::bigint) + to_hours(7));

-- the moment of another notation, of any year
create or replace temp macro moment_read_again(t, seconds_without_time) as
    case
        when t is null then null
        when regexp_full_match(t, '-?[0-9]{13}|-[0-9]{14}|/Date\(-?[0-9]{1,14}([+-][0-9]{4})?\)/')
            then moment_of_milliseconds(t)
        else list_transform([pieces_of(t)], lambda p: moment_of_pieces(p, seconds_without_time))[1]
    end;

-- the "no date" values of platforms, in any notation
-- A list, for DuckDB makes a join of a longer IN, and rows come out of a join in another order.
create or replace temp macro is_placeholder_date(m) as
    coalesce(
        list_contains(
            [date '0001-01-01', date '1753-01-01', date '1899-12-30', date '1900-01-01', date '1970-01-01'], m::date
        ),
        false
    );

-- years 2000 to 2100; the list has the moment worked out once
create or replace temp macro within_years(m) as
    list_filter([m], lambda v: v >= timestamp '2000-01-01' and v < timestamp '2101-01-01')[1];

-- The moment of a text in a usual notation, of any year; a date without a time means so many seconds of its day.
create or replace temp macro moment_in_usual_notation(t, seconds_without_time) as
    moment_as_written(t)
    + case
        when length(t) <= 10 and not contains(t, ':') then to_seconds(seconds_without_time)
        else interval 0 second
    end;

-- the same for due dates: a date without a time means 23:59:59
create or replace temp macro moment_by_end_of_day_as_written(t) as
    moment_in_usual_notation(t, 86399);

-- The moments of texts in other notations, of any year. texts: list of {text, seconds_without_time}.
-- All of a row at once: each place that names the grammar prepares its expressions on every thread, which takes longer
-- than reading a small file.
create or replace temp macro moments_read_again(texts) as
    list_transform(texts, lambda x: moment_read_again(x.text, x.seconds_without_time));

-- TIMESTAMP: the moment that a text means, null if missing or invalid; a date without a time means so many seconds of its
-- day. Fractions of a second are cut off.
create or replace temp macro moment(t, seconds_without_time) as
    within_years(coalesce(
        moment_in_usual_notation(t, seconds_without_time), moment_read_again(t, seconds_without_time)
    ));

-- no value: empty, a word for it, or nothing but zeros
create or replace temp macro is_none(t) as
    case
        when t = '' then true
        else regexp_full_match(as_read(t), '|[0:/ .tz-]*0[0:/ .tz-]*|null|nan|nat|none|n/a|[–—-]+')
    end;

-- why a text gave no moment: 'placeholder' is the "no date" value of a platform, 'bad' is a value of which nothing could be
-- made; null when it gave one, or holds none. Cases: few rows come this far.
-- of_any_year: what any_moment makes of the text; parsed: the same within the years
create or replace temp macro no_moment(t, parsed, of_any_year) as
    case
        when parsed is not null or t is null then null
        when is_none(t) then null
        when is_placeholder_date(of_any_year) then 'placeholder'
        else 'bad'
    end;

-- JSON texts hold moments like this
create or replace temp macro iso_moment(m) as
    strftime(m, '%Y-%m-%dT%H:%M:%S');

-- such texts of the moments of a list's entry, null where there is none. texts: list of {text (trimmed),
-- seconds_without_time}. All of an entry at once, as in moments_read_again.
create or replace temp macro iso_moments(texts) as
    list_transform(texts, lambda x: iso_moment(moment(x.text, x.seconds_without_time)));
