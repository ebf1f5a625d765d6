from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat

Handler = Callable[[HttpRequest], HttpResponse]


def content_security_policy(get_response: Handler) -> Handler:
    """Lets a page load from this site only: pages have no inline script or style, so nothing is excepted."""
    value = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items())

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", value)
        return response

    return middleware


def upload_limit(get_response: Handler) -> Handler:
    """Refuses a request above ASCRECON_MAX_UPLOAD_BYTES before a byte of it is stored (a plain 413)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdigit() and int(announced) > settings.ASCRECON_MAX_UPLOAD_BYTES:
            limit = filesizeformat(settings.ASCRECON_MAX_UPLOAD_BYTES)
            sentence = f"The upload is larger than {limit}: split the file, or raise ASCRECON_MAX_UPLOAD_BYTES.\n"
            return HttpResponse(sentence, status=413, content_type="text/plain; charset=utf-8")
        return get_response(request)

    return middleware
