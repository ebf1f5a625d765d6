from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat

Handler = Callable[[HttpRequest], HttpResponse]
#: Digits of a Content-Length that are read: more are above any limit, and Python refuses to read thousands.
LONGEST_LENGTH = 30


def content_security_policy(get_response: Handler) -> Handler:
    """Lets a page load from this site only: pages have no inline script or style, so nothing is excepted."""
    value = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items())

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", value)
        return response

    return middleware


def upload_limit(get_response: Handler) -> Handler:
    """Refuses a request above ASCRECON_MAX_UPLOAD_BYTES before a byte of it is stored (a plain 413).

    Django reads as many bytes as the Content-Length says and none where it is absent, so a lie about it gains nothing;
    one that is no plain number is refused (400), since what else Django might take it for does not matter then. A body
    in chunks says no length: it is refused (411), else its sender would be told that the form was empty.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            return _refusal("The request does not say how long it is: send it with a Content-Length.\n", 411)
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if not (announced.isascii() and announced.isdigit()):
            return _refusal("The Content-Length of the request is no number.\n", 400)
        if int(announced[:LONGEST_LENGTH]) > settings.ASCRECON_MAX_UPLOAD_BYTES:
            limit = filesizeformat(settings.ASCRECON_MAX_UPLOAD_BYTES)
            sentence = f"The upload is larger than {limit}: split the file, or raise ASCRECON_MAX_UPLOAD_BYTES.\n"
            return _refusal(sentence, 413)
        return get_response(request)

    return middleware


def no_nul(get_response: Handler) -> Handler:
    """Refuses an address with a NUL character (400): PostgreSQL takes none in a text, so every filter would break."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return _refusal("The address holds a NUL character.\n", 400)
        return get_response(request)

    return middleware


def _refusal(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
