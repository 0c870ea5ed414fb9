-- grain: source, dossier_code: dossiers with a progress event in a minute in which events of very many dossiers of their agency lie (var
-- distortion_bulk_closing): somebody pressed a button for all of them, so the moment says nothing of who had the dossier (timeliness §6, portal-exports §8).

with moments as {{ read_in_place() }} (
    select
        source,
        dossier_code,
        agency_code,
        {{ told_minute('entered_at') }} as entered_minute
    from {{ ref('int_steps') }}
),

{{ crowded_minutes('moments', 'entered_minute') }}

select distinct
    moments.source,
    moments.dossier_code
from moments
inner join crowded_minutes
    on
        {{ have_same('moments', 'crowded_minutes', ['source', 'agency_code']) }}
        and moments.entered_minute = crowded_minutes.crowded_minute
