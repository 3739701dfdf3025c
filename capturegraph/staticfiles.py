"""How static files get their names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names every file after its content, in the imports of ES modules too, so that browsers may keep it for ever."""

    support_js_module_import_aggregation = True
