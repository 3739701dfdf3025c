"""The site administration opens for the site admin and nobody else; what is changed there is written down."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from planning_ahead import answered, asked, for_hours, says
from stories import Person, slots_in

from capturegraph.models import (
    Assignment,
    Availability,
    Batch,
    Blurring,
    CandidateSlot,
    Capture,
    ColumnChoice,
    Delivery,
    Device,
    DirectUpload,
    Dispute,
    Event,
    Invite,
    Job,
    Match,
    Membership,
    Message,
    OpeningCheck,
    PhotoFinding,
    PhotoPart,
    Plan,
    PlanPin,
    PlanRun,
    ReviewClaim,
    ServiceLease,
    ServiceRun,
    ServiceRunner,
    Target,
    User,
    Webhook,
)
from capturegraph.services import jobs, telling
from capturegraph.services.batching import batches
from capturegraph.services.cycles import leases, runners
from capturegraph.services.opening import checks, steps
from capturegraph.services.people import invites
from capturegraph.services.refusals import Refused
from capturegraph.services.webhooks import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

BEHIND = (Delivery, DirectUpload, Job, Message, PhotoPart, ServiceLease, ServiceRun, ServiceRunner, Webhook)
AHEAD = (Availability, Plan, PlanPin, PlanRun)
REVIEWING = (Blurring, Dispute, OpeningCheck, PhotoFinding, ReviewClaim)
WRITTEN_BY_SERVICES = (
    Assignment, Batch, CandidateSlot, Capture, ColumnChoice, Device, Event, Match, *AHEAD, *BEHIND, *REVIEWING,
)  # fmt: skip
EVERY = (*WRITTEN_BY_SERVICES, Invite, Membership, Target, User)


@pytest.fixture
def lived(stones: Target, alice: Person, carol: Person, rita: Person) -> Target:
    """A target in which something of everything has happened."""
    now = timezone.now()
    slots_in(stones, oak=0, elm=5000)
    alice.gets(stones)
    capture = alice.shoots(stones, 10)
    assert alice.sends_photo(capture["id"]).status_code in (200, 201)
    file = batches.File("a.csv", b"id,title,lat,lon\n1,Pine,38.9,-77.1\n")
    batches.upload(target=stones, file=file, mode="add", by=carol.user, now=now)
    invites.make_invite(target=stones, role="volunteer", by=carol.user, uses=3, valid_for=timedelta(days=1), now=now)
    jobs.add(kind="rejudge", target=stones, by=carol.user, now=now)
    telling.tell(users=[alice.user.pk], kind="paused", now=now, target_id=stones.pk)
    PhotoPart.objects.create(
        capture_id=uuid4(), volunteer=alice.user, start=0, size=1, total=2, file="parts/one", created_at=now
    )
    says(alice, stones, now, for_hours(now, 4))
    plan = asked(stones, carol, now)
    PlanPin.objects.create(plan=plan, slot=stones.slots.get(title="elm"), volunteer=alice.user, created_at=now)
    answered(plan, carol, now)
    hook, _new = addresses.add(target=stones, url="https://example.org/", topics=(), by=carol.user, now=now)
    addresses.test(webhook_id=hook.pk, by=carol.user, now=now)
    looked_at(Capture.objects.get(), rita.user, now)
    consent = steps.step(stones, "consent").digest
    checks.tick(target_id=stones.pk, step="consent", digest=consent, by=carol.user, now=now)
    ColumnChoice.objects.create(target=stones, header="f" * 64, columns={"title": "name"}, created_at=now)
    runners.sign_on(runner_id="beat", name="beat")
    leases.claim(service="sweep", runner_id="beat", rhythm=leases.Rhythm(60))
    return stones


def looked_at(capture: Capture, reviewer: User, now: datetime) -> None:
    """What there is of a photograph once somebody looks at it, and its volunteer objects."""
    of_it = {"capture": capture, "target": capture.target}
    Blurring.objects.create(**of_it, blurrer="haar", state="failed", reason="It has no pixels.", at=now)
    PhotoFinding.objects.create(
        **of_it,
        photo_sha256="a" * 64,
        flags=[{"code": "far"}],
        flag_count=1,
        found_at=now,
        latitude=38.9,
        longitude=-77.0,
    )
    DirectUpload.objects.create(
        capture=capture, name="incoming/one", sha256="a" * 64, size=2, part_size=1, begun_at=now, ends_at=now
    )
    ReviewClaim.objects.create(**of_it, reviewer=reviewer, claimed_at=now, until=now + timedelta(minutes=5))
    Dispute.objects.create(**of_it, said_by=capture.volunteer, said="It is the oak.", said_at=now, against=reviewer)


@pytest.fixture
def office(max_: Person) -> Client:
    return max_.desk()


def listed(model: type[Model]) -> str:
    return reverse(f"admin:capturegraph_{model._meta.model_name}_changelist")


def of(row: Model) -> str:
    return reverse(f"admin:capturegraph_{row._meta.model_name}_change", args=[row.pk])


def said(answer: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def act(office: Client, action: str, *rows: Model) -> str:
    """Choose rows in their list and do something to them; give what is said then."""
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    answer = office.post(listed(type(rows[0])), chosen)
    assert answer.status_code == 302
    return said(answer)


def test_every_model_has_its_room() -> None:
    ours = {model for model in admin.site._registry if model._meta.app_label == "capturegraph"}
    assert ours == set(EVERY)


@pytest.mark.parametrize("model", EVERY)
def test_a_list_its_search_and_a_row_open_for_the_site_admin(lived: Target, office: Client, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    assert office.get(listed(model)).status_code == 200
    found = office.get(listed(model), {"q": str(row.pk)})
    assert found.status_code == 200
    shown = office.get(of(row))
    assert shown.status_code == 200
    secrets_kept = re.findall(r"\b[0-9a-f]{64}\b", shown.content.decode())
    assert model in (Batch, Capture) or not secrets_kept
    assert "whsec_" not in shown.content.decode()


@pytest.mark.parametrize("model", EVERY)
def test_nobody_else_gets_in(
    lived: Target, alice: Person, carol: Person, rita: Person, zoe: Person, model: type[Model]
) -> None:
    row = model._default_manager.first()
    assert row is not None
    for browser in (Client(), alice.desk(), carol.desk(), rita.desk(), zoe.desk(), alice.phone):
        for address in (listed(model), of(row)):
            assert browser.get(address).status_code in (302, 403)


@pytest.mark.parametrize("model", WRITTEN_BY_SERVICES)
def test_what_services_write_cannot_be_written_here(lived: Target, office: Client, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    before = model._default_manager.values().get(pk=row.pk)
    name = model._meta.model_name
    assert office.get(reverse(f"admin:capturegraph_{name}_add")).status_code == 403
    assert office.post(of(row), {"state": "nonsense"}).status_code == 403
    assert office.post(reverse(f"admin:capturegraph_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert model._default_manager.values().get(pk=row.pk) == before


def test_a_new_account_logs_in_once_with_the_password_shown(office: Client) -> None:
    asked = {"name": "Dave", "username": "dave", "is_superuser": "on"}
    answer = office.post(reverse("admin:capturegraph_user_add"), asked)
    assert answer.status_code == 302
    dave = User.objects.get(username="dave")
    assert (dave.is_staff, dave.is_superuser, dave.must_change_password) == (True, True, True)
    password = re.search(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", said(answer))
    assert password is not None
    assert dave.check_password(password[0])
    again = office.post(reverse("admin:capturegraph_user_add"), {**asked, "username": "DAVE"})
    assert again.status_code == 200
    assert User.objects.filter(username__iexact="dave").count() == 1


def test_a_lost_password_is_replaced(office: Client, carol: Person, alice: Person) -> None:
    told = act(office, "give_one_time_password", carol.user)
    carol.user.refresh_from_db()
    assert carol.user.must_change_password
    password = re.search(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", told)
    assert password is not None
    assert carol.user.check_password(password[0])


def test_shutting_out_and_letting_in(office: Client, max_: Person, alice: Person, stones: Target) -> None:
    act(office, "shut_out", alice.user, max_.user)
    assert alice.get("me/").status_code == 401
    assert User.objects.get(pk=max_.user.pk).is_active
    act(office, "let_in", alice.user)
    assert alice.get("me/").status_code == 200
    assert list(Event.objects.filter(row_id=alice.user.pk).order_by("pk").values_list("verb", flat=True)) == [
        "shut out",
        "let in",
    ]


def test_a_revoked_phone_is_out_at_once(office: Client, alice: Person) -> None:
    assert alice.get("me/").status_code == 200
    act(office, "revoke", alice.device)
    assert alice.get("me/").status_code == 401


def test_a_target_is_made_and_changed_by_its_service(office: Client, max_: Person, stones: Target) -> None:
    form = office.get(reverse("admin:capturegraph_target_add")).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    asked = {name: value for name, value in values.items() if value not in (None, False)}
    answer = office.post(reverse("admin:capturegraph_target_add"), {**asked, "name": "Wells"})
    assert answer.status_code == 302, answer.context["errors"]
    wells = Target.objects.get(name="Wells")
    assert Membership.objects.filter(user=max_.user, target=wells, role="coordinator").exists()
    assert office.post(of(wells), {**asked, "name": "Old wells"}).status_code == 302
    wells.refresh_from_db()
    assert wells.name == "Old wells"
    assert list(Event.objects.filter(row_id=wells.pk).values_list("verb", flat=True)) == ["created", "changed"]
    assert office.post(of(wells), {**asked, "name": "Old wells", "sigma_m": "0"}).status_code == 200
    planning = {"planning_rules": '[{"rule": "most_slots", "most": 8}]', "planning_algorithms": '["backtracking"]'}
    assert office.post(of(wells), {**asked, "name": "Old wells", **planning}).status_code == 302
    wells.refresh_from_db()
    assert (wells.planning_rules, wells.planning_algorithms) == ([{"rule": "most_slots", "most": 8}], ["backtracking"])
    for wrong in ({"planning_rules": '[{"rule": "luck"}]'}, {"planning_algorithms": '["luck"]'}):
        answer = office.post(of(wells), {**asked, "name": "Old wells", **wrong})
        assert "called “luck”" in str(answer.context["errors"])


def test_an_invite_is_shown_once_works_and_is_revoked(office: Client, stones: Target, client: Client) -> None:
    asked: dict[str, Any] = {"target": stones.pk, "role": "volunteer", "uses": 2, "days": 3}
    answer = office.post(reverse("admin:capturegraph_invite_add"), asked)
    assert answer.status_code == 302
    code = said(answer).split("/join/")[1].split()[0]
    invite = invites.invite_for(code=code, now=timezone.now())
    assert (invite.target, invite.uses_left) == (stones, 2)
    act(office, "revoke", invite)
    with pytest.raises(Refused):
        invites.invite_for(code=code, now=timezone.now())


def test_a_member_is_taken_in_given_a_role_and_taken_out(office: Client, stones: Target, zoe: Person) -> None:
    add = reverse("admin:capturegraph_membership_add")
    assert office.post(add, {"user": zoe.user.pk, "target": stones.pk, "role": "volunteer"}).status_code == 302
    assert zoe.get(f"targets/{stones.pk}/").status_code == 200
    membership = Membership.objects.get(user=zoe.user)
    assert office.post(of(membership), {"role": "reviewer"}).status_code == 302
    membership.refresh_from_db()
    assert membership.role == "reviewer"
    act(office, "remove", membership)
    assert zoe.get(f"targets/{stones.pk}/").status_code == 404
