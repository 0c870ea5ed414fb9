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

-- years 2000 to 2100; the list has the moment worked out once
create or replace temp macro within_years(m) as
    list_filter([m], lambda v: v >= timestamp '2000-01-01' and v < timestamp '2101-01-01')[1];

-- TIMESTAMP: the moment that a text means, null if missing or invalid; a date without a time means 00:00:00.
-- Fractions of a second are cut off.
create or replace temp macro moment(t) as
    within_years(moment_as_written(t));

-- the same for due dates: a date without a time means 23:59:59
create or replace temp macro moment_by_end_of_day(t) as
    within_years(
        moment_as_written(t)
        + case when length(t) <= 10 and not contains(t, ':') then interval 86399 second else interval 0 second end
    );

-- DATE of a moment
create or replace temp macro day(t) as
    moment(t)::date;

-- no value: null, empty, `null`, or nothing but zeros
create or replace temp macro is_missing(t) as
    coalesce(t, '') = '' or regexp_full_match(t, '[0:/ .TZ-]*0[0:/ .TZ-]*|(?i:null)');

-- it holds a value, and nothing could be made of it
create or replace temp macro is_bad(t, parsed) as
    parsed is null and not is_missing(t);

-- JSON texts hold moments like this
create or replace temp macro iso_moment(m) as
    strftime(m, '%Y-%m-%dT%H:%M:%S');
