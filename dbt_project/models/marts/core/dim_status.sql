-- grain: status: the ten statuses of the portal (portal-exports §3).
{{ published_seed('statuses', 'status') }}
