"""The addresses of the API, under /api/."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from capturegraph.api import assignments, batches, captures, joining, problems, targets

v1 = [
    path("join/", joining.Join.as_view()),
    path("me/", joining.Me.as_view()),
    path("targets/", targets.Targets.as_view()),
    path("targets/<uuid:target_id>/", targets.OneTarget.as_view()),
    path("targets/<uuid:target_id>/slots/", targets.Slots.as_view()),
    path("targets/<uuid:target_id>/slots.geojson", targets.SlotsGeoJSON.as_view()),
    path("targets/<uuid:target_id>/request-slot/", assignments.RequestSlot.as_view()),
    path("targets/<uuid:target_id>/batches/", batches.Batches.as_view()),
    path("assignments/", assignments.Assignments.as_view()),
    path("assignments/<uuid:assignment_id>/extend/", assignments.Extend.as_view()),
    path("assignments/<uuid:assignment_id>/release/", assignments.Release.as_view()),
    path("captures/", captures.Captures.as_view()),
    path("captures/manifest/", captures.Manifest.as_view()),
    path("captures/<uuid:capture_id>/", captures.OneCapture.as_view()),
    path("captures/<uuid:capture_id>/photo/", captures.Photo.as_view(), name="capture-photo"),
    path("batches/<uuid:batch_id>/", batches.OneBatch.as_view()),
    path("batches/<uuid:batch_id>/apply/", batches.Apply.as_view()),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api/docs.html")),
    re_path(r"(?P<rest>.*)$", problems.nothing_here),
]
