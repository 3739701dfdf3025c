"""Photographs that wait for a reviewer, in targets of a test's own, made behind the running product's back."""

import base64
import io
import re
from typing import Any

import orjson
from backdoor import run_inside
from meadow import MIDDLE, scene
from PIL import ImageEnhance
from served import Quickstart

MAKE = """
import base64, hashlib, io, json
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.utils import timezone
from capturegraph.models import CandidateSlot, Capture, Membership, PhotoFinding, Target, User
from capturegraph.services.uploads import captures, references
from scheduling import grid
asked, now = json.loads(base64.b64decode({asked!r})), timezone.now()

def somebody(name):
    return User.objects.get_or_create(username=name.lower(), defaults={{"name": name}})[0]

def session(user):
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return store.session_key

made = {{"sessions": {{}}, "captures": []}}
target = Target.objects.create(name=asked["name"], time_zone="Europe/Zurich")
for name, role in asked["people"].items():
    user = somebody(name)
    Membership.objects.get_or_create(user=user, target=target, defaults={{"role": role, "created_at": now}})
    if role != "volunteer":
        made["sessions"][name] = session(user)
slots = {{}}
for rank, (title, place) in enumerate(asked["slots"].items()):
    slots[title] = CandidateSlot.objects.create(target=target, rank=rank, title=title, latitude=place[0],
        longitude=place[1], note=asked["notes"].get(title, ""), cell=grid.cell(*place))
    if title in asked["references"]:
        picture = io.BytesIO(base64.b64decode(asked["pictures"][asked["references"][title]]))
        references.set_reference(slot_id=slots[title].pk, file=picture, by=user, now=now)
for number, one in enumerate(asked["captures"]):
    at = now - timedelta(minutes=one.get("ago", 60), seconds=-number)
    words = captures.Words(target_id=target.pk, taken_at=at, latitude=one["at"][0], longitude=one["at"][1],
        accuracy_m=one.get("accuracy", 8), heading=one.get("heading"))
    capture, _new = captures.receive(capture_id=uuid4(), words=words, by=somebody(one["by"]), device=None, now=at)
    # No two files are the same.
    data = base64.b64decode(asked["pictures"][one["picture"]]) + capture.pk.bytes
    capture.photo.save(f"{{capture.pk}}.jpg", ContentFile(data), save=False)
    capture.state, capture.photo_sha256, capture.photo_type = "stored", hashlib.sha256(data).hexdigest(), "image/jpeg"
    capture.photo_size, capture.photo_at = len(data), at
    if one.get("review"):
        capture.review, capture.review_reason = one["review"], one.get("reason", "")
        capture.reviewed_at, capture.reviewed_by = at, user
    capture.save()
    flags = one.get("flags", [])
    PhotoFinding.objects.update_or_create(capture=capture, defaults={{"target": target, "found_at": at,
        "photo_sha256": capture.photo_sha256, "sharpness": 420.0, "dark_share": 0.02, "bright_share": 0.01,
        "sun_altitude": 31.0, "sun_azimuth": 185.0, "flags": flags, "flag_count": len(flags),
        **one.get("finding", {{}})}})
    made["captures"].append(str(capture.pk))
print("MADE", json.dumps({{"target": str(target.pk), **made}}))
"""


def picture(seed: int, brightness: float = 1.0) -> str:
    """A drawn scene as a JPEG, for JSON."""
    file = io.BytesIO()
    ImageEnhance.Brightness(scene(seed)).enhance(brightness).save(file, "JPEG", quality=85)
    return base64.b64encode(file.getvalue()).decode()


def to_judge(product: Quickstart, name: str, captures: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Make a target with a memorial, and photographs of it; give its id, theirs, and the sessions of its reviewers."""
    asked = {
        "name": name,
        "people": {"Ada": "volunteer", "Ben": "volunteer", "Rita": "reviewer", "Sam": "reviewer"},
        "slots": {"War Memorial": MIDDLE},
        "notes": {"War Memorial": "From the path, with the whole dome in the picture."},
        "references": {"War Memorial": "other"},
        "pictures": {"good": picture(0), "other": picture(90), "dark": picture(40, 0.12)},
        "captures": [{"by": "Ada", "at": MIDDLE, "picture": "good", **one} for one in captures],
        **more,
    }
    said = run_inside(product, MAKE.format(asked=base64.b64encode(orjson.dumps(asked)).decode()))
    found = re.search(r"MADE (.*)", said)
    assert found, said
    made: dict[str, Any] = orjson.loads(found[1])
    return made
