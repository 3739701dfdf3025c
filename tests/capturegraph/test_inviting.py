"""Ways in, made at the desk: shown once, made once, withdrawn, and printed as a poster."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.http import HttpResponse
from stories import Clock, Person

from capturegraph.models import Invite, Target
from capturegraph.services.people import invites

pytestmark = pytest.mark.django_db


def at(target: Target, door: str) -> str:
    return f"/console/targets/{target.pk}/{door}/"


def link_in(answer: HttpResponse) -> str:
    (code,) = set(re.findall(r'value="\S+/join/([a-z0-9-]+)"', answer.content.decode()))
    return code


def joins(code: str, person: Person) -> HttpResponse:
    asked = {"code": code, "device_id": str(uuid4()), "token": uuid4().hex * 2, "consent": True, "name": "Eve"}
    return person.phone.__class__().post("/api/v1/join/", asked, content_type="application/json")


def test_an_invite_is_shown_once_can_be_typed_and_lets_people_in(carol: Person, stones: Target) -> None:
    code = invites.typed_code()
    form = {"role": "volunteer", "uses": 3, "days": 2, "code": code}
    answers = [carol.desk().post(at(stones, "invite"), form) for _time in range(2)]
    # The same page sent twice is one invite, shown again to the one who made it.
    assert {link_in(answer) for answer in answers} == {code}
    assert Invite.objects.count() == 1
    assert re.fullmatch(r"[2-9a-hjkmnp-z]{5}(-[2-9a-hjkmnp-z]{5}){2}", code)
    assert code not in carol.desk().get(at(stones, "people")).content.decode()
    assert joins(code, carol).status_code == 201
    assert Invite.objects.get().uses_left == 2


def test_a_code_of_one_s_own_choosing_is_refused(carol: Person, stones: Target) -> None:
    for code in ("bridges", "aaaaa-aaaaa", "AAAAA-BBBBB-CCCCC", "a" * 17, "ooooo-lllll-iiiii"):
        assert carol.desk().post(at(stones, "invite"), {"uses": 3, "days": 2, "code": code}).status_code == 400
    assert not Invite.objects.exists()


def test_a_code_of_somebody_else_opens_nothing_more(carol: Person, zoe: Person, stones: Target) -> None:
    memorials = Target.objects.create(name="Memorials")
    zoe.joins(memorials, "coordinator")
    code = invites.typed_code()
    form = {"uses": 3, "days": 2, "code": code}
    assert carol.desk().post(at(stones, "invite"), form).status_code == 200
    assert zoe.desk().post(at(memorials, "invite"), form).status_code == 400
    poster = {"code": code, "languages": "en", "paper": "a4", "uses": 3, "days": 2}
    assert zoe.desk().post(at(memorials, "poster"), poster).status_code == 400
    assert Invite.objects.get().target == stones


@pytest.mark.parametrize(("uses", "days", "status"), [(5, 14, 200), (6, 14, 400), (5, 15, 400)])
def test_a_link_that_makes_coordinators_is_for_few_and_not_for_long(
    carol: Person, stones: Target, uses: int, days: int, status: int
) -> None:
    form = {"role": "coordinator", "uses": uses, "days": days}
    assert carol.desk().post(at(stones, "invite"), form).status_code == status


def test_a_withdrawn_invite_opens_nothing(carol: Person, zoe: Person, stones: Target, clock: Clock) -> None:
    made = invites.make_invite(
        target=stones, role="volunteer", by=carol.user, uses=3, valid_for=timedelta(days=1), now=clock.now
    )
    address = f"/console/targets/{stones.pk}/invite/{made.invite.pk}/withdraw/"
    for _time in range(2):
        assert carol.desk().post(address).status_code == 302
    assert joins(made.code, carol).status_code == 404
    elsewhere = Target.objects.create(name="Memorials")
    zoe.joins(elsewhere, "coordinator")
    other = invites.make_invite(
        target=stones, role="volunteer", by=carol.user, uses=3, valid_for=timedelta(days=1), now=clock.now
    )
    zoe.desk().post(f"/console/targets/{elsewhere.pk}/invite/{other.invite.pk}/withdraw/")
    assert joins(other.code, carol).status_code == 201


def test_a_poster_of_an_invite_that_was_just_made_makes_no_other(carol: Person, stones: Target) -> None:
    stones.contact, stones.run_by = "Carol, 020 7946 0000", "The museum"
    stones.save()
    code = invites.typed_code()
    carol.desk().post(at(stones, "invite"), {"uses": 3, "days": 2, "code": code})
    poster = {"code": code, "languages": ["en", "de"], "paper": "letter"}
    for _time in range(2):
        answer = carol.desk().post(at(stones, "poster"), poster)
        page = answer.content.decode()
        assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
        assert f"/join/{code}" in page
        assert 'lang="de"' in page
        assert all(
            words in page for words in ("Boundary stones", "Carol, 020 7946 0000", "The museum", "poster-letter")
        )
    assert Invite.objects.count() == 1


def test_a_poster_by_itself_makes_an_invite_once(carol: Person, stones: Target) -> None:
    (code,) = re.findall(r'name="code" value="(\S+)"', carol.desk().get(at(stones, "poster")).content.decode())
    assert not Invite.objects.exists()
    poster = {"code": code, "languages": "fr", "paper": "a4", "uses": 400, "days": 30}
    for _time in range(2):
        assert carol.desk().post(at(stones, "poster"), poster).status_code == 200
    assert Invite.objects.get().uses_left == 400
    assert joins(code, carol).status_code == 201


def test_no_poster_for_who_is_more_than_a_volunteer(carol: Person, stones: Target) -> None:
    code = invites.typed_code()
    carol.desk().post(at(stones, "invite"), {"role": "reviewer", "uses": 3, "days": 2, "code": code})
    poster = {"code": code, "languages": "en", "paper": "a4", "uses": 3, "days": 2}
    assert carol.desk().post(at(stones, "poster"), poster).status_code == 400


@pytest.mark.parametrize("field", [{"languages": "tlh"}, {"languages": []}, {"paper": "a0"}, {"code": ""}])
def test_a_poster_that_cannot_be(carol: Person, stones: Target, field: dict[str, object]) -> None:
    poster = {"code": invites.typed_code(), "languages": "en", "paper": "a4", "uses": 3, "days": 2, **field}
    assert carol.desk().post(at(stones, "poster"), poster).status_code == 400
    assert not Invite.objects.exists()
