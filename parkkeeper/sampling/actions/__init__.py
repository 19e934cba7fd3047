"""The sampling system's verbs, one family a file."""
