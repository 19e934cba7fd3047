"""Counts kept ready: derived from the round's rows, and made again at any time."""

from django.db import models

from parkkeeper.sampling.models.rounds import Round


class Tally(models.Model):
    """轮次计数: a large round's counts and curve as they were known at a moment, so that pages need not count."""

    round = models.OneToOneField(Round, primary_key=True, on_delete=models.PROTECT, related_name="tally")
    as_of = models.DateTimeField()
    seconds = models.FloatField(help_text="how long counting took: what takes long is done less often")
    groups = models.JSONField(help_text='rows by what they are grouped by: {"grid": [[key, counts, added, …], …], …}')
    curve = models.JSONField(help_text="[[end of a step, people sampled by then], …]")
    strays = models.PositiveIntegerField(help_text="scans that stand on no line of the list")

    class Meta:
        db_table = "sampling_tally"

    def __str__(self) -> str:
        return f"{self.round_id} {self.as_of}"
