-- grain: state: states of a dossier at as_of (timeliness §2).
{{ published_seed('states', 'state') }}
