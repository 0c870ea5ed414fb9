-- grain: verdict: verdicts of the rule sets, and whether they are good or bad (timeliness §3, §6).
{{ published_seed('verdicts', 'verdict') }}
