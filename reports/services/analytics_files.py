"""An instance of an analytics report: all its segments are kept, then read as one file, loaded and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from reports.figures.analytics import family_of
from reports.files.errors import BadFile
from reports.ingest.analytics_layouts import analytics_layout
from reports.ingest.reader import read
from reports.ingest.recognise import recognise_as
from reports.ingest.tally import Tally
from reports.locks import advisory_lock
from reports.models import (
    AnalyticsInstance,
    Delivery,
    DeliverySegment,
    DeliveryState,
    Grain,
    InstanceState,
    Kind,
    RawFile,
    Side,
    Zone,
)
from reports.services.deliveries import finish_delivery
from reports.services.load_rows import copy_into, note_tally
from reports.services.raw_files import local_copy
from reports.services.reading import read_texts

GRAINS = {"DAILY": Grain.DAY, "WEEKLY": Grain.WEEK, "MONTHLY": Grain.MONTH}


@dataclass(frozen=True)
class KeptSegment:
    """One segment of an instance whose bytes were verified and kept."""

    raw: RawFile
    file_name: str


def load_instance(instance: AnalyticsInstance, segments: Sequence[KeptSegment], received_at: datetime) -> Delivery:
    """Load all segments of an instance; its days then count where no newer one tells them. `received_at` is aware.

    Loading it again gives the same delivery. Raises `BadFile` for a segment that cannot be read or that lacks columns;
    then nothing of the instance counts, and its bytes stay kept.
    """
    with transaction.atomic():
        advisory_lock("analytics_instance", instance.pk)
        instance.refresh_from_db()
        if instance.delivery is not None:
            return instance.delivery
        delivery = _new_delivery(instance, segments[0], received_at)
        tally = _copy_segments(delivery, segments)
        note_tally(delivery, tally)
        delivery.period_start, delivery.period_end = tally.start_day, tally.end_day
        delivery.totals = {"units": None, "by_currency": {}}
        instance.delivery = delivery
        instance.state = InstanceState.LOADED
        instance.save(update_fields=("delivery", "state"))
        finish_delivery(delivery)
        if delivery.state == DeliveryState.HELD:
            instance.state = InstanceState.HELD
            instance.save(update_fields=("state",))
        return delivery


def _new_delivery(instance: AnalyticsInstance, first: KeptSegment, received_at: datetime) -> Delivery:
    request = instance.report.request
    return Delivery.objects.create(
        side=Side.API,
        kind=Kind.ANALYTICS,
        report=instance.report.name,
        account=request.account,
        app=request.app,
        file_name=f"{instance.report.name} {instance.granularity} {instance.processing_date} {instance.apple_id}"[:255],
        raw_file=first.raw,
        received_at=received_at,
        grain=GRAINS[instance.granularity],
        timezone=Zone.UTC,
        language="en",
    )


def _copy_segments(delivery: Delivery, segments: Sequence[KeptSegment]) -> Tally:
    whole = Tally()
    for n, segment in enumerate(segments):
        tally = _copy_segment(delivery, segment, whole.physical_lines)
        DeliverySegment.objects.create(
            delivery=delivery,
            n=n,
            raw_file=segment.raw,
            file_name=segment.file_name,
            first_line=whole.physical_lines + 1,
            lines=tally.physical_lines,
        )
        whole.absorb(tally, whole.physical_lines)
    return whole


def _copy_segment(delivery: Delivery, segment: KeptSegment, lines_before: int) -> Tally:
    with local_copy(segment.raw) as copy, read_texts(copy, segment.file_name) as texts:
        if len(texts) != 1:
            raise BadFile(
                file=segment.file_name, seen=f"an archive with {len(texts)} files", do="ask Apple for it again"
            )
        layout = recognise_as(texts[0], analytics_layout(delivery.report))
        apple_id = delivery.app.apple_id if delivery.app else None
        reader = read(texts[0], layout, file_id=delivery.pk, lines_before=lines_before, apple_id=apple_id)
        copy_into(family_of(delivery.report).table, reader)
        return reader.tally
