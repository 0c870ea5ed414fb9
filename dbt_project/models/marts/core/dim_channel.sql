-- grain: channel: channels of submission (portal-exports §3).
{{ published_seed('channels', 'channel') }}
