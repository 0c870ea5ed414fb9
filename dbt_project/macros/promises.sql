{#- Common table expressions, from `known` to `moves`: how the due dates of a dossier followed one another (timeliness §3, first_appointment), one row of `moves` per known
    version that has one. due_before: the appointment that stood until then; is_later, is_justified: moved later, and by an answered supplement (answered_at); promised_by: the
    version of the latest justified move. An incremental model walks only changed dossiers. -#}
{% macro due_moves() %}
known as (
    select
        source,
        dossier_code,
        version_no,
        valid_from,
        file_sha256,
        row_number,
        {{ is_version_used('versions') }} as is_used
    from {{ ref('int_dossier_history') }} as versions
    where
        {{ is_known('versions.valid_from') }}
        {% if is_incremental() %}
        and (source, dossier_code) in ({{ stale_dossiers() }})
        {% endif %}
),

rounds as (
    select
        known.source,
        known.dossier_code,
        supplements.requested_at,
        supplements.answered_at,
        supplements.due_before,
        supplements.due_after,
        row_number() over (
            partition by known.source, known.dossier_code
            order by supplements.requested_at, supplements.position
        ) as round_no
    from {{ source('validated', 'supplements') }} as supplements
    inner join known on {{ have_same('supplements', 'known', ['source', 'file_sha256', 'row_number']) }}
    where known.is_used and supplements.requested_at is not null
),

candidates as (
    select
        source,
        dossier_code
    from known
    where version_no > 1
    union
    select
        source,
        dossier_code
    from rounds
    where round_no = 1 and due_before is not null
),

told as (
    -- the due date of every version that has one; `before` is the appointment that stood until then
    select
        known.source,
        known.dossier_code,
        known.version_no,
        known.valid_from,
        lag(known.valid_from) over (partition by known.source, known.dossier_code order by known.version_no) as valid_from_before,
        content.due_at
    from known
    inner join candidates on known.source = candidates.source and known.dossier_code = candidates.dossier_code
    inner join {{ source('validated', 'dossiers') }} as content on {{ have_same('known', 'content', ['source', 'file_sha256', 'row_number']) }}
),

appointed as (
    select
        told.*,
        coalesce(
            lag(told.due_at) over (partition by told.source, told.dossier_code order by told.version_no),
            -- a round may tell an appointment that was made before the first export
            case when first_round.due_before < told.due_at then first_round.due_before else told.due_at end
        ) as due_before
    from told
    left join rounds as first_round
        on
            {{ have_same('told', 'first_round', ['source', 'dossier_code']) }}
            and first_round.round_no = 1
    where told.due_at is not null
),

justifying as (
    -- versions whose later due date an answered supplement explains, and the latest such supplement
    select
        appointed.source,
        appointed.dossier_code,
        appointed.version_no,
        rounds.answered_at
    from appointed
    inner join rounds
        on
            {{ have_same('appointed', 'rounds', ['source', 'dossier_code']) }}
            and rounds.answered_at is not null
            and appointed.due_at = rounds.due_after
    union
    select
        appointed.source,
        appointed.dossier_code,
        appointed.version_no,
        requests.answered_at
    from appointed
    inner join {{ ref('int_supplement_rounds') }} as requests
        on
            {{ have_same('appointed', 'requests', ['source', 'dossier_code']) }}
            and requests.answered_at > appointed.valid_from_before
            and requests.answered_at <= appointed.valid_from
),

justified as (
    select
        source,
        dossier_code,
        version_no,
        max(answered_at) as answered_at
    from justifying
    group by source, dossier_code, version_no
),

moves as (
    select
        appointed.*,
        appointed.due_at > appointed.due_before as is_later,
        appointed.due_at > appointed.due_before and justified.version_no is not null as is_justified,
        justified.answered_at,
        -- the promise starts anew with the latest justified move
        max(case when appointed.due_at > appointed.due_before and justified.version_no is not null then appointed.version_no end) over (
            partition by appointed.source, appointed.dossier_code
        ) as promised_by
    from appointed
    left join justified on {{ have_same('appointed', 'justified', ['source', 'dossier_code', 'version_no']) }}
)
{% endmacro %}
