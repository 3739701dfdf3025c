"""The single app of the project."""

from django.apps import AppConfig


class CapturegraphConfig(AppConfig):
    """Tells Django where the models are."""

    name = "capturegraph"
    verbose_name = "Capturegraph"

    def ready(self) -> None:
        """Have what this process rings for go to our broker: a web server knows of none before somebody names it."""
        from capturegraph import celery  # noqa: F401
