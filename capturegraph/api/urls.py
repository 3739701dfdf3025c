"""The addresses of the API, under /api/."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from capturegraph.api import (
    assignments,
    availability,
    batches,
    board,
    captures,
    direct,
    exports,
    jobs,
    joining,
    me,
    members,
    opening,
    plans,
    problems,
    progress,
    public,
    references,
    reviewing,
    reviews,
    slots,
    targets,
    webhooks,
)
from capturegraph.services.exports.lists import LISTS
from capturegraph.services.progress.tables import TABLES

v1 = [
    path("join/", joining.Join.as_view()),
    path("me/", me.Me.as_view()),
    path("me/login/", me.Login.as_view()),
    path("me/targets/<uuid:target_id>/", me.Mine.as_view()),
    path("me/devices/", me.Devices.as_view()),
    path("me/devices/link/", me.DeviceLink.as_view()),
    path("me/devices/<uuid:device_id>/", me.OneDevice.as_view()),
    path("me/consent/", me.Consent.as_view()),
    path("me/messages/", me.Messages.as_view()),
    path("me/messages/seen/", me.Seen.as_view()),
    path("me/export/", me.Export.as_view()),
    path("targets/", targets.Targets.as_view()),
    path("targets/<uuid:target_id>/", targets.OneTarget.as_view()),
    path("targets/<uuid:target_id>/preview/", targets.Preview.as_view()),
    path("targets/<uuid:target_id>/copy/", targets.Copy.as_view()),
    path("targets/<uuid:target_id>/slots/", targets.Slots.as_view()),
    path("targets/<uuid:target_id>/board/", board.Board.as_view()),
    path("targets/<uuid:target_id>/board/captures/", board.BoardCaptures.as_view()),
    path("targets/<uuid:target_id>/slots/change/", board.ChangeSlots.as_view()),
    path("targets/<uuid:target_id>/slots/change/undo/", board.UndoChange.as_view()),
    path("targets/<uuid:target_id>/slots.geojson", targets.SlotsGeoJSON.as_view()),
    path("targets/<uuid:target_id>/request-slot/", assignments.RequestSlot.as_view()),
    path("targets/<uuid:target_id>/reserve-walk/", assignments.ReserveWalk.as_view()),
    path("targets/<uuid:target_id>/release-walk/", assignments.ReleaseWalk.as_view()),
    path("targets/<uuid:target_id>/batches/", batches.Batches.as_view()),
    path("targets/<uuid:target_id>/members/", members.Members.as_view()),
    path("targets/<uuid:target_id>/members/<uuid:user_id>/", members.OneMember.as_view()),
    path("targets/<uuid:target_id>/members/<uuid:user_id>/link/", members.MemberLink.as_view()),
    path("targets/<uuid:target_id>/members/<uuid:user_id>/merge/", members.Merge.as_view()),
    path("targets/<uuid:target_id>/messages/", members.Notes.as_view()),
    path("targets/<uuid:target_id>/webhooks/", webhooks.Webhooks.as_view()),
    path("webhooks/<uuid:webhook_id>/", webhooks.OneWebhook.as_view()),
    path("webhooks/<uuid:webhook_id>/try/", webhooks.TryWebhook.as_view()),
    path("webhooks/<uuid:webhook_id>/deliveries/", webhooks.Deliveries.as_view()),
    path("deliveries/<uuid:delivery_id>/replay/", webhooks.Replay.as_view()),
    path("assignments/", assignments.Assignments.as_view()),
    path("assignments/<uuid:assignment_id>/extend/", assignments.Extend.as_view()),
    path("assignments/<uuid:assignment_id>/release/", assignments.Release.as_view()),
    path("assignments/<uuid:assignment_id>/decline/", assignments.Decline.as_view()),
    path("assignments/<uuid:assignment_id>/take-back/", slots.TakeBack.as_view()),
    path("slots/<uuid:slot_id>/", slots.OneSlot.as_view()),
    path("slots/<uuid:slot_id>/reference/", references.Reference.as_view()),
    path("slots/<uuid:slot_id>/reference/from-capture/", references.ReferenceFromCapture.as_view()),
    path("targets/<uuid:target_id>/references/", references.References.as_view()),
    path("captures/", captures.Captures.as_view()),
    path("captures/manifest/", captures.Manifest.as_view()),
    path("captures/<uuid:capture_id>/", captures.OneCapture.as_view()),
    path("captures/<uuid:capture_id>/review/", reviews.Review.as_view()),
    path("captures/<uuid:capture_id>/claim/", reviewing.Claim.as_view()),
    path("captures/<uuid:capture_id>/claim/give-back/", reviewing.GiveBack.as_view()),
    path("captures/<uuid:capture_id>/dispute/", reviewing.DisputeOf.as_view()),
    path("review/next/", reviewing.NextReview.as_view()),
    path("review/undo/", reviewing.UndoReview.as_view()),
    path("targets/<uuid:target_id>/review/clean/", reviewing.AcceptClean.as_view()),
    path("targets/<uuid:target_id>/review/clean/undo/", reviewing.UndoClean.as_view()),
    path("captures/<uuid:capture_id>/link/", reviews.Link.as_view()),
    path("captures/<uuid:capture_id>/photo/", captures.Photo.as_view(), name="capture-photo"),
    path("captures/<uuid:capture_id>/photo/parts/", direct.PhotoParts.as_view()),
    path("captures/<uuid:capture_id>/photo/complete/", direct.PhotoComplete.as_view()),
    path("captures/<uuid:capture_id>/photo/small/", captures.SmallPhoto.as_view()),
    path("targets/<uuid:target_id>/candidates/", batches.Candidates.as_view()),
    path("batches/<uuid:batch_id>/", batches.OneBatch.as_view()),
    path("batches/<uuid:batch_id>/apply/", batches.Apply.as_view()),
    path("batches/<uuid:batch_id>/undo/", batches.Undo.as_view()),
    path("targets/<uuid:target_id>/jobs/", jobs.Jobs.as_view()),
    path("me/targets/<uuid:target_id>/availability/", availability.Mine.as_view()),
    path("targets/<uuid:target_id>/members/<uuid:user_id>/availability/", availability.Members.as_view()),
    path("planning/rules/", plans.Rules.as_view()),
    path("planning/algorithms/", plans.Algorithms.as_view()),
    path("targets/<uuid:target_id>/plans/", plans.Plans.as_view()),
    path("plans/<uuid:plan_id>/", plans.OnePlan.as_view()),
    path("plans/<uuid:plan_id>/pins/<uuid:slot_id>/<uuid:volunteer_id>/", plans.Pin.as_view()),
    path("plans/<uuid:plan_id>/runs/", plans.Runs.as_view()),
    path("plans/<uuid:plan_id>/withdraw/", plans.Withdraw.as_view()),
    path("plan-runs/<uuid:run_id>/", plans.OneRun.as_view()),
    path("plan-runs/<uuid:run_id>.geojson", plans.RunGeoJSON.as_view()),
    path("plan-runs/<uuid:run_id>/why/", plans.Why.as_view()),
    path("plan-runs/<uuid:run_id>/accept/", plans.Accept.as_view()),
    path("jobs/<uuid:job_id>/", jobs.OneJob.as_view()),
    path("jobs/<uuid:job_id>/cancel/", jobs.Cancel.as_view()),
    path("jobs/<uuid:job_id>/file/", exports.ArchiveFile.as_view()),
    path("targets/<uuid:target_id>/archive/", exports.Archive.as_view()),
    path("public/targets/<uuid:target_id>/", public.PublicTarget.as_view()),
    path("public/targets/<uuid:target_id>/captures.geojson", public.PublicCaptures.as_view()),
    path("public/photos/<uuid:photo_id>/", public.PublicPhoto.as_view()),
]

# Slots as GeoJSON have a door of their own, for the board.
v1 += [
    path(f"targets/<uuid:target_id>/{what}.{form}", exports.Export.as_view(what=what, form=form))
    for what in LISTS
    for form in exports.FORMS
    if (what, form) != ("slots", "geojson")
]

v1 += [
    path("targets/<uuid:target_id>/opening/", opening.Opening.as_view()),
    path("targets/<uuid:target_id>/progress/", progress.ProgressOf.as_view()),
    *(
        path(f"targets/<uuid:target_id>/progress.{form}", progress.ProgressOf.as_view(form=form))
        for form in ("json", "csv")
    ),
    *(
        path(
            f"targets/<uuid:target_id>/progress/{table}.{form}", progress.ProgressTable.as_view(table=table, form=form)
        )
        for table in TABLES
        for form in ("json", "csv")
    ),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api/docs.html")),
    re_path(r"(?P<rest>.*)$", problems.nothing_here),
]
