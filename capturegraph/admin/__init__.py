"""The site administration: people and targets can be changed here; what happened can be looked at."""

from django.contrib import admin
from django.contrib.auth.models import Group

from capturegraph.admin import background, people, plans, records, reviewing, targets, webhooks

__all__ = ["background", "people", "plans", "records", "reviewing", "targets", "webhooks"]

# Who may do what follows from memberships; groups would be a second answer that nothing asks for.
admin.site.unregister(Group)
