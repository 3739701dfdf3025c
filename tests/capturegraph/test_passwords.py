"""Passwords that were forgotten: links that an admin makes, and letters that somebody asks for."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from stories import Clock, Person

from capturegraph.models import Event, Job, User
from capturegraph.services import work
from capturegraph.services.people import resets

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

OLD, NEW = "a tape of sixty-six feet", "a rod of sixteen feet"


@pytest.fixture
def carol(clock: Clock) -> Person:
    carol = Person("carol", email="carol@example.org", must_change_password=True)
    carol.user.set_password(OLD)
    carol.user.save()
    return carol


@pytest.fixture
def with_mail(settings: Any) -> None:
    settings.MAIL_IS_SENT = True


def link_from_command(*more: str) -> str:
    out = StringIO()
    call_command("resetlink", "Carol", *more, stdout=out)
    return out.getvalue().strip()


def choose(address: str, new: str = NEW, again: str = "") -> HttpResponse:
    return Client().post(address, {"new": new, "again": again or new})


def may_log_in(password: str) -> bool:
    return Client().login(username="carol", password=password)


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_from_the_terminal_opens_once(carol: Person) -> None:
    address = link_from_command()
    assert re.fullmatch(r"/reset/[\w-]+/[\w-]+/", address)
    assert "carol" in Client().get(address).content.decode()
    answer = choose(address)
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert (may_log_in(OLD), may_log_in(NEW)) == (False, True)
    assert not User.objects.get().must_change_password
    assert Client().get(address).status_code == 410
    assert choose(address, "another rod of feet").status_code == 410
    assert may_log_in(NEW)
    assert list(Event.objects.values_list("verb", flat=True)) == ["made reset link", "reset password"]


def test_a_link_is_good_for_three_days(carol: Person, clock: Clock) -> None:
    address = link_from_command("--url", "https://photos.example.org/")
    assert address.startswith("https://photos.example.org/reset/")
    clock.forward(days=3)
    assert Client().get(address).status_code == 200
    clock.forward(seconds=1)
    assert Client().get(address).status_code == 410
    assert choose(address).status_code == 410
    assert may_log_in(OLD)


def test_a_link_changes_nobody_else_s_password(carol: Person, zoe: Person) -> None:
    theirs = resets.make_link(user=zoe.user, now=timezone.now())
    mine = resets.make_link(user=carol.user, now=timezone.now())
    assert choose(f"/reset/{theirs.uid}/{mine.token}/").status_code == 410
    for uid in ("x", "AAAA", theirs.uid[:-1], "%00"):
        assert Client().get(f"/reset/{uid}/{mine.token}/").status_code == 410


@pytest.mark.parametrize(("new", "again"), [("short", ""), (NEW, "another one"), ("", ""), ("password123", "")])
def test_a_weak_or_mistyped_password_is_not_taken(carol: Person, new: str, again: str) -> None:
    address = link_from_command()
    assert choose(address, new, again).status_code == 400
    # Logging in would use the link up.
    assert User.objects.get().check_password(OLD)
    assert choose(address).status_code == 302


def test_an_admin_makes_links_in_the_administration(carol: Person, max_: Person) -> None:
    Person("dave")
    User.objects.filter(name="Dave").update(username=None)
    chosen = {"action": "make_reset_link", "_selected_action": [str(pk) for pk in User.objects.values_list("pk", flat=True)]}  # fmt: skip # noqa: E501
    answer = max_.desk().post(reverse("admin:capturegraph_user_changelist"), chosen)
    told = " ".join(str(one) for one in get_messages(answer.wsgi_request))
    assert "Dave has no log-in name" in told
    found = re.search(r"Carol chooses a password here, within three days: http://testserver(\S+)", told)
    assert found is not None
    assert choose(found[1]).status_code == 302
    assert may_log_in(NEW)


def test_nobody_gets_a_link_who_has_no_account(carol: Person, clock: Clock) -> None:
    with pytest.raises(CommandError, match="no account"):
        call_command("resetlink", "nobody")
    User.objects.update(is_active=False)
    assert not Event.objects.exists()


def test_a_one_time_password_opens_no_page_but_those_that_change_it(carol: Person, max_: Person) -> None:
    User.objects.filter(pk=max_.user.pk).update(must_change_password=True)
    desk = max_.desk()
    for path in ("/console/", "/admin/", "/admin/capturegraph/user/"):
        assert desk.get(path)["Location"].startswith("/password/")
    assert desk.get("/api/v1/me/export/").status_code == 403
    link = resets.make_link(user=max_.user, now=timezone.now())
    assert desk.get(reverse("reset", args=list(link))).status_code == 200


# --- letters ----------------------------------------------------------------------------------------------------------


def ask(email: str) -> HttpResponse:
    return Client().post("/forgot/", {"email": email})


def deliver(now: Any) -> list[str]:
    for job in Job.objects.filter(state="waiting"):
        work.do(job_id=job.pk, clock=lambda: now)
    return [one.body for one in mail.outbox]


def test_without_e_mail_the_page_says_whom_to_ask(carol: Person) -> None:
    for answer in (Client().get("/forgot/"), ask("carol@example.org")):
        assert answer.status_code == 200
        assert "Ask the site admin" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_letter_brings_a_link(carol: Person, with_mail: None, clock: Clock) -> None:
    assert ask("CAROL@example.org").status_code == 200
    assert mail.outbox == []
    (letter,) = deliver(clock.now)
    assert mail.outbox[0].to == ["carol@example.org"]
    found = re.search(r"http://testserver(/reset/\S+)", letter)
    assert found is not None
    assert choose(found[1]).status_code == 302
    assert may_log_in(NEW)


def test_the_answer_is_the_same_for_an_address_that_nobody_has(carol: Person, with_mail: None, clock: Clock) -> None:
    known, unknown = ask("carol@example.org"), ask("nobody@example.org")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert Job.objects.count() == 2
    assert len(deliver(clock.now)) == 1


def test_somebody_shut_out_gets_no_letter(carol: Person, with_mail: None, clock: Clock) -> None:
    User.objects.update(is_active=False)
    ask("carol@example.org")
    assert deliver(clock.now) == []


def test_nobody_fills_another_s_box(carol: Person, with_mail: None, clock: Clock) -> None:
    for _time in range(3):
        ask("carol@example.org")
    assert len(deliver(clock.now)) == 1
    clock.forward(minutes=11)
    ask("carol@example.org")
    assert len(deliver(clock.now)) == 2


def test_an_hour_has_only_so_many_letters(carol: Person, with_mail: None, clock: Clock, monkeypatch: Any) -> None:
    monkeypatch.setattr(resets, "ASKED_AT_MOST", 3)
    answers = {ask(f"{number}@example.org").content for number in range(5)}
    assert (len(answers), Job.objects.count()) == (1, 3)
    clock.forward(hours=1)
    ask("carol@example.org")
    assert Job.objects.filter(created_at__gt=clock.now - timedelta(minutes=1)).count() == 1


@pytest.mark.parametrize("email", ["", "carol", "a\0b@example.org", "x" * 300 + "@example.org"])
def test_what_is_no_address_is_said(carol: Person, with_mail: None, email: str) -> None:
    assert ask(email).status_code == 400
    assert not Job.objects.exists()
