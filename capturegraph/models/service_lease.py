"""Who runs a periodic service now."""

from __future__ import annotations

from django.db import models


class ServiceLease(models.Model):
    """One row a service. `token` grows with every claim; who shows an older one has lost the service meanwhile."""

    service = models.CharField(primary_key=True, max_length=40)
    token = models.BigIntegerField(default=0)
    run = models.ForeignKey("ServiceRun", on_delete=models.SET_NULL, null=True, related_name="+")
    held_until = models.DateTimeField(null=True, help_text="By the database's clock; none: nobody holds it.")

    def __str__(self) -> str:
        return f"{self.service}, {self.token}"
