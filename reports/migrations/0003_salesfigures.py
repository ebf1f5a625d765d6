import django.db.models.deletion
from django.db import migrations, models

import reports.models.fields

KEEP_ALONE = """
ALTER TABLE reports_figure RENAME TO reports_storedfigure;
ALTER INDEX reports_figure_pkey RENAME TO reports_storedfigure_pkey;
"""
TAKE_BACK = """
ALTER INDEX reports_storedfigure_pkey RENAME TO reports_figure_pkey;
ALTER TABLE reports_storedfigure RENAME TO reports_figure;
"""

# A condition on the metric leaves one branch of it, so it reads no more than a table of figures did.
VIEW = """
CREATE VIEW reports_figure AS
SELECT vintage_id, n, metric, app_id, member_id, currency, value FROM reports_storedfigure
UNION ALL SELECT vintage_id, n, 'units', app_id, member_id, '', units FROM reports_salesfigures
UNION ALL SELECT vintage_id, n, 'rows', app_id, member_id, '', sold_rows::numeric FROM reports_salesfigures
    WHERE sold_rows > 0
UNION ALL SELECT vintage_id, n, 'proceeds', app_id, member_id, proceeds_currency, proceeds FROM reports_salesfigures
    WHERE proceeds IS NOT NULL
UNION ALL SELECT vintage_id, n, 'sales', app_id, member_id, customer_currency, sales FROM reports_salesfigures
    WHERE sales IS NOT NULL
"""
# The way back keeps every figure.
SPLIT = """
INSERT INTO reports_storedfigure (vintage_id, n, metric, app_id, member_id, currency, value)
SELECT f.vintage_id, f.n, f.metric, f.app_id, f.member_id, f.currency, f.value FROM reports_figure f
WHERE EXISTS (SELECT FROM reports_salesfigures s WHERE s.vintage_id = f.vintage_id AND s.n = f.n);
DROP VIEW reports_figure;
"""


def _to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=f"reports.{model}",
        **options,
    )


def _amount(**options: object) -> reports.models.fields.AmountField:
    return reports.models.fields.AmountField(decimal_places=6, max_digits=30, **options)


def _key(*names: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    """A sale's figures stand in one row; what was a table of figures is a view of both."""

    dependencies = (("reports", "0002_reference_data"),)

    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(KEEP_ALONE, TAKE_BACK)],
            state_operations=[
                migrations.AlterModelOptions(
                    name="figure", options={"managed": False, "ordering": ("vintage_id", "metric", "n")}
                ),
                migrations.CreateModel(
                    name="StoredFigure",
                    fields=[
                        ("n", models.IntegerField()),
                        ("pk", _key("vintage_id", "metric", "n")),
                        ("metric", models.TextField()),
                        ("currency", models.TextField(default="", help_text="ISO code; empty for counts")),
                        ("value", _amount()),
                        ("app", _to("app", null=True)),
                        ("member", _to("member")),
                        ("vintage", _to("vintage")),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="SalesFigures",
            fields=[
                ("n", models.IntegerField()),
                ("pk", _key("vintage_id", "n")),
                ("units", _amount()),
                ("sold_rows", models.IntegerField(help_text="rows with sales; 0 is no figure")),
                ("proceeds", _amount(null=True)),
                ("proceeds_currency", models.TextField(default="")),
                ("sales", _amount(null=True)),
                ("customer_currency", models.TextField(default="")),
                ("app", _to("app", null=True)),
                ("member", _to("member")),
                ("vintage", _to("vintage")),
            ],
        ),
        migrations.RunSQL(VIEW, SPLIT),
    )
