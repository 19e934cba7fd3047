from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inspection', '0007_stops_of_a_finding'),
    ]

    operations = [
        migrations.AddField(
            model_name='visit',
            name='end_received_at',
            field=models.DateTimeField(blank=True, help_text='when the park heard of the end', null=True),
        ),
        # the journal tells when; where its period is over, not before the end itself
        migrations.RunSQL(
            "UPDATE inspection_visit v SET end_received_at = coalesce((SELECT min(j.at) FROM park_journal_entry j "
            "WHERE j.verb = 'visit.ended' AND j.noun_id = v.id::text), greatest(v.received_at, v.ended_at)) "
            "WHERE ended_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name='visit',
            name='visit_end_says_how',
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_received_at__isnull', True), ('ended_at__isnull', True), ('ended_how', '')), models.Q(('end_received_at__isnull', False), ('ended_at__isnull', False), models.Q(('ended_how', ''), _negated=True)), _connector='OR'), name='visit_end_says_how'),
        ),
    ]
