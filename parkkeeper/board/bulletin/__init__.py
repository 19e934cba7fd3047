"""The bulletin of a day: figures with their definitions, from the records as they were known at the day's end."""
