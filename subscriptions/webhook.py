"""The address to which the App Store sends notifications: verify, keep, answer. The work is a job.

Without a session and without CSRF protection: the signature is the proof of who sends. Apple takes 200 to 206 for
received and sends again after 50x; that it does so after 400 developers no longer see, so 400 is for good.
"""

from __future__ import annotations

import json
import logging

from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseTrouble
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ascrecon.client_address import client_address
from ascrecon.storeserver.refusals import Reason, Refused, RootsMissing
from reports.models import Account
from subscriptions.jobs import enqueue_processing
from subscriptions.models import Environment, Source
from subscriptions.services.accounts import account_of_address
from subscriptions.services.intake import take_in
from subscriptions.services.refusals import count_refusal

log = logging.getLogger(__name__)
LONGEST_BODY = 256 * 1024  # Apple's have under 20 KB
RECEIVED, KEPT_ASIDE, REFUSED, UNKNOWN, TOO_LARGE, LATER = 200, 202, 400, 404, 413, 503


@csrf_exempt
@require_POST
def receive(request: HttpRequest, account: str, environment: str) -> HttpResponse:
    """200 received (also a repeat), 202 kept aside in quarantine, 400 refused, 413 too large, 503 send it again."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        return _answer("The body is too large for a notification.", TOO_LARGE)
    try:
        return _received(request, account, Environment(environment))
    except (DatabaseTrouble, RootsMissing) as exc:
        log.error("a notification could not be kept, Apple is asked to send it again: %s", exc)
        return _answer("It cannot be kept at the moment; send it again.", LATER)


def _received(request: HttpRequest, name: str, environment: Environment) -> HttpResponse:
    account = account_of_address(name)
    if account is None:
        return _answer("There is no such address.", UNKNOWN)
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return _answer("The body could not be read.", REFUSED)
    try:
        return _kept(body, account, environment)
    except Refused as refused:
        count_refusal(refused, account=account, environment=environment, body=body, address=client_address(request))
        log.warning("a notification for %s was refused (%s): %s", account, refused.reason, refused)
        return _answer(str(refused), REFUSED)


@transaction.atomic
def _kept(body: bytes, account: Account, environment: Environment) -> HttpResponse:
    taken = take_in(signed_payload_of(body), account=account, environment=environment, source=Source.WEBHOOK)
    if taken.is_quarantined:
        return _answer("Kept aside.", KEPT_ASIDE)
    if taken.new:
        enqueue_processing(account)
    return _answer("Received.", RECEIVED)


def signed_payload_of(body: bytes) -> object:
    """The `signedPayload` of a request's body; Refused where the body is no JSON object."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(Reason.MALFORMED, "The body is not JSON.") from None
    if not isinstance(document, dict):
        raise Refused(Reason.MALFORMED, "The body is not a JSON object with a signedPayload.")
    return document.get("signedPayload")


def _answer(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
