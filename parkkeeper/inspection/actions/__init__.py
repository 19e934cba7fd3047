"""The verbs of inspection: what teams, enterprises and the authority do."""
