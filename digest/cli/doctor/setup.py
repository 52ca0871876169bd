"""The settings: what is refused, what is for development, whose names are unknown, and who else may read secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, warning
from digest.settings import BadSetting, env_file, loading
from digest.sources import NAMES


def refused(error: BadSetting) -> Iterator[Finding]:
    """One finding for each setting that keeps the service from starting."""
    for complaint in re.split(r"; (?=DIGEST_)", str(error)):
        yield broken("settings", complaint, "nothing starts until then")


def look(service: Service, file: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    settings = service.settings
    if settings.env == "production":
        yield fine("settings", "fit for production")
    else:
        yield warning("settings", "for development", "set DIGEST_ENV=production where readers are")
    if not settings.operator_email:
        yield warning("operator", "no one is told of failures", "set DIGEST_OPERATOR_EMAIL")
    yield from _names(file, environment)
    for name in settings.sources:
        if name not in NAMES:
            yield broken("sources", f"DIGEST_SOURCES: no source is called {name!r}", f"there are {', '.join(NAMES)}")
    yield from _secrets(file, settings.dkim_private_key)


def _names(file: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    for name in loading.unknown([*environment, *env_file.read(file)]):
        yield warning("settings", f"{name} is not a setting of this version, and does nothing", "see .env.example")


def _secrets(file: str, key: str) -> Iterator[Finding]:
    for path in filter(None, (file, key)):
        if env_file.is_open_to_others(path):
            yield warning("secrets", f"others on this machine can read {path}", f"chmod 600 {path}")
