"""People beside the one who holds the phone: a coordinator, and somebody else on the way, who speak to the API."""

import re
import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from backdoor import run_inside
from playwright.sync_api import Page
from served import Quickstart, Visitor, until

INVITE = """
import json
from datetime import timedelta
from django.utils import timezone
from capturegraph.models import Target
from capturegraph.services.people import invites
now, made = timezone.now(), {{}}
for target in Target.objects.filter(name__in={names!r}):
    made[target.name] = invites.make_invite(
        target=target, role="coordinator", by=None, uses=99, valid_for=timedelta(days=7), now=now).code
print("MADE", json.dumps(made))
"""

HELD = """(before) => {
  const hands = JSON.parse(localStorage.getItem("capturegraph.hands")) ?? {};
  const { target } = JSON.parse(localStorage.getItem("capturegraph.device"));
  const rows = (hands[target]?.rows ?? []).filter((row) => row.state === "held" && row.id !== before);
  return rows.length ? rows.reduce((first, row) => (row.stop < first.stop ? row : first)) : null;
}"""


class Somebody(NamedTuple):
    """A person with a phone of their own, in one target."""

    visitor: Visitor
    target: str

    def ask(self) -> Any:
        """Ask for a slot."""
        return self.visitor.post(f"/api/v1/targets/{self.target}/request-slot/", {}).json

    def photograph(self, place: dict[str, float]) -> Any:
        """Take a photo, of which the words alone are sent: that is enough to count at first."""
        where = {"latitude": place["latitude"], "longitude": place["longitude"], "accuracy_m": 5}
        words = {"target": self.target, "taken_at": datetime.now(UTC), **where}
        return self.visitor.put(f"/api/v1/captures/{uuid4()}/", words).json

    def change(self, **settings: Any) -> int:
        """Change the target, as its coordinator."""
        return self.visitor.ask("PATCH", f"/api/v1/targets/{self.target}/", orjson.dumps(settings)).status

    def withdraw(self, slot: str) -> int:
        """Withdraw a slot, and call back who is on the way there."""
        body = orjson.dumps({"state": "withdrawn", "release_holders": True})
        return self.visitor.ask("PATCH", f"/api/v1/slots/{slot}/", body).status


def enters(product: Quickstart, code: str, name: str) -> Somebody:
    """Join by an invite."""
    token = secrets.token_urlsafe(32)
    join = {"code": code, "name": name, "device_id": str(uuid4()), "token": token, "consent": True}
    joined = Visitor(product.url, token).post("/api/v1/join/", join)
    assert joined.status in (200, 201), joined.text
    return Somebody(Visitor(product.url, token), joined.json["target"]["id"])


def coordinators(product: Quickstart, *names: str) -> dict[str, Somebody]:
    """A coordinator for each of these targets."""
    said = run_inside(product, INVITE.format(names=list(names)))
    found = re.search(r"MADE (.*)", said)
    assert found, said
    return {name: enters(product, code, "Carol") for name, code in orjson.loads(found[1]).items()}


def held(page: Page, *, after: str = "") -> dict[str, Any]:
    """What the phone holds, by its own memory: the one that it goes to, once that is another than the one before."""
    row: dict[str, Any] = until(lambda: page.evaluate(HELD, after), "that the phone holds something", 60)
    return row


def look_again(page: Page) -> None:
    """Open the page again from the background, which makes it ask for news."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
