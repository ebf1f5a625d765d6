"""What came of Apple's attempt to send a notification, in words that say what to do.

Source: Apple documentation, sendAttemptResult.
"""

from __future__ import annotations

SUCCESS = "SUCCESS"
SENTENCES = {
    SUCCESS: "Apple reached the webhook, and it answered as it should.",
    "UNSUCCESSFUL_HTTP_RESPONSE_CODE": (
        "Something answered, but not with 200 to 206: a wrong address (404), a proxy or login page in front, no root "
        "certificates here (503), or another account's address (400). Look at the log of the web server."
    ),
    "NO_RESPONSE": "Nothing answered: the internet does not reach the address, or a firewall drops Apple's call.",
    "TIMED_OUT": "The server did not answer in time: it is overloaded, or a firewall holds the call.",
    "TLS_ISSUE": (
        "The certificate of the web server was not accepted: it has expired, is for another name, lacks its "
        "intermediate certificate, or the server speaks no TLS 1.2."
    ),
    "SOCKET_ISSUE": "The connection broke off: look at the proxy or firewall in front of the web server.",
    "PREMATURE_CLOSE": "The connection was closed before the answer was complete: look at the proxy in front.",
    "CIRCULAR_REDIRECT": "The address leads on to itself: enter the address just as it stands here, with https.",
    "INVALID_RESPONSE": "What answered is no HTTP: something else than this web server listens at the address.",
    "UNSUPPORTED_CHARSET": "What answered is in a character set that Apple does not read: it is not this program.",
    "OTHER": "Apple does not say what went wrong: try again, then look at the log of the web server.",
}
UNKNOWN = "Apple gave a result that this version does not know."


def sentence_of(result: str) -> str:
    """What a result means; also for one that Apple has added since."""
    return SENTENCES.get(result, UNKNOWN)
