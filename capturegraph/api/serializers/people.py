"""People, phones, memberships."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from capturegraph.api.serializers.fields import Operation, Strict
from capturegraph.api.serializers.targets import TargetOut
from capturegraph.models.membership import Role

TOKEN = r"^[A-Za-z0-9_-]{43,128}$"  # noqa: S105 - the shape of one
USERNAME = r"^[\w.@+-]+$"
MANY = 1000
LARGEST = 2**31 - 1


class Id(serializers.UUIDField):
    """An id as text; a number is none, though Python would make one of it."""

    def to_internal_value(self, data: Any) -> Any:
        """Read it."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class JoinIn(Strict):
    """Joining by invite. Whoever a link is for, and a phone that is known, needs no name."""

    code = serializers.CharField(max_length=200)
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    device_id = serializers.UUIDField()
    token = serializers.RegexField(TOKEN)
    consent = serializers.BooleanField()
    consent_version = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)


class DeviceOut(serializers.Serializer[Any]):
    """A phone, as its owner sees it."""

    id = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class OwnDeviceOut(DeviceOut):
    """A phone in the list of its owner."""

    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    this = serializers.BooleanField(help_text="The one that asks.")


class OwnDevicesOut(serializers.Serializer[Any]):
    """The phones of somebody that were not signed out."""

    results = OwnDeviceOut(many=True)


class LinkOut(serializers.Serializer[Any]):
    """A link that signs one more phone in, shown only now; as a picture for that phone's camera too."""

    link = serializers.URLField()
    qr = serializers.CharField(help_text="An SVG image as a data: address.")
    code = serializers.CharField()
    expires_at = serializers.DateTimeField()
    target = serializers.UUIDField()


class PersonOut(serializers.Serializer[Any]):
    """A person, as they see themselves."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class JoinOut(serializers.Serializer[Any]):
    """Who joined what."""

    user = PersonOut()
    target = TargetOut()
    device = DeviceOut()


class MembershipOut(serializers.Serializer[Any]):
    """A role in a target, what was agreed to there and when, and whether that has changed since."""

    role = serializers.ChoiceField(choices=Role.choices)
    target = serializers.DictField()
    consent_version = serializers.IntegerField()
    consent_due = serializers.BooleanField()
    consent_text = serializers.CharField()
    consented_at = serializers.DateTimeField(allow_null=True)


class MineOut(MembershipOut):
    """A role in a target, and what its holder has done there."""

    photos = serializers.IntegerField(help_text="Captures sent.")
    places = serializers.IntegerField(help_text="Slots that these count for.")


class LoginIn(Strict):
    """How somebody who joined by their name alone wants to log in elsewhere."""

    username = serializers.RegexField(USERNAME, max_length=150)
    password = serializers.CharField(max_length=200, trim_whitespace=False)


class LoginOut(serializers.Serializer[Any]):
    """How somebody logs in."""

    username = serializers.CharField(allow_null=True)


class MeOut(PersonOut):
    """Who is asking."""

    username = serializers.CharField(allow_null=True, help_text="To log in with; null for who has no password.")
    memberships = MineOut(many=True)
    formerly = serializers.ListField(
        child=serializers.UUIDField(), help_text="Ids of people who were found to be the same and made one with this."
    )
    device = DeviceOut(allow_null=True)


class EraseIn(Strict):
    """Erasing oneself: one's name, so that no slip of the finger does it."""

    confirm = serializers.CharField(max_length=200)


class ErasedOut(serializers.Serializer[Any]):
    """What stays, without a name."""

    erased_at = serializers.DateTimeField()
    captures = serializers.IntegerField()
    photos = serializers.IntegerField()
    text = serializers.CharField()


class ConsentIn(Operation):
    """Agreeing to words of a target."""

    target = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1, max_value=LARGEST)


class MessageOut(serializers.Serializer[Any]):
    """Something that one was told."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    text = serializers.CharField()
    target = serializers.UUIDField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)


class SeenIn(Operation):
    """Messages that were shown."""

    ids = serializers.ListField(child=Id(), max_length=MANY)


class SeenOut(serializers.Serializer[Any]):
    """How many were marked now, and how many are left."""

    seen = serializers.IntegerField()
    unseen = serializers.IntegerField()


class MemberOut(PersonOut):
    """Somebody in a target, as its coordinators see them."""

    role = serializers.ChoiceField(choices=Role.choices)
    joined_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    holds = serializers.IntegerField()
    captures = serializers.IntegerField()
    consent_version = serializers.IntegerField()
    removed_at = serializers.DateTimeField(allow_null=True)


class MemberIn(Operation):
    """Another role for a member."""

    role = serializers.ChoiceField(choices=Role.choices)


class MergeIn(Operation):
    """Whom a member is the same person as."""

    into = serializers.UUIDField()


class NoteIn(Operation):
    """A message to members; without `users`, to all."""

    users = serializers.ListField(child=Id(), required=False, allow_null=True, allow_empty=False, max_length=MANY)
    text = serializers.CharField(max_length=1000)


class SentOut(serializers.Serializer[Any]):
    """To how many a message went."""

    sent = serializers.IntegerField()
