-- Statistics for the planner; what is never written again is frozen at once.
vacuum (freeze, analyze) {schema}.{table}
