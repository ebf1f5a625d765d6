"""The files that a finding rests on."""

from __future__ import annotations

from collections.abc import Iterable

from reports.models import Delivery


def files_of(deliveries: Iterable[int]) -> list[dict[str, object]]:
    """Each delivery (by its key) once, by name and hash: both stay the same when the findings are made again."""
    found = Delivery.objects.filter(pk__in=set(deliveries)).select_related("raw_file")
    files = sorted((delivery.file_name, delivery.raw_file.sha256, delivery.pk) for delivery in found)
    return [{"file": name, "sha256": sha256, "line": None, "delivery": pk} for name, sha256, pk in files]
