"""Which certificates are trusted, and what Apple's responder says about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pytest_django.fixtures import Settings

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.jobs.ticks import run_due
from ascrecon.simulator.subscriptions.authority import Authority, Wishes, new_authority
from ascrecon.simulator.subscriptions.built import steps_of
from ascrecon.simulator.subscriptions.responder import Book, responding
from ascrecon.simulator.subscriptions.steps import Shop, payload, signed
from ascrecon.storeserver.refusals import RootsMissing
from reports.models import App
from subscriptions.checks import trusts_apple_only
from subscriptions.jobs import enqueue_distrust
from subscriptions.models import Notification, Purchase, SigningChain, Subscription
from subscriptions.trust import trusted_roots
from tests.subscriptions.conftest import Post


class TestRoots:
    def test_it_says_what_to_put_where_while_there_are_none(self, settings: Settings, tmp_path: Path) -> None:
        settings.ASCRECON_APPLE_ROOTS = str(tmp_path / "nothing")

        with pytest.raises(RootsMissing) as told:
            trusted_roots()

        assert "put Apple's root certificates (from Apple PKI" in str(told.value)
        assert str(tmp_path / "nothing") in str(told.value)

    def test_it_takes_pem_as_well_as_der(self, authority: Authority, roots: Path) -> None:
        other = new_authority("Other")
        (roots / "other.pem").write_bytes(other.root.certificate.public_bytes(Encoding.PEM))

        assert {root.der for root in trusted_roots()} == {authority.root.der, other.root.der}
        assert not any(root.is_apples for root in trusted_roots())

    def test_it_sees_a_file_that_was_added_or_removed_without_a_restart(self, roots: Path) -> None:
        (roots / "new.cer").write_bytes(new_authority().root.der)
        assert len(trusted_roots()) == 2
        (roots / "new.cer").unlink()
        assert len(trusted_roots()) == 1

    @pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n"])
    def test_it_names_a_file_that_is_no_certificate(self, content: bytes, roots: Path) -> None:
        (roots / "odd.cer").write_bytes(content)
        with pytest.raises(RootsMissing, match=r"odd\.cer cannot be used"):
            trusted_roots()

    def test_it_takes_no_leaf_for_a_root(self, authority: Authority, roots: Path) -> None:
        (roots / "leaf.cer").write_bytes(authority.leaf.der)
        with pytest.raises(RootsMissing, match=r"leaf\.cer"):
            trusted_roots()


@pytest.fixture
def responder() -> Iterator[tuple[str, Book]]:
    with responding() as found:
        yield found


@pytest.fixture
def checked(responder: tuple[str, Book], roots: Path, app: App) -> Shop:
    """A shop whose certificates name a responder."""
    url, book = responder
    authority = new_authority("Checked", Wishes(responder=url))
    book.authority = authority
    (roots / "checked.cer").write_bytes(authority.root.der)
    return Shop(authority, app.bundle_id, app.apple_id or 0)


@pytest.mark.django_db
class TestResponder:
    def ask(self, shop: Shop, post: Post) -> SigningChain:
        """A notification comes; what it brought to be done is done."""
        assert post(shop.authority.sign(payload(steps_of("renew")["renew 1"], shop, uuid4()))) == 200
        run_due()
        for job in Job.objects.filter(state="queued"):
            run_now(job)
        return SigningChain.objects.get()

    def test_it_is_asked_by_a_job_and_not_while_apple_waits(
        self, checked: Shop, post: Post, responder: tuple[str, Book]
    ) -> None:
        book = responder[1]
        post(checked.authority.sign(payload(steps_of("renew")["renew 1"], checked, uuid4())))
        assert (book.asked, SigningChain.objects.get().state) == (0, "unchecked")

        assert self.ask(checked, post).state == "good"
        # Once for the intermediate, once for the leaf.
        assert book.asked == 2

    def test_a_revoked_certificate_is_told_and_still_counts_until_a_person_decides(
        self, checked: Shop, post: Post, responder: tuple[str, Book]
    ) -> None:
        responder[1].revoked.add(checked.authority.leaf.certificate.serial_number)

        chain = self.ask(checked, post)

        assert (chain.state, Subscription.objects.count()) == ("doubtful", 1)
        assert "revoked" in chain.message

    @pytest.mark.parametrize(("status", "page"), [(503, b"down"), (200, b"<html>Sign in to the proxy</html>")])
    def test_no_answer_says_nothing_about_a_certificate(
        self, status: int, page: bytes, checked: Shop, post: Post, responder: tuple[str, Book]
    ) -> None:
        responder[1].status, responder[1].page = status, page
        assert self.ask(checked, post).state == "unreachable"

    def test_certificates_that_name_no_responder_are_not_doubted(self, shop: Shop, post: Post) -> None:
        assert self.ask(shop, post).state == "unreachable"


@pytest.mark.django_db
def test_what_a_distrusted_certificate_signed_counts_nothing(shop: Shop, post: Post, roots: Path) -> None:
    stolen = new_authority("Stolen")
    (roots / "stolen.cer").write_bytes(stolen.root.der)
    thief = Shop(stolen, shop.bundle_id, shop.apple_id)
    good, bad = signed(steps_of("renew"), shop)[0], signed(steps_of("renew"), thief)[1]
    for text in (good, bad):
        assert post(text) == 200
    run_now(Job.objects.get(kind="notifications.process"))
    assert Purchase.objects.count() == 2

    run_now(enqueue_distrust(Notification.objects.get(signed_payload=bad).chain))

    assert list(Purchase.objects.values_list("purchase_key", flat=True)) == ["900"]
    assert Notification.objects.get(quarantine="distrusted").signed_payload == bad
    again = signed({"x": steps_of("grace_lost")["grace_lost 4"]}, thief)[0]
    assert post(again) == 202


def test_production_warns_of_a_root_that_is_not_apples(roots: Path, settings: Settings) -> None:
    assert trusts_apple_only(None) == []
    settings.ASCRECON_ENV = "production"

    (warning,) = trusts_apple_only(None)

    assert "SimulatedRoot.cer" in warning.msg
    settings.ASCRECON_APPLE_ROOTS = str(roots / "none")
    assert trusts_apple_only(None) == []
