{#- Names of agencies, as people write them (portal-exports §3, §9). -#}

{#- Comparison form of a text (portal-exports §9): lower case, no diacritics (đ → d), no punctuation, one space. Texts are NFC since they were read. -#}
{% macro fold(text) %}{{ return(adapter.dispatch('fold')(text)) }}{% endmacro %}
{% macro default__fold(text) -%}
    {#- Spark takes off no marks by itself: Vietnamese letters, then every other Latin letter with a mark that DuckDB knows -#}
    {%- set marked = [
        'àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ',
        'äåçëîïñöûüÿāąćĉċčďēĕėęěĝğġģĥīĭįĵķĺļľńņňōŏőŕŗřśŝşšţťūŭůűųŵŷźżžǎǐǒǔǖǘǚǜǟǡǧǩǫǭǰǵǹǻȁȃȅȇȉȋȍȏȑȓȕ',
        'ȗșțȟȧȩȫȭȯȱȳḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕẖẗẘẙ',
    ] | join -%}
    {%- set plain = [
        'aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd',
        'aaceiinouuyaaccccdeeeeegggghiiijklllnnnooorrrssssttuuuuuwyzzzaiouuuuuaagkoojgnaaaeeiioorru',
        'usthaeooooyabbbcdddddeeeeefghhhhhiikkkllllmmmnnnnoooopprrrrsssssttttuuuuuvvwwwwwxxyzzzhtwy',
    ] | join -%}
    trim(regexp_replace(translate(lower({{ text }}), '{{ marked }}', '{{ plain }}'), '[^a-z0-9]+', ' '))
{%- endmacro %}
{% macro duckdb__fold(text) -%}
    trim(regexp_replace(strip_accents(replace(lower({{ text }}), 'đ', 'd')), '[^a-z0-9]+', ' ', 'g'))
{%- endmacro %}

{#- The same, with the one abbreviation that every agency uses: Ủy ban nhân dân = UBND. -#}
{% macro folded_agency(name) -%}
    regexp_replace({{ fold(name) }}, '^uy ban nhan dan ', 'ubnd ')
{%- endmacro %}

{#- Condition: the agency was a district (cấp huyện), abolished on 1 July 2025 (portal-exports §5): `level` as in its code, `level_name` as catalogues call it,
    else its name: UBND huyện, quận, thị xã, thành phố … . Level 2 is also that of departments, and since then of communes. -#}
{% macro is_district(level, level_name, name) -%}
    {%- set kind = "regexp_replace(" ~ folded_agency(name) ~ ", '^ubnd ', '')" -%}
    {{ level }} = 2 and (
        coalesce(lower({{ level_name }}), '') in ('district', 'huyen')
        {%- for word in ['huyen', 'quan', 'thi xa', 'thanh pho', 'tp'] %}
        or coalesce({{ kind }}, '') like '{{ word }} %'
        {%- endfor %}
    )
    and coalesce({{ kind }}, '') not like 'quan ly %'
{%- endmacro %}

{#- First day without districts and with 34 provinces (portal-exports §5). -#}
{% macro districts_end() -%} cast('2025-07-01' as date) {%- endmacro %}
