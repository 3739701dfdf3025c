"""Every address of the site, in four rooms."""

from django.contrib import admin
from django.urls import include, path

from capturegraph.admin import storage
from capturegraph.api import health

urlpatterns = [
    path("api/", include("capturegraph.api.urls")),
    path("admin/storage/", admin.site.admin_view(storage.storage), name="storage"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", include("capturegraph.pages.urls")),
]

handler400 = "capturegraph.pages.errors.bad_request"
handler403 = "capturegraph.pages.errors.forbidden"
handler404 = "capturegraph.pages.errors.not_found"
handler500 = "capturegraph.pages.errors.server_error"
