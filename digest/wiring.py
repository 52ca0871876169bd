"""From settings to the values that are passed inward. Built once a process, at its edge."""

from __future__ import annotations

from digest.compose import Composer, Letterhead
from digest.deliver import Relay
from digest.jobs.delivering import Post
from digest.links import Links
from digest.settings import Settings


def links(settings: Settings) -> Links:
    return Links(settings.base_url, settings.secret_key)


def composer(settings: Settings) -> Composer:
    letterhead = Letterhead(settings.mail_from, settings.domain, links(settings), settings.postal_address)
    return Composer(letterhead)


def post(settings: Settings) -> Post:
    return Post(composer(settings), Relay.at(settings.smtp_url), settings.smtp_connections, settings.clock)
