"""The whole webhook by HTTP, gunicorn and all, against Apple's library alone verifying the same payloads."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

from ascrecon.simulator.subscriptions.authority import new_authority
from ascrecon.simulator.subscriptions.crowd import crowd
from ascrecon.simulator.subscriptions.steps import Shop, signed
from benchmarks.database import execute, start_afresh
from benchmarks.measuring import in_a_process, report, rows_wanted, runs_wanted
from benchmarks.webserver import OK, Answer, gunicorn, send_all
from reports.models import Account, App
from subscriptions.models import Notification

#: Of BENCH_ROWS: signing them takes longer than what is measured.
SHARE, FEW = 100, 100
PROCESSES, THREADS, SENDERS = 2, 8, 16
BUNDLE, APPLE_ID = "com.acme.notes", 1500000001


def bench(folder: Path) -> None:
    place = folder / "webhook"
    authority = new_authority()
    root = authority.write_root(place / "roots")
    texts = signed(crowd(max(FEW, rows_wanted() // SHARE)), Shop(authority, BUNDLE, APPLE_ID))
    payloads = place / "payloads.txt"
    payloads.write_text("\n".join(texts))
    alone, webhook = [], []
    for _ in range(runs_wanted()):
        alone.append(in_a_process("verify", payloads, root, BUNDLE, APPLE_ID, PROCESSES, THREADS)["seconds"])
        webhook.append(_send(place, texts))
    library, seconds = median(alone), median(spent for spent, _ in webhook)
    every = sorted(answer.seconds * 1000 for _, answers in webhook for answer in answers)
    report(
        "webhook", ratio=seconds / library, target=None, rows=len(texts), runs=runs_wanted(), lost=0,
        per_second=len(texts) / seconds, library_per_second=len(texts) / library, processes=PROCESSES,
        threads=THREADS, senders=SENDERS, p50_milliseconds=median(every), p99_milliseconds=quantiles(every, n=100)[98],
    )  # fmt: skip


def _send(place: Path, texts: list[str]) -> tuple[float, list[Answer]]:
    """Seconds until the last one is answered 200, and each answer; all of them are in the database then."""
    account = _afresh()
    bodies = [json.dumps({"signedPayload": text}).encode() for text in texts]
    path = f"/notifications/{account.pk}/production/"
    environment = {"ASCRECON_APPLE_ROOTS": str(place / "roots")}
    with gunicorn(place / "web.log", processes=PROCESSES, threads=THREADS, environment=environment) as port:
        seconds, answers = send_all(port, path, bodies, SENDERS)
    assert Counter(answer.status for answer in answers) == {OK: len(texts)}, "the webhook refused one"
    assert Notification.objects.filter(account=account).count() == len(texts), "one was answered and is not there"
    return seconds, answers


def _afresh() -> Account:
    account = start_afresh()
    execute("TRUNCATE subscriptions_notification, jobs_job CASCADE")
    App.objects.create(account=account, apple_id=APPLE_ID, bundle_id=BUNDLE, name="Acme Notes", sku="NOTES")
    return account
