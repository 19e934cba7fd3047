from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inspection", "0003_debriefs_cases_and_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="least",
            field=models.FloatField(help_text="a number, temperature or measurement below it fails", null=True),
        ),
        migrations.AddField(
            model_name="item",
            name="most",
            field=models.FloatField(help_text="one above it fails", null=True),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("least__isnull", True), ("most__isnull", True), ("least__lte", models.F("most")), _connector="OR"
                ),
                name="item_limits_in_order",
            ),
        ),
    ]
