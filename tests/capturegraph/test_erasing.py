"""Erasing oneself: every trace of the name goes, what was given stays, and nobody is left without a coordinator."""

from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core import serializers
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from race import violations
from stories import API, Clock, Person, photo, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Device, Event, Match, Membership, Target, User
from capturegraph.services.people import links, merging

pytestmark = pytest.mark.django_db


def erase(who: Person, confirm: str | None = None) -> HttpResponse:
    body = orjson.dumps({"confirm": str(who.user) if confirm is None else confirm})
    return who.phone.delete(f"{API}me/", body, content_type="application/json")


def said(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def every_word() -> str:
    """Everything that is in the database, as text; not the sessions, which are nobody's any more."""
    models = [*apps.get_app_config("capturegraph").get_models(), LogEntry]
    return "\n".join(serializers.serialize("json", model._base_manager.all()) for model in models)


@pytest.fixture
def ann(stones: Target, carol: Person, max_: Person) -> Person:
    """Whose name is like no other word, with everything that somebody can have."""
    ann = Person("annabella", email="annabella@example.org").joins(stones, "volunteer")
    slots_in(stones, oak=0, elm=500)
    capture = ann.shoots(stones, 10, owner="Annabella")["id"]
    ann.sends_photo(capture, photo())
    ann.gets(stones)
    carol.post(f"targets/{stones.pk}/messages/", {"text": "Hello Annabella", "users": [str(ann.user.pk)]})
    max_.desk().post(
        reverse("admin:capturegraph_user_change", args=[ann.user.pk]),
        {
            "name": "Annabella",
            "username": "annabella",
            "email": "annabella@example.org",
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
            "devices-TOTAL_FORMS": 0,
            "devices-INITIAL_FORMS": 0,
        },
    )
    assert "Annabella" in LogEntry.objects.get().object_repr
    return ann


def test_no_word_of_the_name_is_left(stones: Target, ann: Person, carol: Person, clock: Clock) -> None:
    Event.objects.create(
        at=clock.now, actor=ann.user, verb="changed", noun="target", data={"before": {"contact": "Annabella, 555"}}
    )
    links.make_link(user=ann.user, by=carol.user, now=clock.now)
    assert "annabella" in every_word().lower()
    answer = erase(ann)
    assert answer.status_code == 200, answer.content
    assert "annabella" not in every_word().lower()
    user = User.objects.get(pk=ann.user.pk)
    assert (user.erased_at, user.is_active, str(user)) == (clock.now, False, "somebody who left")
    assert Event.objects.get(noun="target", verb="changed").data == {"before": {"contact": "…, 555"}}


def test_what_was_given_stays_without_a_name(stones: Target, ann: Person, clock: Clock) -> None:
    answer = erase(ann).json()
    assert (answer["captures"], answer["photos"]) == (1, 1)
    assert "Photos that you gave stay" in answer["text"]
    capture = Capture.objects.get()
    assert (capture.extra, capture.device, capture.volunteer_id, bool(capture.photo)) == ({}, None, ann.user.pk, True)
    assert Match.objects.get(active=True).person_key == ann.user.person_key
    assert CandidateSlot.objects.get(title="oak").state == "fulfilled"


def test_what_was_held_goes_back_at_once(stones: Target, ann: Person, bob: Person) -> None:
    erase(ann)
    assert [one.state for one in Assignment.objects.exclude(state="fulfilled")] == ["released"]
    assert bob.gets(stones) == "elm"
    assert violations(stones.pk) == []


def test_the_token_is_dead_and_a_repeat_is_told_so(stones: Target, ann: Person) -> None:
    token = ann.device.pk
    erase(ann)
    assert said(erase(ann)) == (401, "token_unknown")
    assert said(ann.get("me/")) == (401, "token_unknown")
    assert not Device.objects.filter(pk=token).exists()
    assert ann.sends(uuid4(), ann.words(stones, 0)).status_code == 401


def test_a_session_ends_too(stones: Target, ann: Person) -> None:
    desk, other = ann.desk(), ann.desk()
    body = orjson.dumps({"confirm": "Annabella"})
    assert desk.delete(f"{API}me/", body, content_type="application/json").status_code == 200
    for client in (desk, other):
        assert client.get(f"{API}me/").status_code == 401
        assert client.get("/console/").status_code == 302


def test_nobody_is_erased_by_a_slip(stones: Target, ann: Person) -> None:
    for confirm in ("", "yes", "annabell"):
        answer = erase(ann, confirm)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "confirm")
    assert ann.get("me/").status_code == 200


def test_a_former_account_is_forgotten_with_it(stones: Target, ann: Person, max_: Person, clock: Clock) -> None:
    former = Person("ännchen").joins(stones, "volunteer")
    merging.merge(keep=ann.user, gone=former.user, by=max_.user, now=clock.now)
    erase(ann)
    assert "nnchen" not in every_word().lower()


def test_an_erased_member_is_no_member(stones: Target, ann: Person, carol: Person) -> None:
    erase(ann)
    shown = carol.get(f"targets/{stones.pk}/members/").json()["results"]
    assert [one["name"] for one in shown if one["removed_at"]] == ["somebody who left"]
    assert not Membership.objects.current().filter(user=ann.user).exists()


@pytest.mark.parametrize("state", ["open", "paused", "draft"])
def test_the_last_coordinator_hands_over_first(stones: Target, alice: Person, carol: Person, state: str) -> None:
    Target.objects.update(state=state)
    answer = erase(carol)
    assert (said(answer), answer.json()["present"]["name"]) == ((409, "last_coordinator"), "Boundary stones")
    assert User.objects.get(pk=carol.user.pk).name == "Carol"
    Membership.objects.filter(user=alice.user).update(role="coordinator")
    assert erase(carol).status_code == 200


def test_a_finished_target_needs_no_coordinator(stones: Target, carol: Person) -> None:
    Target.objects.update(state="closed")
    assert erase(carol).status_code == 200


def test_the_last_site_admin_hands_over_first(stones: Target, alice: Person, max_: Person) -> None:
    assert said(erase(max_)) == (409, "last_admin")
    User.objects.filter(pk=alice.user.pk).update(is_superuser=True, is_active=False)
    assert said(erase(max_)) == (409, "last_admin")
    User.objects.filter(pk=alice.user.pk).update(is_active=True)
    assert erase(max_).status_code == 200
    assert not User.objects.get(pk=max_.user.pk).is_superuser


def test_whoever_is_erased_is_let_in_by_nobody(stones: Target, ann: Person, max_: Person) -> None:
    erase(ann)
    chosen: dict[str, Any] = {"action": "let_in", "_selected_action": [str(ann.user.pk)]}
    max_.desk().post(reverse("admin:capturegraph_user_changelist"), chosen)
    assert not User.objects.get(pk=ann.user.pk).is_active


def test_words_of_others_are_left_alone(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    """A short name is no reason to black out half of the record."""
    User.objects.filter(pk=alice.user.pk).update(name="Al", username=None)
    alice.user.refresh_from_db()
    kept = {"title": "Also Al's alley"}
    Event.objects.create(at=clock.now, actor=bob.user, verb="changed", noun="target", data=kept)
    own = Event.objects.create(at=clock.now, actor=alice.user, verb="changed", noun="target", data=kept)
    assert erase(alice).status_code == 200
    assert Event.objects.filter(actor=bob.user, data=kept).exists()
    own.refresh_from_db()
    assert own.data == {"title": "Also …'s alley"}
    assert Client().get("/").status_code == 200
