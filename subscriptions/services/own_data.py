"""Own data is taken in: bytes kept before anything reads them, every row loaded or told as rejected, then checked.

A file with rejected rows counts nothing until a person accepts the loss. Nothing is ever overwritten: the newest list
of a kind counts as a whole, and those before it stay readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.template.defaultfilters import filesizeformat

from ascrecon import clock
from reports.files.decode import Text
from reports.files.errors import BadFile
from reports.files.hashing import FileDigest, digest_file
from reports.files.names import clean_name
from reports.ingest.tally import Tally
from reports.models import Account, App
from reports.services.raw_files import copy_of, store
from reports.services.reading import read_texts
from reports.services.refusals import Refused
from reports.wording import counted
from subscriptions.jobs import enqueue_detection
from subscriptions.models import DataKind, DataReject, DataState, DataUpload, ErasedToken
from subscriptions.owndata.layouts import LAYOUTS
from subscriptions.owndata.reader import OwnReader, recognise
from subscriptions.services.own_erasure import clean, lock_own_data
from subscriptions.tokens import replaced

THERE = (DataState.LOADED, DataState.HELD)


@dataclass(frozen=True)
class About:
    """What a person says about a file: what it lists, of whom, and of which moment. Without an app: of all apps."""

    kind: DataKind
    account: Account
    taken_at: datetime
    app: App | None = None


def take_in(path: Path, name: str, *, about: About, by: User | None = None) -> DataUpload:
    """Keep a file and load its rows. The same bytes about the same moment are one upload, which is returned as it is.

    Raises `BadFile` where it cannot be read; then it stays in the list as refused. Of a file above
    ASCRECON_MAX_UPLOAD_BYTES nothing is kept.
    """
    name = clean_name(name)
    _check(path, name, about)
    upload = _received(path, name, about, by)
    if upload.state in THERE:
        return upload
    try:
        return _load(upload)
    except BadFile as bad:
        _refuse(upload, bad)
        raise


def _check(path: Path, name: str, about: About) -> None:
    size, limit = path.stat().st_size, settings.ASCRECON_MAX_UPLOAD_BYTES
    if size > limit:
        seen = f"{filesizeformat(size)}, which is more than the limit of {filesizeformat(limit)}"
        raise BadFile(file=name, seen=seen, do="leave out other columns, or raise ASCRECON_MAX_UPLOAD_BYTES")
    if about.taken_at > clock.now():
        seen = f"a list of {about.taken_at:%Y-%m-%d %H:%M} UTC, which is not yet"
        raise BadFile(file=name, seen=seen, do="give the moment at which it was made")
    if about.app and about.app.account_id != about.account.pk:
        seen = f"{about.app} is an app of {about.app.account}, not of {about.account}"
        raise BadFile(file=name, seen=seen, do="choose one of its apps, or none")


@transaction.atomic
def _received(path: Path, name: str, about: About, by: User | None) -> DataUpload:
    """The row of these bytes, made before anything reads them, so that they can always be found again."""
    lock_own_data(about.account.pk)
    digest = digest_file(path)
    same = {"account": about.account, "app": about.app, "kind": about.kind, "taken_at": about.taken_at}
    known = DataUpload.objects.filter(**same, sha256=digest.sha256, state__in=THERE).first()
    return known or DataUpload.objects.create(
        **same,
        file_name=name,
        sha256=digest.sha256,
        size=digest.size,
        stored_as=_stored(path, digest, about.account),
        received_at=clock.now(),
        uploaded_by=by,
        state=DataState.RECEIVED,
    )


def _stored(path: Path, digest: FileDigest, account: Account) -> str:
    """Apart from Apple's files and from other accounts, since there are tokens in them."""
    return store(path, digest, f"own/{account.pk}/{digest.sha256[:2]}")


@transaction.atomic
def _load(upload: DataUpload) -> DataUpload:
    lock_own_data(upload.account_id)
    with copy_of(upload.stored_as) as copy, read_texts(copy, upload.file_name) as texts:
        _note(upload, _copy_rows(upload, _only(texts, upload.file_name)))
    clean(upload, _erased(upload.account))
    upload.state = DataState.HELD if upload.rows_rejected else DataState.LOADED
    upload.save()
    if upload.state == DataState.LOADED:
        enqueue_detection(upload.account)
    return upload


def _only(texts: list[Text], name: str) -> Text:
    if len(texts) != 1:
        raise BadFile(file=name, seen=f"an archive of {len(texts)} files", do="hand them in one by one")
    return texts[0]


def _copy_rows(upload: DataUpload, text: Text) -> Tally:
    layout = LAYOUTS[upload.kind]
    reader = OwnReader(text, recognise(text, layout), upload.pk)
    columns = ", ".join(reader.columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {layout.table} ({columns}) FROM STDIN") as copy:
        for chunk in reader:
            copy.write(chunk)
    if not reader.tally.rows_accepted:
        raise _nothing(reader.tally, text.name)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {layout.table}")
    return reader.tally


def _nothing(tally: Tally, file: str) -> BadFile:
    if not tally.rejects:
        return BadFile(file=file, seen="a header and no rows", do="withdraw the list before it where there is nothing")
    first = tally.rejects[0]
    seen = f"no row that can be read ({tally.rows_rejected:,} rejected); {first.column}: {first.why}"
    return BadFile(file=file, line=first.line, seen=seen, do="compare it with the template")


def _note(upload: DataUpload, tally: Tally) -> None:
    upload.rows_read, upload.rows_accepted = tally.rows_read, tally.rows_accepted
    upload.rows_rejected, upload.warnings = tally.rows_rejected, [_without_tokens(each) for each in tally.warnings]
    DataReject.objects.bulk_create(
        DataReject(upload=upload, line=r.line, column=r.column[:100], seen=r.seen, why=r.why) for r in tally.rejects
    )
    if (more := tally.rows_rejected - len(tally.rejects)) > 0:
        upload.warnings.append(f"{counted(more, 'further rejected line')} not listed here")


def _erased(account: Account) -> frozenset[str]:
    return frozenset(ErasedToken.objects.filter(account=account).values_list("sha256", flat=True))


@transaction.atomic
def _refuse(upload: DataUpload, bad: BadFile) -> None:
    """It stays in the list with what was wrong; erased tokens are not kept in it either."""
    lock_own_data(upload.account_id)
    clean(upload, _erased(upload.account))
    DataUpload.objects.filter(pk=upload.pk).update(state=DataState.REFUSED, message=_without_tokens(str(bad)))


def _without_tokens(text: str) -> str:
    """What stands on pages for everybody: a file without a header has a token where a name should be."""
    return replaced(text, lambda *_: "(a token)")


@transaction.atomic
def accept(upload: DataUpload, *, by: User | None = None) -> DataUpload:
    """Make a list count although some of its rows were rejected. Raises `Refused` where it is not held."""
    kept = DataUpload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if kept.state != DataState.HELD:
        raise Refused(f"{kept.file_name} is not held.")
    kept.state = DataState.LOADED
    kept.rejects_accepted_by = by.get_username() if by else "the command line"
    kept.save()
    enqueue_detection(kept.account)
    return kept


@transaction.atomic
def withdraw(upload: DataUpload, *, reason: str, by: User | None = None) -> DataUpload:
    """Take a list back: the one before it counts again. Its rows stay readable. Raises `Refused`."""
    kept = DataUpload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if kept.state not in THERE:
        raise Refused(f"{kept.file_name} does not count, so it can not be withdrawn.")
    kept.state = DataState.WITHDRAWN
    kept.message = f"Withdrawn by {by.get_username() if by else 'the command line'}: {reason.strip()}"
    kept.save()
    enqueue_detection(kept.account)
    return kept
