"""A thousand forgeries of more than twenty kinds: none counts, none is an error of ours."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ascrecon.simulator.subscriptions.authority import Authority, Wishes, new_authority, new_leaf
from ascrecon.simulator.subscriptions.built import SEQUENCES
from ascrecon.simulator.subscriptions.steps import Shop, payload
from subscriptions.models import Notification, RefusedPayload, SignedTransaction
from tests.subscriptions.conftest import Post

pytestmark = pytest.mark.django_db
TRIALS = 1000
Kind = Callable[["Forger"], object]


class Forger:
    """Somebody who knows everything but Apple's private keys."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.random = Random(11)  # noqa: S311
        self.own = new_authority()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.good = shop.authority
        self.unmarked = new_leaf(self.good.intermediate, Wishes(leaf_mark=False))

    def content(self, **changes: Any) -> dict[str, Any]:
        name = self.random.choice(list(SEQUENCES))
        step = self.random.choice(SEQUENCES[name]())
        return {**payload(step, self.shop, UUID(int=self.random.getrandbits(128))), **changes}

    def honest(self) -> str:
        return self.good.sign(self.content())

    def parts(self) -> list[str]:
        return self.honest().split(".")

    def signed(self, headers: dict[str, Any], key: Any = None, algorithm: str = "ES256") -> str:
        return jwt.encode(self.content(), key or self.key, algorithm, headers=headers)

    def with_inner(self, name: str, text: object) -> str:
        content = self.content()
        return self.good.sign({**content, "data": {**content["data"], name: text}})


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def flipped_byte(forger: Forger) -> str:
    parts, which = forger.parts(), forger.random.randrange(3)
    raw = bytearray(urlsafe_b64decode(parts[which] + "=" * (-len(parts[which]) % 4)))
    raw[forger.random.randrange(len(raw))] ^= 1 << forger.random.randrange(8)
    parts[which] = urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    return ".".join(parts)


def without_signature(forger: Forger) -> str:
    head, body, _ = forger.parts()
    return f"{head}.{body}."


def cut(forger: Forger) -> str:
    text = forger.honest()
    return text[: forger.random.randrange(1, len(text) - 1)]


def algorithm_none(forger: Forger) -> str:
    return f"{encoded({'alg': 'none', 'x5c': forger.good.chain})}.{forger.parts()[1]}."


def public_key_as_secret(forger: Forger) -> str:
    public = forger.good.leaf.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return forger.signed({"x5c": forger.good.chain}, b64encode(public).decode(), "HS256")


def signature_of_another(forger: Forger) -> str:
    head, body, _ = forger.parts()
    return f"{head}.{body}.{forger.parts()[2]}"


def header_of_another(forger: Forger) -> str:
    _, body, signature = forger.own.sign(forger.content()).split(".")
    return f"{forger.parts()[0]}.{body}.{signature}"


def own_leaf_in_front(forger: Forger) -> str:
    return forger.signed({"x5c": [forger.own.leaf.text, *forger.good.chain[1:]]}, forger.own.leaf.key)


def own_chain_with_good_root(forger: Forger) -> str:
    chain = [forger.own.leaf.text, forger.own.intermediate.text, forger.good.root.text]
    return forger.signed({"x5c": chain}, forger.own.leaf.key)


def good_chain_appended(forger: Forger) -> str:
    return forger.signed({"x5c": [*forger.own.chain, *forger.good.chain]}, forger.own.leaf.key)


def marked_leaf_signed_by_a_leaf(forger: Forger) -> str:
    """A certificate that the unmarked leaf issued, as if it were an authority."""
    leaf = new_leaf(forger.unmarked, Wishes())
    return forger.signed({"x5c": [leaf.text, forger.unmarked.text, forger.good.intermediate.text]}, leaf.key)


def odd_x5c(forger: Forger) -> str:
    odd: list[Any] = ["", "AAAA", 5, None, {}, "=" * 9, "\u00e9", forger.good.chain[0][:-8], [forger.good.chain[0]]]
    chain: list[Any] = list(forger.good.chain)
    chain[forger.random.randrange(2)] = forger.random.choice(odd)
    return f"{encoded({'alg': 'ES256', 'x5c': chain})}.{forger.parts()[1]}.{forger.parts()[2]}"


def x5c_is_no_list(forger: Forger) -> str:
    odd: Any = forger.random.choice(["abc", 3, {"0": "a", "1": "b", "2": "c"}, True, None, "AAA"])
    return f"{encoded({'alg': 'ES256', 'x5c': odd})}.{forger.parts()[1]}.{forger.parts()[2]}"


def odd_header(forger: Forger) -> str:
    chain = forger.good.chain
    odd: Any = forger.random.choice(
        [[], "x", 1, None, {"alg": 5, "x5c": chain}, {"alg": ["ES256"], "x5c": chain}, {"x5c": chain},
         {"alg": "es256", "x5c": chain}, {"alg": "ES384", "x5c": chain}, {"alg": "RS256", "x5c": chain},
         {"alg": "ES256", "x5c": chain, "crit": ["exp"]}, {"alg": "ES256", "x5c": chain, "b64": False}]
    )  # fmt: skip
    return f"{encoded(odd)}.{forger.parts()[1]}.{forger.parts()[2][:-4]}AAAA"


def own_key_in_header(forger: Forger) -> str:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(forger.key.public_key()))
    return forger.signed({"x5c": forger.good.chain, "jwk": public, "kid": "1", "jku": "https://example.com/keys"})


def weird_payload(forger: Forger) -> str:
    odd: Any = forger.random.choice([[], "x", 1, None, {"signedDate": "now"}, {"signedDate": 10**400}, {"data": []}])
    return f"{forger.parts()[0]}.{encoded(odd)}.{forger.parts()[2]}"


def deep_payload(forger: Forger) -> str:
    deep = "[" * 30_000
    return f"{forger.parts()[0]}.{urlsafe_b64encode(deep.encode()).decode().rstrip('=')}.{forger.parts()[2]}"


def inner_of_own_authority(forger: Forger) -> str:
    name = forger.random.choice(["signedTransactionInfo", "signedRenewalInfo"])
    return forger.with_inner(name, forger.own.sign({"bundleId": forger.shop.bundle_id, "environment": "Production"}))


def inner_of_another_app(forger: Forger) -> str:
    other = {"bundleId": "com.other", "environment": "Production", "transactionId": "1", "signedDate": 1767225600000}
    return forger.with_inner("signedTransactionInfo", forger.good.sign(other))


def inner_is_no_jws(forger: Forger) -> str:
    odd: Any = forger.random.choice(["", "a.b.c", 5, [], {}, True, "x" * 5000])
    return forger.with_inner("signedTransactionInfo", odd)


def signed_without_uuid(forger: Forger) -> str:
    return forger.good.sign(forger.content(notificationUUID=forger.random.choice([None, "", "x", 5, [], "0" * 31])))


def signed_at_no_time(forger: Forger) -> str:
    return forger.good.sign(forger.content(signedDate=forger.random.choice(["x", -5, None, [], 10**30, {}])))


def environment_of_a_developer(forger: Forger) -> str:
    content = forger.content()
    odd: Any = forger.random.choice(["Xcode", "LocalTesting", "production", "", 5, None, ["Production"]])
    return forger.good.sign({**content, "data": {**content["data"], "environment": odd}})


def no_text(forger: Forger) -> object:
    return forger.random.choice([None, 5, [], {}, True, ["a.b.c"], {"signedPayload": "a.b.c"}])


def noise(forger: Forger) -> str:
    letters = "abcAB0-_.=+/ \n\t\u00e9\u0000\ud7ff"
    return "".join(forger.random.choice(letters) for _ in range(forger.random.randrange(0, 200)))


KINDS: tuple[Kind, ...] = (
    flipped_byte, without_signature, cut, algorithm_none, public_key_as_secret, signature_of_another,
    header_of_another, own_leaf_in_front, own_chain_with_good_root, good_chain_appended, marked_leaf_signed_by_a_leaf,
    odd_x5c, x5c_is_no_list, odd_header, own_key_in_header, weird_payload, deep_payload, inner_of_own_authority,
    inner_of_another_app, inner_is_no_jws, signed_without_uuid, signed_at_no_time, environment_of_a_developer, no_text,
    noise, lambda f: f.own.sign(f.content()), lambda f: f.signed({"x5c": f.good.chain}),
    lambda f: f.signed({"x5c": f.good.chain}, f.own.root.key),
    lambda f: Authority(f.good.root, f.good.intermediate, f.unmarked).sign(f.content()),
)  # fmt: skip


def test_no_forgery_is_taken_and_none_breaks_anything(shop: Shop, post: Post) -> None:
    forger, answers = Forger(shop), Counter[int]()
    wrong = []
    for trial in range(TRIALS):
        kind = KINDS[trial % len(KINDS)]
        status = post(kind(forger))
        answers[status] += 1
        if status != 400:
            wrong.append((kind.__name__, status))

    assert wrong == []
    assert answers == {400: TRIALS}
    assert len(KINDS) >= 20
    assert not Notification.objects.exists()
    assert not SignedTransaction.objects.exists()
    assert sum(RefusedPayload.objects.values_list("count", flat=True)) == TRIALS
    assert post(forger.honest()) == 200
