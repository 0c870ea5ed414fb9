-- grain: rule_set, reason: why a verdict was given, as a sentence (timeliness §3).
{{ published_seed('reasons', 'rule_set, reason') }}
