-- grain: rule_set: the rule sets (timeliness §3).
{{ published_seed('rule_sets', 'rule_set') }}
