"""The one door for signed notifications: from Apple, from Apple's history, from a file."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from ascrecon import clock
from ascrecon.storeserver.jws import Chain
from ascrecon.storeserver.notifications import RENEWAL, TRANSACTION, SignedNotification, read_notification
from ascrecon.storeserver.text import Fields
from reports.models import Account, App
from subscriptions.models import (
    ChainState,
    Environment,
    Notification,
    NotificationState,
    OtherPayload,
    Quarantine,
    SigningChain,
    Source,
)
from subscriptions.services.erasure import erased_among, scrubbed
from subscriptions.trust import trusted_roots


@dataclass(frozen=True)
class Taken:
    """What became of a payload. `new` is False for a repeat, which has no effect."""

    notification: Notification
    new: bool

    @property
    def is_quarantined(self) -> bool:
        return self.notification.state == NotificationState.QUARANTINED


@dataclass(frozen=True)
class Place:
    """Where a verified notification belongs: its app, or why it counts nothing."""

    app: App | None
    environment: Environment
    quarantine: str = ""

    @property
    def state(self) -> NotificationState:
        return NotificationState.QUARANTINED if self.quarantine else NotificationState.RECEIVED


def take_in(signed_payload: object, *, account: Account, environment: Environment | None, source: Source) -> Taken:
    """Verify a `signedPayload` offline and keep it, in one transaction; what follows from it is a job's work.

    `environment` is that of the address it came to, None for the one that the payload names. Raises `Refused` for what
    Apple did not sign and `RootsMissing`; a database that cannot be reached raises Django's errors.
    """
    found = read_notification(signed_payload, trusted_roots())
    with transaction.atomic():
        chain = chain_of(found.signed.chain)
        row = _row(found, account, _place(found, account, environment, chain), chain, source)
        row.address = environment or ""
        return _keep(row)


def chain_of(chain: Chain) -> SigningChain:
    """The row of a pair of certificates; made with the first payload that they signed."""
    kept = SigningChain.objects.filter(fingerprint=chain.fingerprint).first()
    if kept is None:
        facts = {"subject": chain.subject, "not_after": chain.not_after, "certificates": list(chain.certificates)}
        kept, _ = SigningChain.objects.get_or_create(fingerprint=chain.fingerprint, defaults=facts)
    return kept


def _place(found: SignedNotification, account: Account, door: Environment | None, chain: SigningChain) -> Place:
    named = Environment(found.environment.lower()) if found.environment else None
    environment = named or door or Environment.PRODUCTION
    apps = App.objects.filter(account=account, merged_into=None, provisional=False)
    app = apps.filter(bundle_id=found.bundle_id).first() if found.bundle_id else None
    if app is None:
        return Place(None, environment, Quarantine.UNKNOWN_APP)
    if not _is_its_id(app, found, environment):
        return Place(None, environment, Quarantine.APP_ID)
    if door is not None and environment != door:
        return Place(None, environment, Quarantine.ENVIRONMENT)
    return Place(app, environment, Quarantine.DISTRUSTED if chain.state == ChainState.DISTRUSTED else "")


def _is_its_id(app: App, found: SignedNotification, environment: Environment) -> bool:
    """In production Apple always names the app's numeric id; in sandbox it may be left out."""
    if found.app_apple_id is None:
        return environment == Environment.SANDBOX or not found.is_known
    return found.app_apple_id == app.apple_id


def _row(
    found: SignedNotification, account: Account, place: Place, chain: SigningChain, source: Source
) -> Notification:
    inner = {name: signed.payload for name, signed in found.inner.items()}
    erased = erased_among(account.pk, found.payload, inner)
    transaction_info, renewal = (Fields(inner.get(name, {})) for name in (TRANSACTION, RENEWAL))
    now = clock.now()
    return Notification(
        account=account,
        app=place.app,
        environment=place.environment,
        uuid=found.uuid,
        source=source,
        state=place.state,
        quarantine=place.quarantine,
        kind=found.kind[:200],
        type=found.type,
        subtype=found.subtype,
        known=found.is_known,
        version=found.version,
        bundle_id=found.bundle_id,
        app_apple_id=found.app_apple_id,
        signed_ms=found.signed_ms,
        received_at=now,
        last_received_at=now,
        status=found.status,
        original_id=transaction_info.text("originalTransactionId") or renewal.text("originalTransactionId"),
        transaction_id=transaction_info.text("transactionId"),
        chain=chain,
        sha256=found.signed.sha256,
        signed_payload="" if erased else found.signed.jws,
        payload=scrubbed(found.payload, erased),
        inner=scrubbed(inner, erased),
        inner_sha256={name: signed.sha256 for name, signed in found.inner.items()},
        problems=list(found.problems),
    )


def _keep(row: Notification) -> Taken:
    """Insert it, or count it as a repeat: the database decides which of several at once is the first."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return _repeated(row)
    return Taken(row, new=True)


def _repeated(row: Notification) -> Taken:
    kept = Notification.objects.select_for_update(no_key=True).get(account=row.account, uuid=row.uuid)
    kept.deliveries += 1
    kept.last_received_at = row.received_at
    released = kept.sha256 == row.sha256 and _release(kept, row)
    kept.save()
    if kept.sha256 != row.sha256:
        facts = {"received_at": row.received_at}
        OtherPayload.objects.get_or_create(notification=kept, sha256=row.sha256, defaults=facts)
    return Taken(kept, new=released)


def _release(kept: Notification, row: Notification) -> bool:
    """What waited in quarantine and now comes to the right address, or finds its app, counts from now on."""
    if kept.state != NotificationState.QUARANTINED or row.state == NotificationState.QUARANTINED:
        return False
    kept.app, kept.environment, kept.state, kept.quarantine = row.app, row.environment, row.state, ""
    return True


def place_again(kept: Notification) -> bool:
    """Look again whether a notification in quarantine belongs to an app by now. True where it does.

    One whose app is known by now waits on where it came to the other environment's address. From there only a person
    lets it go, into the environment that it names.
    """
    if kept.state != NotificationState.QUARANTINED or not kept.signed_payload:
        return False
    found = read_notification(kept.signed_payload, trusted_roots())
    place = _place(found, kept.account, _door(kept), kept.chain)
    kept.app, kept.environment, kept.state, kept.quarantine = (
        place.app,
        place.environment,
        place.state,
        place.quarantine,
    )
    kept.save(update_fields=["app", "environment", "state", "quarantine"])
    return not place.quarantine


def _door(kept: Notification) -> Environment | None:
    if not kept.address or kept.quarantine == Quarantine.ENVIRONMENT:
        return None
    return Environment(kept.address)
