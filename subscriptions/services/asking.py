"""The line to the App Store Server API; the signed objects that it gives are taken in like all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction

from ascrecon import clock
from ascrecon.appstore import Credentials
from ascrecon.storeserver.client import LastTransaction, StoreServerClient
from ascrecon.storeserver.jws import SignedObject, verified
from ascrecon.storeserver.refusals import Reason, Refused
from ascrecon.storeserver.text import Fields
from reports.models import App
from reports.services.accounts import client_policy
from subscriptions.derive.state import derive
from subscriptions.models import Environment, ServerKey, SignedRenewal, SignedTransaction, Source
from subscriptions.moments import milliseconds
from subscriptions.services.copies import Key, Origin, renewal_copy, store, transaction_copy
from subscriptions.services.erasure import erased_among, scrubbed
from subscriptions.services.intake import chain_of
from subscriptions.services.processing import HandOn, lock_state
from subscriptions.services.refusals import count_refusal
from subscriptions.trust import trusted_roots


@contextmanager
def server_client(app: App, environment: Environment) -> Iterator[StoreServerClient]:
    """A client with the account's In-App Purchase key.

    Raises DecryptionError, CredentialError, ServerKey.DoesNotExist.
    """
    key = ServerKey.objects.get(account=app.account)
    credentials = Credentials(key_id=key.key_id, issuer_id=key.issuer_id, private_key=key.private_key)
    with StoreServerClient(
        key.url_of(environment),
        credentials,
        app.bundle_id,
        is_sandbox=environment == Environment.SANDBOX,
        policy=client_policy(),
        clock=clock.now,
    ) as client:
        yield client


class Shelf:
    """Puts signed objects that were fetched for one app and environment where they belong.

    `hand_on` is called last in each transaction with the subscriptions that were computed anew.
    """

    def __init__(self, app: App, environment: Environment, hand_on: HandOn = lambda _: None) -> None:
        self._app, self.environment, self._hand_on = app, environment, hand_on
        self._roots = trusted_roots()
        #: The subscriptions that all that was put here tells of.
        self.told: set[Key] = set()

    @transaction.atomic
    def put_transactions(self, texts: Iterable[str]) -> int:
        """Verify and keep signed transactions, then compute what follows. Returns how many are new."""
        return self._keep([copy for text in texts if (copy := self._transaction(text))], [])

    @transaction.atomic
    def put_statuses(self, rows: Iterable[LastTransaction]) -> int:
        """The same for what Get All Subscription Statuses told."""
        bought, upcoming = [], []
        for row in rows:
            if copy := self._transaction(row.signed_transaction):
                bought.append(copy)
            if renewal := self._renewal(row):
                upcoming.append(renewal)
        return self._keep(bought, upcoming)

    def _keep(self, bought: list[SignedTransaction], upcoming: list[SignedRenewal]) -> int:
        lock_state(self._app.account_id)
        known = SignedTransaction.objects.filter(app=self._app, environment=self.environment)
        had = set(known.filter(sha256__in=[copy.sha256 for copy in bought]).values_list("sha256", flat=True))
        ids = {copy.transaction_id for copy in bought if copy.sha256 not in had}
        known_ids = set(known.filter(transaction_id__in=ids).values_list("transaction_id", flat=True))
        told = store(bought, upcoming)
        self.told |= told
        self._hand_on(derive(told))
        return len(ids - known_ids)

    def _transaction(self, text: str) -> SignedTransaction | None:
        signed = self._verified(text, "bundleId")
        if signed is None:
            return None
        return transaction_copy(self._clean(signed), signed.sha256, self._text(signed), self._origin(signed))

    def _renewal(self, row: LastTransaction) -> SignedRenewal | None:
        signed = self._verified(row.signed_renewal)
        if signed is None:
            return None
        clean = self._clean(signed)
        status = Fields({"status": row.status}).small("status")
        return renewal_copy(clean, signed.sha256, self._text(signed), self._origin(signed), status)

    def _verified(self, text: str, bundle: str = "") -> SignedObject | None:
        """What Apple did not sign, or what is of another app or environment, is counted and left out."""
        try:
            signed = verified(text, self._roots)
            fields = Fields(signed.payload)
            if fields.text("environment") != self.environment.in_payloads:
                raise Refused(Reason.ENVIRONMENT, "Apple's API gave an object of another environment.")
            if bundle and fields.text(bundle) != self._app.bundle_id:
                raise Refused(Reason.CONTENT, "Apple's API gave an object of another app.")
        except Refused as refused:
            self.refuse(refused, text)
            return None
        return signed

    def refuse(self, refused: Refused, text: str) -> None:
        count_refusal(
            refused,
            account=self._app.account,
            environment=self.environment,
            body=text.encode(errors="replace"),
            address="App Store Server API",
        )

    def _clean(self, signed: SignedObject) -> dict[str, object]:
        clean: dict[str, object] = scrubbed(signed.payload, erased_among(self._app.account_id, signed.payload))
        return clean

    def _text(self, signed: SignedObject) -> str:
        return "" if erased_among(self._app.account_id, signed.payload) else signed.jws

    def _origin(self, signed: SignedObject) -> Origin:
        now = clock.now()
        chain = chain_of(signed.chain)
        return Origin(
            self._app, self.environment, Source.HISTORY, chain.pk, now, milliseconds(now),
            distrusted=chain.is_distrusted,
        )  # fmt: skip
