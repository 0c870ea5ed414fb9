-- grain: source, period, agency_code (scheme calendar; agencies of the dossiers and every code above them up to the province): timeliness §6.
{{ progress_766('calendar') }}
