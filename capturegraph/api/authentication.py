"""Who is asking: a phone by its token, or somebody logged in to the console by their session."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from capturegraph.models import Device, User
from capturegraph.services.people import phones
from capturegraph.services.refusals import Forbidden, NotAuthenticated


def bearer_token(request: Request) -> str | None:
    """Give the token of `Authorization: Bearer …`; None where there is no such header.

    Raises:
        NotAuthenticated: the header is there and says nothing usable.
    """
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    kind, __, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.strip() or len(token) > 500:
        raise NotAuthenticated(_("Write the header as “Authorization: Bearer <token>”."))
    return str(token).strip()


class DeviceAuthentication(BaseAuthentication):
    """A phone's token. Revoking it works at the next request, since it is looked up at each."""

    def authenticate(self, request: Request) -> tuple[User, Device] | None:
        """Give the token's user and device; None where no token was sent."""
        token = bearer_token(request)
        if token is None:
            return None
        now = timezone.now()
        device = Device.objects.select_related("user").filter(token_sha256=phones.sha256(token)).first()
        if device is None or device.revoked_at or not device.user.is_active:
            text = _("This phone is not signed in. Open your invitation link again.")
            raise NotAuthenticated(text, code="token_unknown")
        if device.expires_at <= now:
            text = _("This phone was not used for long. Open your invitation link again.")
            raise NotAuthenticated(text, code="token_expired")
        if device.last_seen_at < now - phones.SEEN_AT_MOST_EVERY:
            phones.seen(device_id=device.pk, now=now)
        return device.user, device

    def authenticate_header(self, request: Request) -> str:
        """Make a refusal a 401 and not a 403."""
        return "Bearer"


class ConsoleAuthentication(SessionAuthentication):
    """A session of the console, with CSRF. It is not looked at where a token was sent."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Give the session's user; None where nobody is logged in."""
        if request.META.get("HTTP_AUTHORIZATION") is not None:
            return None
        found = super().authenticate(request)
        if found and found[0].must_change_password:
            raise Forbidden(_("Choose a password of your own first."), code="password_change_required")
        return found


class DeviceScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema says it."""

    target_class = "capturegraph.api.authentication.DeviceAuthentication"
    name = "deviceToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the token."""
        return {"type": "http", "scheme": "bearer", "description": "The token that the phone made when it joined."}


class ConsoleScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema says it."""

    target_class = "capturegraph.api.authentication.ConsoleAuthentication"
    name = "consoleSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the session."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
