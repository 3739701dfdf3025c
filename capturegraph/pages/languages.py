"""The language that a page is written in: the one that was chosen in this browser, else the one that it asks for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language


class LanguageMiddleware(LocaleMiddleware):
    """Django's, which does not tell caches that the choice is in a cookie."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say on what the language depends."""
        patch_vary_headers(response, ("Cookie",))
        answer: HttpResponseBase = super().process_response(request, response)
        return answer


def spoken(request: HttpRequest) -> dict[str, Any]:
    """Say it to every template: the languages to choose from, and the module with the sentences of its scripts."""
    code = get_language() or settings.LANGUAGE_CODE
    return {
        "language_name": dict(settings.LANGUAGES).get(code, code),
        "language_choices": [{"code": one, "name": name, "chosen": one == code} for one, name in settings.LANGUAGES],
        "language_module": f"words/{code}.js",
    }
