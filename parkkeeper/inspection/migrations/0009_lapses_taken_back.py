from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inspection', '0008_when_an_end_was_heard'),
    ]

    operations = [
        migrations.AddField(
            model_name='deadline',
            name='taken_back_at',
            field=models.DateTimeField(blank=True, help_text='a lapse: when the park heard that somebody had looked in time after all', null=True),
        ),
        # until now the journal alone told that a lapse was taken back
        migrations.RunSQL(
            "UPDATE inspection_deadline d SET taken_back_at = (SELECT min(j.at) FROM park_journal_entry j "
            "WHERE j.verb = 'notice.lapse_taken_back' AND j.noun_id = d.notice_id::text AND j.at >= d.told_at) "
            "WHERE kind = 'lapsed'",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='deadline',
            constraint=models.CheckConstraint(condition=models.Q(('taken_back_at__isnull', True), ('kind', 'lapsed'), _connector='OR'), name='deadline_taken_back_is_a_lapse'),
        ),
    ]
