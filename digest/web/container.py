"""What every endpoint has at hand. Built once a process, by the factory in `digest.web`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jinja2 import Environment
from sqlalchemy import Engine
from starlette.requests import Request

from digest.compose import Composer
from digest.jobs.library import Library
from digest.jobs.previews import Previews
from digest.jobs.searches import Searches
from digest.jobs.views import DigestPages
from digest.links import Links
from digest.settings import Settings
from digest.web.limits import AddressLimit, VisitorLimit
from digest.web.memory import Memory
from digest.web.pools import Pools
from digest.web.proofs import Proofs


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one network, or a mail to one address, may ask for what costs something."""

    subscribe: VisitorLimit
    preview: VisitorLimit
    feed: VisitorLimit
    address: AddressLimit


@dataclass(frozen=True, slots=True)
class Site:
    """The service as the endpoint sees it."""

    settings: Settings
    engine: Engine
    links: Links
    limits: Limits
    headers: Mapping[str, str]
    templates: Environment
    composer: Composer
    library: Library
    previews: Previews
    searches: Searches
    digests: DigestPages
    memory: Memory
    pools: Pools
    proofs: Proofs
    # Pages that are the same for all, each rendered once: floods ask for them.
    rendered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> Site:
        site = request.app.state.site
        assert isinstance(site, cls)
        return site

    def now(self) -> datetime:
        return self.settings.clock()
