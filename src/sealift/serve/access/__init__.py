"""Who may use a server: API keys, tokens of an issuer, client certificates, rates, TLS and the audit log."""
