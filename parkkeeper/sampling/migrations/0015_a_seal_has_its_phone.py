from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sampling', '0014_lost_boxes_are_found'),
    ]

    operations = [
        migrations.AlterField(
            model_name='tube',
            name='phone_id',
            field=models.BigIntegerField(help_text='which opened it', null=True),
        ),
        migrations.AddField(
            model_name='tube',
            name='seal_phone_id',
            field=models.BigIntegerField(help_text='which sealed it; null: not known', null=True),
        ),
    ]
