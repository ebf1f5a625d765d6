"""Accept and refuse as Apple's own verifier does, on the payloads for which its answers were measured."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from appstoreserverlibrary.models.Environment import Environment as TheirEnvironment
from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier, VerificationException, VerificationStatus
from cryptography.hazmat.primitives.asymmetric import ec

from ascrecon.simulator.subscriptions.authority import Authority, Wishes, new_authority, new_leaf
from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.steps import Shop, payload
from ascrecon.storeserver.jws import _Verifier
from reports.models import App
from subscriptions.models import Notification
from tests.subscriptions.conftest import Post

pytestmark = pytest.mark.django_db
OK = VerificationStatus.OK
FAILURE = VerificationStatus.VERIFICATION_FAILURE
APP, ENVIRONMENT = VerificationStatus.INVALID_APP_IDENTIFIER, VerificationStatus.INVALID_ENVIRONMENT
LENGTH = VerificationStatus.INVALID_CHAIN_LENGTH


@dataclass(frozen=True)
class Forge:
    """What a case is made of: the good authority, its shop, and the content of a good notification."""

    authority: Authority
    shop: Shop

    @property
    def content(self) -> dict[str, Any]:
        return payload(next(iter(steps_of("renew").values())), self.shop, uuid4())

    def signed_by(self, other: Authority, **changes: Any) -> str:
        return other.sign({**self.content, **changes})

    def with_leaf(self, wishes: Wishes, **changes: Any) -> str:
        """Signed by another leaf of the good authority."""
        leaf = new_leaf(self.authority.intermediate, wishes)
        return self.signed_by(Authority(self.authority.root, self.authority.intermediate, leaf), **changes)

    def with_data(self, **changes: Any) -> str:
        content = self.content
        return self.authority.sign({**content, "data": {**content["data"], **changes}})


def _unmarked_intermediate(forge: Forge) -> str:
    return forge.signed_by(new_authority("Unmarked", Wishes(intermediate_mark=False)))


def _changed(forge: Forge) -> str:
    head, body, signature = forge.authority.sign(forge.content).split(".")
    changed = body[:-2] + ("A" if body[-2] != "A" else "B") + body[-1]
    return ".".join((head, changed, signature))


def _by_another_key(forge: Forge) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(forge.content, key, "ES256", headers={"x5c": forge.authority.chain})


def _hs256(forge: Forge) -> str:
    return jwt.encode(forge.content, "secret" * 8, "HS256", headers={"x5c": forge.authority.chain})


def _external(forge: Forge) -> str:
    token = {"externalPurchaseId": "SANDBOX_1", "bundleId": forge.shop.bundle_id, "appAppleId": forge.shop.apple_id}
    content = {name: value for name, value in forge.content.items() if name != "data"}
    return forge.authority.sign(
        {**content, "notificationType": "EXTERNAL_PURCHASE_TOKEN", "externalPurchaseToken": token}
    )


def _unknown_kind(forge: Forge) -> str:
    content = {name: value for name, value in forge.content.items() if name != "data"}
    return forge.authority.sign({**content, "unclaimInfo": {"unclaimSeatIds": ["1"]}})


EXPIRED = Wishes(leaf_from=datetime(2025, 1, 1, tzinfo=UTC), leaf_until=datetime(2026, 3, 1, tzinfo=UTC))
NOW = int(datetime(2026, 11, 28, tzinfo=UTC).timestamp()) * 1000

#: The case, what Apple's verifier answers, and what the webhook answers: 202 is kept aside and counts nothing.
CASES: dict[str, tuple[Callable[[Forge], str], VerificationStatus, int]] = {
    "good": (lambda f: f.signed_by(f.authority), OK, 200),
    "unknown type": (lambda f: f.signed_by(f.authority, notificationType="NEW"), OK, 200),
    "unknown kind": (_unknown_kind, APP, 202),
    "other root": (lambda f: f.signed_by(new_authority()), FAILURE, 400),
    "leaf without its mark": (lambda f: f.with_leaf(Wishes(leaf_mark=False)), FAILURE, 400),
    "intermediate without its mark": (_unmarked_intermediate, FAILURE, 400),
    "two certificates": (lambda f: f.authority.sign(f.content, {"x5c": f.authority.chain[:2]}), LENGTH, 400),
    "four certificates": (lambda f: f.authority.sign(f.content, {"x5c": [*f.authority.chain, "AA=="]}), LENGTH, 400),
    "no x5c": (lambda f: jwt.encode(f.content, f.authority.leaf.key, "ES256"), FAILURE, 400),
    "empty x5c": (lambda f: f.authority.sign(f.content, {"x5c": []}), FAILURE, 400),
    "HS256": (_hs256, FAILURE, 400),
    "another key": (_by_another_key, FAILURE, 400),
    "changed byte": (_changed, FAILURE, 400),
    "leaf without key identifiers": (lambda f: f.with_leaf(Wishes(key_identifiers=False)), FAILURE, 400),
    "expired leaf, signed before": (lambda f: f.with_leaf(EXPIRED), OK, 200),
    "expired leaf, signed now": (lambda f: f.with_leaf(EXPIRED, signedDate=NOW), FAILURE, 400),
    "another bundle": (lambda f: f.with_data(bundleId="com.other", signedTransactionInfo=None), APP, 202),
    "another Apple ID": (lambda f: f.with_data(appAppleId=42), APP, 202),
    "sandbox": (lambda f: f.with_data(environment="Sandbox", signedTransactionInfo=None, signedRenewalInfo=None),
                ENVIRONMENT, 202),
    "external purchase of the sandbox": (_external, ENVIRONMENT, 202),
}  # fmt: skip


@pytest.fixture
def forge(authority: Authority, shop: Shop) -> Forge:
    return Forge(authority, shop)


def theirs(text: str, roots: list[bytes], shop: Shop, *, online: bool = False) -> VerificationStatus:
    verifier = SignedDataVerifier(roots, online, TheirEnvironment.PRODUCTION, shop.bundle_id, shop.apple_id)
    try:
        verifier.verify_and_decode_notification(text)
    except VerificationException as exc:
        return exc.status
    return OK


@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_apples_verifier(name: str, forge: Forge, post: Post, roots: Path) -> None:
    make, verdict, status = CASES[name]
    trusted = [forge.authority.root.der]
    if name == "intermediate without its mark":
        other = new_authority("Unmarked", Wishes(intermediate_mark=False))
        (roots / "other.cer").write_bytes(other.root.der)
        trusted, text = [other.root.der], forge.signed_by(other)
    else:
        text = make(forge)

    assert theirs(text, trusted, forge.shop) == verdict
    assert post(text) == status
    counted = Notification.objects.filter(state="received").exists()
    assert counted == (verdict == OK)


def test_an_expired_leaf_fails_apples_online_check_whenever_it_signed(forge: Forge) -> None:
    """Why the answer to Apple does not wait for that check: late retries and back-fills would be lost."""
    assert theirs(forge.with_leaf(EXPIRED), [forge.authority.root.der], forge.shop, online=True) == FAILURE


@pytest.mark.parametrize("skipping", [TheirEnvironment.LOCAL_TESTING, TheirEnvironment.XCODE])
def test_the_environments_in_which_the_library_checks_nothing_cannot_be_reached(
    skipping: TheirEnvironment, forge: Forge, post: Post, app: App
) -> None:
    """The library takes any signature for these two: so nothing that is given to us may choose them."""
    content = forge.content
    content["data"] = {**content["data"], "environment": skipping.value}
    garbage = f"{forge.authority.sign(content).rpartition('.')[0]}.{urlsafe_b64encode(b'x' * 64).decode().rstrip('=')}"
    assert SignedDataVerifier([], False, skipping, forge.shop.bundle_id)._decode_signed_object(garbage)

    assert post(garbage) == 400
    assert post(forge.authority.sign(content)) == 400
    assert _Verifier([])._environment == TheirEnvironment.SANDBOX
    assert not Notification.objects.exists()


class TestInnerObjects:
    """Apple's library checks the outer signature only."""

    def test_it_refuses_one_that_somebody_else_signed(self, forge: Forge, post: Post) -> None:
        content = forge.content
        inner = jwt.decode(content["data"]["signedTransactionInfo"], options={"verify_signature": False})
        forged = forge.with_data(signedTransactionInfo=new_authority().sign(inner))

        assert theirs(forged, [forge.authority.root.der], forge.shop) == OK
        assert post(forged) == 400

    @pytest.mark.parametrize(
        "change", [{"bundleId": "com.other"}, {"environment": "Sandbox"}, {"bundleId": None}, {"environment": "Xcode"}]
    )
    def test_it_refuses_one_of_another_app_or_environment(
        self, change: dict[str, Any], forge: Forge, post: Post
    ) -> None:
        inner = jwt.decode(forge.content["data"]["signedTransactionInfo"], options={"verify_signature": False})
        assert post(forge.with_data(signedTransactionInfo=forge.authority.sign({**inner, **change}))) == 400

    def test_it_refuses_a_renewal_of_another_environment(self, forge: Forge, post: Post) -> None:
        inner = jwt.decode(forge.content["data"]["signedRenewalInfo"], options={"verify_signature": False})
        text = forge.with_data(signedRenewalInfo=forge.authority.sign({**inner, "environment": "Sandbox"}))
        assert post(text) == 400


def test_a_payload_signed_a_day_ago_by_a_leaf_of_today_is_refused(forge: Forge, post: Post) -> None:
    today = datetime.now(UTC)
    young = Wishes(leaf_from=today - timedelta(hours=1), leaf_until=today + timedelta(days=700))
    yesterday = int((today - timedelta(days=1)).timestamp()) * 1000

    assert post(forge.with_leaf(young, signedDate=yesterday)) == 400
