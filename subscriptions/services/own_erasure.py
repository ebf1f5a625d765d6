"""App account tokens in own data: erased from its rows, from what is told of rejected lines, and from the kept bytes.

Bytes cannot be changed without another hash, so a file that holds such a token is removed; its SHA-256, its size and
the rows of all others stay. A file that cannot be searched is removed too.
"""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db import transaction

from reports.files.errors import BadFile
from reports.locks import advisory_lock
from reports.services.raw_files import copy_of
from reports.services.reading import read_texts
from reports.sql import execute
from subscriptions.models import DataReject, DataUpload, EntitlementRow, ErasedToken, LoginRow, TokenChangeRow
from subscriptions.tokens import PREFIX, hashes_in, replaced, sql_hash

WITH_TOKENS = (LoginRow, EntitlementRow, TokenChangeRow)
GONE = "(erased)"


def lock_own_data(account_id: int) -> None:
    """One at a time loads or cleans own data of an account, so that nothing is loaded past an erasure."""
    advisory_lock("own data", account_id)


@transaction.atomic
def erase_from_own_data(erased: ErasedToken) -> int:
    """Replace the token in all own data of the account. Returns from how many files' bytes it was removed."""
    lock_own_data(erased.account_id)
    uploads = DataUpload.objects.filter(account=erased.account_id).order_by("pk")
    return sum(clean(upload, frozenset({erased.sha256})) for upload in uploads)


def clean(upload: DataUpload, hashes: frozenset[str]) -> bool:
    """Replace tokens with these hashes in one upload. True where its bytes were removed."""
    if not hashes:
        return False
    for model in WITH_TOKENS:
        execute(
            f"UPDATE {model._meta.db_table} SET token = %(prefix)s || {sql_hash('token')} "  # noqa: S608
            f"WHERE upload_id = %(upload)s AND {sql_hash('token')} = ANY(%(hashes)s)",
            {"prefix": PREFIX, "upload": upload.pk, "hashes": list(hashes)},
        )
    for reject in DataReject.objects.filter(upload=upload):
        _clean_reject(reject, hashes)
    return bool(upload.stored_as) and _holds(upload, hashes) and _remove(upload)


def _clean_reject(reject: DataReject, hashes: frozenset[str]) -> None:
    seen = replaced(reject.seen, lambda token, sha256: GONE if sha256 in hashes else token)
    if seen != reject.seen:
        DataReject.objects.filter(pk=reject.pk).update(seen=seen)


def _holds(upload: DataUpload, hashes: frozenset[str]) -> bool:
    """Whether one of the tokens stands in the kept bytes; also true where they can not be read."""
    try:
        with copy_of(upload.stored_as) as copy, read_texts(copy, upload.file_name) as texts:
            return any(hashes & hashes_in(line) for text in texts for line in text.lines())
    except (BadFile, FileNotFoundError):
        return True


def _remove(upload: DataUpload) -> bool:
    """Takes the bytes out of the store at once: where the transaction fails, its next try finds them gone."""
    default_storage.delete(upload.stored_as)
    DataUpload.objects.filter(account=upload.account_id, sha256=upload.sha256).update(stored_as="")
    upload.stored_as = ""
    return True
