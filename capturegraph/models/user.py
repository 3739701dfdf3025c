"""Who somebody is, on every target."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users the way Django's own commands expect."""

    def create_user(self, username: str | None = None, password: str | None = None, **fields: Any) -> User:
        """Save a user; without a password nobody can log in as them, which is how volunteers are."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Save a site admin."""
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Log-in names differ by more than case."""
        return self.get(username__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Volunteers who joined by invite have a name, and neither log-in name nor password."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(_("log-in name"), max_length=150, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    person_key = models.UUIDField(
        default=uuid.uuid4,
        editable=False,
        unique=True,
        help_text=_("Counts people. It outlives anonymising, and names nobody."),
    )
    email = models.EmailField(
        _("e-mail address"), blank=True, help_text=_("For a link to a new password; nothing else is sent.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the site administration"), default=False)
    may_create_targets = models.BooleanField(_("may create targets"), default=False)
    must_change_password = models.BooleanField(_("must change the password at the next log-in"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="merged",
        help_text=_("Whose second account this was."),
    )  # fmt: skip

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (models.UniqueConstraint(Lower("username"), name="a_log_in_name_is_one_users"),)

    def __str__(self) -> str:
        return self.name or self.username or str(_("somebody who left") if self.erased_at else self.id)
