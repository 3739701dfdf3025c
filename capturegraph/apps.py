"""The single app of the project."""

from django.apps import AppConfig


class CapturegraphConfig(AppConfig):
    """Tells Django where the models are."""

    name = "capturegraph"
    verbose_name = "Capturegraph"
