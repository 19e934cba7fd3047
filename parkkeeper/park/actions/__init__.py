"""The register's verbs, a family of them a file."""
