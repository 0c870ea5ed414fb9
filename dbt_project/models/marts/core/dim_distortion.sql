-- grain: distortion: what senders do to the data (portal-exports §8), what each means and whom to ask.
{{ published_seed('distortions', 'position') }}
