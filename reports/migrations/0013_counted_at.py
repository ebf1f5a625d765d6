from django.db import migrations, models

# What counts has counted since it came, as far as anybody knows.
KNOWN = "UPDATE reports_delivery SET counted_at = received_at WHERE state IN ('loaded', 'withdrawn')"


class Migration(migrations.Migration):
    """Since when a delivery counts, so that a run tells whether it has looked at it."""

    dependencies = (("reports", "0012_analytics_by_default"),)

    operations = (
        migrations.AddField(
            "delivery",
            "counted_at",
            models.DateTimeField("counts since", null=True, blank=True, editable=False),
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    )
