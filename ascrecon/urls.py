from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from ascrecon.health import healthz
from subscriptions.webhook import receive

NOTIFICATIONS = "notifications/(?P<account>[^/]+)/(?P<environment>production|sandbox)"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    re_path(rf"^{NOTIFICATIONS}/$", receive, name="notifications"),
    re_path(rf"^{NOTIFICATIONS}$", receive),  # entered without the last slash: a POST cannot be led on
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("reports/icon.svg"))),
]
