"""A notification of the App Store (version 2) as it is signed: the whole of it verified before anything is used.

Source: Apple documentation, App Store Server Notifications, responseBodyV2DecodedPayload, data, appData,
externalPurchaseToken, summary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from appstoreserverlibrary.models.NotificationTypeV2 import NotificationTypeV2
from appstoreserverlibrary.models.Subtype import Subtype

from ascrecon.storeserver.jws import SignedObject, verified
from ascrecon.storeserver.refusals import Reason, Refused
from ascrecon.storeserver.roots import Root
from ascrecon.storeserver.text import Fields

PRODUCTION, SANDBOX = "Production", "Sandbox"
ENVIRONMENTS = (PRODUCTION, SANDBOX)
KINDS = ("data", "summary", "externalPurchaseToken", "appData")
TRANSACTION, RENEWAL, APP_TRANSACTION = "signedTransactionInfo", "signedRenewalInfo", "signedAppTransactionInfo"
INNER = (TRANSACTION, RENEWAL, APP_TRANSACTION)
#: In Apple's pages, not yet in its library.
NEW_TYPES = ("UNCLAIM_SEATS",)
NEW_SUBTYPES = ("CREATED", "ACTIVE_TOKEN_REMINDER")


@dataclass(frozen=True, slots=True)
class SignedNotification:
    """A verified notification. `environment` is empty where a kind that is new to us names none.

    `payload` is the outer JSON without the signed objects in it, which stand in `inner` by their names, verified too.
    """

    signed: SignedObject
    uuid: UUID
    kind: str
    type: str
    subtype: str
    version: str
    signed_ms: int
    bundle_id: str
    app_apple_id: int | None
    environment: str
    status: int | None
    payload: dict[str, Any] = field(repr=False)
    inner: dict[str, SignedObject] = field(repr=False)
    problems: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """False for a kind, type or subtype that this version has not learned of; it is kept all the same."""
        return (
            self.kind in KINDS
            and self.type in (*NotificationTypeV2, *NEW_TYPES)
            and self.subtype in ("", *Subtype, *NEW_SUBTYPES)
        )


def read_notification(signed_payload: object, roots: Sequence[Root]) -> SignedNotification:
    """The notification in a `signedPayload`; Refused unless Apple signed it and every object in it.

    An inner object must be of the same app and environment as the notification: Apple's library checks only the outer
    signature.
    """
    signed = verified(signed_payload, roots)
    outer = Fields(signed.payload)
    kind, body = _kind_of(signed.payload)
    fields = Fields(body)
    environment = _environment(kind, fields)
    found = SignedNotification(
        signed=signed,
        uuid=_uuid(outer),
        kind=kind,
        type=outer.text("notificationType"),
        subtype=outer.text("subtype"),
        version=outer.text("version"),
        signed_ms=_signed_ms(outer),
        bundle_id=fields.text("bundleId"),
        app_apple_id=fields.whole("appAppleId"),
        environment=environment,
        status=fields.small("status"),
        payload=_without_inner(signed.payload),
        inner={name: verified_inner(body[name], roots) for name in INNER if body.get(name) is not None},
        problems=(*outer.problems, *fields.problems),
    )
    for name, inner in found.inner.items():
        _check_inner(name, inner, found)
    return found


def verified_inner(jws: object, roots: Sequence[Root]) -> SignedObject:
    """A signed object inside another one; Refused with the reason `inner`."""
    try:
        return verified(jws, roots)
    except Refused as exc:
        raise Refused(Reason.INNER, f"A signed object inside the notification is not Apple's. {exc}") from exc


def _kind_of(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name and the content of the object that the notification is about; Apple sends exactly one."""
    objects = {name: value for name, value in payload.items() if isinstance(value, dict)}
    for name in (*KINDS, *objects):
        if name in objects:
            return name, objects[name]
    return "", {}


def _environment(kind: str, fields: Fields) -> str:
    """As the payload says. A token of an external purchase says it by how its id begins.

    Xcode and LocalTesting are refused: nothing of that kind is signed by the App Store.
    """
    if kind == "externalPurchaseToken":
        return SANDBOX if fields.text("externalPurchaseId").startswith("SANDBOX") else PRODUCTION
    named = fields.text("environment")
    if named not in ENVIRONMENTS and (named or kind in KINDS):
        raise Refused(Reason.ENVIRONMENT, "The environment is neither Production nor Sandbox.")
    return named


def _uuid(outer: Fields) -> UUID:
    try:
        return UUID(outer.text("notificationUUID"))
    except ValueError:
        raise Refused(Reason.CONTENT, "The notification has no notificationUUID, so it cannot be told apart.") from None


def _signed_ms(outer: Fields) -> int:
    moment = outer.whole("signedDate")
    if moment is None or moment < 0:
        raise Refused(Reason.CONTENT, "The notification does not say when it was signed.")
    return moment


def _without_inner(payload: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: item for key, item in value.items() if key not in INNER} if isinstance(value, dict) else value
        for name, value in payload.items()
    }


def _check_inner(name: str, inner: SignedObject, outer: SignedNotification) -> None:
    fields = Fields(inner.payload)
    if fields.text("receiptType" if name == APP_TRANSACTION else "environment") != outer.environment:
        raise Refused(Reason.INNER, "A signed object inside the notification is of another environment.")
    # Renewal information names no bundle.
    if name != RENEWAL and fields.text("bundleId") != outer.bundle_id:
        raise Refused(Reason.INNER, "A signed object inside the notification is of another app.")
    if name == APP_TRANSACTION and fields.whole("appAppleId") != outer.app_apple_id:
        raise Refused(Reason.INNER, "A signed object inside the notification has another app's Apple ID.")
