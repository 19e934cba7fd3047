"""Destroying by docs/retention.toml: what it says (rules), what is past its period (past), how it goes (ways …)."""
