"""Before a target is opened: steps are looked at, ticked by somebody, out of date when they change, and recorded."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.http import HttpResponse
from stories import Clock, Person, photo, place, slots_in

from capturegraph.models import Assignment, Event, OpeningCheck, Target
from capturegraph.services import copying, targets
from capturegraph.services.demonstration import of_ones_own
from capturegraph.services.opening import areas, checks, steps
from capturegraph.services.people import members
from capturegraph.services.refusals import Conflict, Invalid

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

ALL = ["matching", "instructions", "privacy", "consent", "members", "places"]
SQUARE = [[-77.1, 38.8], [-77.0, 38.8], [-77.0, 38.9], [-77.1, 38.9], [-77.1, 38.8]]


@pytest.fixture
def draft(stones: Target) -> Target:
    """The stones before they are opened, with two places that one photograph does."""
    Target.objects.filter(pk=stones.pk).update(state="draft", consent_text="Your photos are kept here.")
    slots_in(stones, oak=0, elm=30, ash=900)
    stones.refresh_from_db()
    return stones


def address(target: Target) -> str:
    return f"/console/targets/{target.pk}/opening/"


def states(target: Target) -> dict[str, str]:
    return {one.step.name: one.state for one in checks.standing(Target.objects.get(pk=target.pk))}


def ticks(who: Person, target: Target, *names: str) -> None:
    """Look at steps on the page, and tick them as they are there."""
    desk = who.desk()
    for name in names:
        shown = {one.step.name: one.step for one in desk.get(address(target)).context["steps"]}
        answer = desk.post(address(target), {"what": "tick", "step": name, "digest": shown[name].digest})
        assert (answer.status_code, answer["Location"]) == (302, f"{address(target)}#{name}")


def doubts(target: Target, name: str) -> str:
    return " ".join(steps.step(Target.objects.get(pk=target.pk), name).doubts)


def opens(who: Person, target: Target) -> HttpResponse:
    return who.desk().post(address(target), {"what": "open"}, follow=True)


def test_a_coordinator_and_an_admin_tick_what_they_looked_at(
    draft: Target, carol: Person, max_: Person, clock: Clock
) -> None:
    assert states(draft) == dict.fromkeys(ALL, "open")
    ticks(carol, draft, "matching", "consent")
    clock.forward(hours=2)
    ticks(max_, draft, "privacy")
    ticks(max_, draft, "consent")
    shown = {one.step: (one.ticked_by, one.ticked_at) for one in OpeningCheck.objects.select_related("ticked_by")}
    early = clock.now - timedelta(hours=2)
    # Whoever ticks what is ticked already has not been the one.
    assert shown == {
        "matching": (carol.user, early), "consent": (carol.user, early), "privacy": (max_.user, clock.now),
    }  # fmt: skip
    assert list(states(draft).values()).count("ticked") == 3
    told = Event.objects.filter(noun="target", verb="checked").order_by("pk").values_list("actor", "data__step")
    assert list(told) == [(carol.user.pk, "matching"), (carol.user.pk, "consent"), (max_.user.pk, "privacy")]
    page = carol.desk().get(address(draft)).content.decode()
    assert "Ticked by Carol, 1 June 2026, 09:00" in page
    assert "3 steps are not ticked" in page


def test_a_tick_is_out_of_date_once_what_it_ticked_has_changed(
    draft: Target, carol: Person, rita: Person, bob: Person, clock: Clock
) -> None:
    ticks(carol, draft, *ALL)
    assert set(states(draft).values()) == {"ticked"}
    changes: dict[str, Any] = {
        "matching": {"sigma_m": 60.0}, "instructions": {"safety_note": "Mind the bull."},
        "privacy": {"kept_for": "until 2030"}, "consent": {"consent_text": "Everything is public."},
    }  # fmt: skip
    for name, values in changes.items():
        before = states(draft)
        targets.change_target(target_id=draft.pk, by=carol.user, values=values, now=clock.now)
        after = states(draft)
        assert {one for one in ALL if before[one] != after[one]} == {name}
    members.set_role(user=bob.user, target=draft, role="reviewer", now=clock.now, by=carol.user)
    assert states(draft)["members"] == "changed"
    draft.slots.filter(title="ash").update(latitude=place(950)[0])
    assert states(draft)["places"] == "changed"
    page = carol.desk().get(address(draft)).content.decode()
    assert page.count("Changed since Carol ticked it") == 6
    # Put back as it was, it is what she ticked.
    targets.change_target(target_id=draft.pk, by=carol.user, values={"sigma_m": 50.0}, now=clock.now)
    assert states(draft)["matching"] == "ticked"
    ticks(carol, draft, "privacy")
    assert states(draft)["privacy"] == "ticked"


def test_people_on_the_way_and_photos_make_no_tick_out_of_date(
    draft: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    ticks(carol, draft, *ALL)
    targets.change_target(target_id=draft.pk, by=carol.user, values={"state": "open"}, now=clock.now)
    assert alice.gets(draft) == "oak"
    capture = alice.shoots(draft, 5)
    assert alice.sends_photo(capture["id"], photo()).status_code in (200, 201)
    assert set(states(draft).values()) == {"ticked"}


def test_what_has_changed_since_the_page_was_opened_is_not_ticked(draft: Target, carol: Person, clock: Clock) -> None:
    digest = steps.step(draft, "consent").digest
    targets.change_target(target_id=draft.pk, by=carol.user, values={"consent_text": "Other."}, now=clock.now)
    answer = carol.desk().post(address(draft), {"what": "tick", "step": "consent", "digest": digest}, follow=True)
    assert "This has changed since you opened the page" in answer.content.decode()
    assert not OpeningCheck.objects.exists()
    with pytest.raises(Invalid):
        checks.tick(target_id=draft.pk, step="luck", digest=digest, by=carol.user, now=clock.now)


def test_a_tick_is_taken_back(draft: Target, carol: Person) -> None:
    ticks(carol, draft, "consent")
    for _again in range(2):
        assert carol.desk().post(address(draft), {"what": "untick", "step": "consent"}).status_code == 302
    assert states(draft)["consent"] == "open"
    assert Event.objects.filter(noun="target", verb="unchecked").count() == 1


def test_what_may_be_missing_is_said(draft: Target, carol: Person, clock: Clock) -> None:
    assert "2 places are closer than 50 m to another one" in doubts(draft, "places")
    assert "Nothing says what a good photo shows." in doubts(draft, "instructions")
    assert "Nobody reviews it but its coordinators" in doubts(draft, "members")
    assert doubts(draft, "consent") == ""
    values = {"sigma_m": 10.0, "outline": {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}]}}  # fmt: skip
    targets.change_target(target_id=draft.pk, by=carol.user, values=values, now=clock.now)
    assert "rougher (±50 m) than what is allowed (10 m)" in doubts(draft, "matching")
    assert steps.step(Target.objects.get(), "places").figures == {
        "places": 3, "without_position": 0, "outside": 0, "close": 0,
    }  # fmt: skip
    draft.slots.filter(title="ash").update(latitude=38.95)
    assert doubts(draft, "places") == "1 place lies outside of the outline."
    draft.slots.all().delete()
    assert doubts(draft, "places") == "There is no place yet: nobody can be sent anywhere."


@pytest.mark.parametrize(
    ("where", "within"),
    [((0, 179.9), True), ((0, -179.9), True), ((0, 178), False), ((0, 0), False), ((0.5, 179.95), False)],
)
def test_an_area_may_lie_across_the_date_line_and_have_a_hole(where: tuple[float, float], within: bool) -> None:
    ring = [[179, -1], [-179, -1], [-179, 1], [179, 1]]
    hole = [[179.93, 0.4], [179.97, 0.4], [179.97, 0.6], [179.93, 0.6]]
    outline = {"features": [{"geometry": {"type": "MultiPolygon", "coordinates": [[ring, hole]]}}]}
    assert areas.inside(np.array([where], float), areas.polygons(outline)).tolist() == [within]


def test_an_owner_may_open_it_all_the_same_and_that_is_recorded(draft: Target, carol: Person, alice: Person) -> None:
    ticks(carol, draft, "matching", "places")
    answer = opens(carol, draft)
    assert "These steps were not ticked: “What volunteers are asked for”" in answer.content.decode()
    assert Target.objects.get().state == "open"
    opened = Event.objects.get(noun="target", verb="opened")
    assert (opened.actor, opened.data) == (
        carol.user, {"open_steps": ["instructions", "privacy", "consent", "members"]},
    )  # fmt: skip
    assert alice.gets(draft) == "oak"
    # Paused and opened again it is no draft: nothing is said of steps.
    for state in ("paused", "open"):
        answer = carol.desk().post(f"/console/targets/{draft.pk}/state/", {"state": state}, follow=True)
        assert "not ticked" not in answer.content.decode().split("<main")[0]
    assert Event.objects.filter(noun="target", verb="opened").count() == 1


def test_the_other_doors_say_it_too(draft: Target, carol: Person) -> None:
    answer = carol.desk().post(f"/console/targets/{draft.pk}/state/", {"state": "open"}, follow=True)
    assert "These steps were not ticked" in answer.content.decode()
    assert len(Event.objects.get(noun="target", verb="opened").data["open_steps"]) == 6


def test_it_can_be_read_by_other_programs(draft: Target, carol: Person) -> None:
    ticks(carol, draft, "consent")
    said = carol.get(f"targets/{draft.pk}/opening/").json()
    assert said["demanded"] is False
    assert [one["step"] for one in said["steps"]] == ALL
    (consent,) = (one for one in said["steps"] if one["step"] == "consent")
    assert (consent["state"], consent["ticked_by"]) == ("ticked", "Carol")
    assert said["steps"][-1]["figures"]["close"] == 2


# --- where the site demands it ----------------------------------------------------------------------------------------


@pytest.fixture
def demanding(settings: Any) -> None:
    """A site that wants everything ticked."""
    settings.ENV = {**settings.ENV, "REVIEW_BEFORE_OPENING": True}


def test_a_site_may_demand_that_every_step_is_ticked(
    demanding: None, draft: Target, carol: Person, max_: Person, clock: Clock
) -> None:
    ticks(carol, draft, *ALL[:-1])
    page = carol.desk().get(address(draft)).content.decode()
    assert "This site wants every step ticked first: “The places”" in " ".join(page.split())
    assert 'data-testid="open"' not in page
    assert "Still open: “The places”." in opens(carol, draft).content.decode()
    refused = carol.patch(f"targets/{draft.pk}/", {"state": "open"})
    assert (refused.status_code, refused.json()["code"]) == (409, "review_demanded")
    answer = carol.desk().post(f"/console/targets/{draft.pk}/state/", {"state": "open"}, follow=True)
    assert "Still open" in answer.content.decode()
    assert Target.objects.get().state == "draft"
    ticks(carol, draft, "places")
    assert opens(carol, draft).status_code == 200
    assert Target.objects.get().state == "open"


def test_what_is_changed_in_the_same_breath_is_not_ticked(
    demanding: None, draft: Target, carol: Person, clock: Clock
) -> None:
    ticks(carol, draft, *ALL)
    refused = carol.patch(f"targets/{draft.pk}/", {"state": "open", "consent_text": "Everything is public."})
    assert refused.status_code == 409
    assert Target.objects.get().consent_text == "Your photos are kept here."


def test_nothing_leads_round_it(demanding: None, draft: Target, carol: Person, max_: Person, clock: Clock) -> None:
    for state in ("paused", "closed"):
        with pytest.raises(Conflict):
            targets.change_target(target_id=draft.pk, by=carol.user, values={"state": state}, now=clock.now)
    made, __ = targets.create_target(by=max_.user, values={"name": "Wells", "state": "open"}, now=clock.now)
    assert made.state == "draft"
    Target.objects.filter(pk=draft.pk).update(state="open")
    source = Target.objects.get(pk=draft.pk)
    copied = copying.copy_target(source=source, name="Again", by=max_.user, places=True, now=clock.now)
    assert copied.target.state == "draft"
    assert Assignment.objects.count() == 0


def test_the_demonstration_opens_as_before(demanding: None, max_: Person, clock: Clock) -> None:
    assert of_ones_own(by=max_.user, now=clock.now).state == "open"


def test_a_new_target_can_be_kept_a_draft(max_: Person) -> None:
    typed = {"name": "Wells", "time_zone": "UTC"}
    assert max_.desk().post("/console/new/", {**typed, "draft": "on"}).status_code == 302
    assert max_.desk().post("/console/new/", {**typed, "name": "Bridges"}).status_code == 302
    assert dict(Target.objects.values_list("name", "state")) == {"Wells": "draft", "Bridges": "open"}
