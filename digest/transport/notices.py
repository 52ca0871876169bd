"""Notices over HTTP, for when mail itself is down: a webhook hears of alerts, a monitor that all is well."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from digest.logs import get_logger

log = get_logger()
PATIENCE_SECONDS = 5.0


def notify(url: str, service: str, lines: Sequence[str]) -> bool:
    """POST what is wrong as JSON: `text` for people (as Slack and Mattermost read it), `alerts` for programs."""
    said = {"text": "\n".join([f"Paper Digest, {service}:", *lines]), "service": service, "alerts": list(lines)}
    return _told("POST", url, said)


def ping(url: str) -> bool:
    """Say to a monitor that all is well; its silence is its alarm."""
    return _told("GET", url, None)


def _told(method: str, url: str, said: object) -> bool:
    try:
        # The address may be a secret, and is in no log.
        with httpx.Client(timeout=PATIENCE_SECONDS) as client, client.stream(method, url, json=said) as answer:
            if answer.is_success:
                return True
            why = f"HTTP {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        why = type(error).__name__
    log.warning("notice.untold", method=method, why=why)
    return False
