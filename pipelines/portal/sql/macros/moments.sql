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

-- Other notations (portal-exports §4). Few values come here. Each step takes away one habit of senders, and what is left is
-- `d/m/y[ h:mi[:s]][ half][ @offset]`; a new habit is one more step.

-- text marks of spreadsheets in front of a value
create or replace temp macro without_text_mark(t) as
    regexp_replace(t, '^[''’‘`´"\s\p{Z}\p{Cf}]+', '');

create or replace temp macro with_single_spaces(t) as
    trim(regexp_replace(t, '[\s\p{Z}\p{Cf}]+', ' ', 'g'));

-- `8h30`, `08 giờ 30 phút`, `8h` → `8:30`, `08:30`, `8:00`
create or replace temp macro with_colons(t) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                t,
                '([0-9]{1,2}) ?(?:giờ|h) ?([0-9]{1,2}) ?(?:phút|ph|p)(?: ?([0-9]{1,2}) ?(?:giây|s))?',
                '\1:\2:\3 ',
                'g'
            ),
            '([0-9]{1,2}) ?(?:giờ|h)([0-9]{2})',
            '\1:\2',
            'g'
        ),
        '([0-9]{1,2}) ?(?:giờ|h)([ ,]|$)',
        '\1:00\2',
        'g'
    );

-- `ngày`, a weekday
create or replace temp macro without_day_words(t) as
    regexp_replace(
        t,
        '(^|[ ,(])(?:ngày|thứ (?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ nhật|cn|t[2-7])(?:[ ,.:]+|$)',
        '\1',
        'g'
    );

-- `20 tháng 5 năm 2024`, `20.5.2024`, `20 - 5 - 2024` → `20/5/2024`
create or replace temp macro with_slashes(t) as
    regexp_replace(
        regexp_replace(t, '([0-9]) ?tháng ?([0-9]{1,2}) ?(?:năm|,)? ?([0-9]{4})', '\1/\2/\3'),
        '([0-9]{1,2}) ?/ ?([0-9]{1,2}) ?/ ?([0-9]{4})|([0-9]{1,2}) ?- ?([0-9]{1,2}) ?- ?([0-9]{4})'
        || '|([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})',
        '\1\4\7/\2\5\8/\3\6\9'
    );

-- `2024/5/20`, `2024-5-20` → `20/5/2024`
create or replace temp macro with_day_first(t) as
    regexp_replace(
        t, '(^|[^0-9/.-])([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})([^0-9]|$)', '\1\4/\3/\2\5'
    );

-- `20240520T083000`, `20240520083000.0` → `20/05/2024 08:30:00`
create or replace temp macro with_digits_apart(t) as
    regexp_replace(
        regexp_replace(regexp_replace(t, '^([0-9]+)\.0+$', '\1'), '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\3/\2/\1'),
        '^([0-9]{4})([0-9]{2})([0-9]{2})[t _-]?([0-9]{2})([0-9]{2})([0-9]{2})?',
        '\3/\2/\1 \4:\5:\6'
    );

create or replace temp macro without_fraction(t) as
    regexp_replace(t, '(:[0-9]{2}:[0-9]{2})[.,:][0-9]+', '\1');

-- `+07`, ` +0700`, `+07:00[Zone]`, `z` → ` @+07`, ` @+0700`, ` @+00`
create or replace temp macro with_offset_apart(t) as
    regexp_replace(
        regexp_replace(
            regexp_replace(t, ' ?\[[^\]]*\]$', ''),
            '(:[0-9]{2}) ?(?:gmt|utc)? ?([+-][0-9]{2}):?([0-9]{2})?$',
            '\1 @\2\3'
        ),
        '(:[0-9]{2}) ?(?:z|gmt|utc)$',
        '\1 @+00'
    );

-- a comma, a dash or a `t` between day and time
create or replace temp macro with_gap(t) as
    regexp_replace(
        regexp_replace(t, '(/[0-9]{4}) ?[t,;_-] ?([0-9]{1,2}:)', '\1 \2'),
        '(:[0-9]{2}(?: (?:sa|ch|am|pm))?) ?[,;_-] ?([0-9]{1,2}/)',
        '\1 \2'
    );

create or replace temp macro with_time_last(t) as
    regexp_replace(
        t, '^([0-9]{1,2}:[0-9:]+)(?: ?(sa|ch|am|pm))? ([0-9]{1,2}/[0-9]{1,2}/[0-9]{4})$', '\3 \1 \2'
    );

create or replace temp macro plain_moment(t) as
    with_single_spaces(with_time_last(with_single_spaces(with_gap(with_offset_apart(without_fraction(with_digits_apart(
        with_day_first(with_slashes(without_day_words(with_colons(with_single_spaces(without_text_mark(lower(t)))))))
    )))))));

-- TIMESTAMP of the parts of a plain form; a clock of twelve hours has 1 to 12. Null when there is no such moment.
create or replace temp macro moment_of_parts(r) as
    try_cast(
        format(
            '{}-{:0>2}-{:0>2} {:0>2}:{:0>2}:{:0>2}',
            r.y,
            r.m,
            r.d,
            case
                when r.half = '' then coalesce(nullif(r.h, ''), '0')
                when try_cast(r.h as integer) not between 1 and 12 then '99'
                else (r.h::integer % 12 + case when r.half in ('ch', 'pm') then 12 else 0 end)::varchar
            end,
            coalesce(nullif(r.mi, ''), '0'),
            coalesce(nullif(r.s, ''), '0')
        ) as timestamp
    )
    + case
        when r.oh = '' then interval 0 second
        else
            to_minutes(
                7 * 60 - r.oh::integer * 60
                - case when r.oh like '-%' then -1 else 1 end * coalesce(nullif(r.om, ''), '0')::integer
            )
    end
    + case when r.h = '' then to_seconds(r.seconds_without_time) else interval 0 second end;

-- the moment of another notation; a date without a time means so many seconds of its day
create or replace temp macro moment_of_other(t, seconds_without_time) as
    list_transform(
        regexp_extract_all(
            plain_moment(t),
            '^([0-9]{1,2}/[0-9]{1,2}/[0-9]{4}(?: (?:[01]?[0-9]|2[0-3]):[0-5]?[0-9](?::[0-5]?[0-9])?:?(?: ?(?:sa|ch|am|pm))?'
            || '(?: ?@[+-](?:0[0-9]|1[0-4])(?:[0-5][0-9])?)?)?)$',
            1
        ),
        lambda plain: moment_of_parts(struct_insert(
            regexp_extract(
                plain,
                '^([0-9]+)/([0-9]+)/([0-9]{4})(?: ([0-9]+):([0-9]+)(?::([0-9]+))?:?(?: ?(sa|ch|am|pm))?'
                || '(?: ?@([+-][0-9]{2})([0-9]{2})?)?)?$',
                ['d', 'm', 'y', 'h', 'mi', 's', 'half', 'oh', 'om']
            ),
            seconds_without_time := seconds_without_time
        ))
    )[1];

-- milliseconds since 1970 (a number of thirteen digits, also in `/Date(…)/`)
create or replace temp macro moment_of_milliseconds(t) as
    epoch_ms(regexp_extract(t, '^(?:/Date\()?([0-9]{13})(?:[+-][0-9]{4})?(?:\)/)?$', 1)::bigint) + to_hours(7);

create or replace temp macro moment_read_again(t, seconds_without_time) as
    case
        when t is null then null
        when regexp_full_match(t, '[0-9]{13}|/Date\([0-9]{13}([+-][0-9]{4})?\)/') then moment_of_milliseconds(t)
        else moment_of_other(t, seconds_without_time)
    end;

-- the "no date" values of platforms, in any notation
create or replace temp macro is_placeholder_date(t) as
    regexp_full_match(plain_moment(t), '0?1/0?1/(0001|1753|1900|1970)( .*)?|30/12/1899( .*)?');

-- years 2000 to 2100; the list has the moment worked out once
create or replace temp macro within_years(m) as
    list_filter([m], lambda v: v >= timestamp '2000-01-01' and v < timestamp '2101-01-01')[1];

-- TIMESTAMP: the moment that a text means, null if missing or invalid; a date without a time means 00:00:00.
-- Fractions of a second are cut off.
create or replace temp macro moment(t) as
    within_years(coalesce(moment_as_written(t), moment_read_again(t, 0)));

-- the same for due dates: a date without a time means 23:59:59
create or replace temp macro moment_by_end_of_day(t) as
    within_years(coalesce(
        moment_as_written(t)
        + case when length(t) <= 10 and not contains(t, ':') then interval 86399 second else interval 0 second end,
        moment_read_again(t, 86399)
    ));

-- DATE of a moment
create or replace temp macro day(t) as
    moment(t)::date;

-- no value: null, empty, a word for it, nothing but zeros, or the "no date" value of a platform
create or replace temp macro is_missing(t) as
    case
        when coalesce(t, '') = '' then true
        when regexp_full_match(t, '[0:/ .TZ-]*0[0:/ .TZ-]*|(?i:null|nan|nat|none|n/a)|-+') then true
        else is_placeholder_date(t)
    end;

-- it holds a value, and nothing could be made of it
create or replace temp macro is_bad(t, parsed) as
    parsed is null and not is_missing(t);

-- BOOLEAN: nothing could be made of it because it is the "no date" value of a platform
create or replace temp macro is_placeholder(t, parsed) as
    case when t is null or parsed is not null then false else coalesce(is_placeholder_date(t), false) end;

-- JSON texts hold moments like this
create or replace temp macro iso_moment(m) as
    strftime(m, '%Y-%m-%dT%H:%M:%S');
