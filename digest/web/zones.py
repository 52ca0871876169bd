"""Time zones as people choose them: by the name of a city. Asked for on demand, for there are some 490."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from digest.readers import form
from digest.readers.form import Typed
from digest.web.rendering import PUBLIC, city, page


def as_json(_request: Request) -> Response:
    """Give all zones, for the field that completes what one types."""
    return JSONResponse(["UTC", *(zone for zones in form.zones_by_region().values() for zone in zones)], headers=PUBLIC)


def as_page(request: Request) -> Response:
    """The same to read, without JavaScript."""
    return page(request, "zones", headers=PUBLIC, zones=form.zones_by_region())


def resolved(filled: Typed) -> Typed:
    """Write the zone of a city that was typed by its name alone; anything else stays for the form to judge."""
    typed = filled.get("timezone", "")
    return {**filled, "timezone": _by_city().get(_key(typed), typed)} if typed else filled


@functools.cache
def _by_city() -> Mapping[str, str]:
    """Zones by city and by full name, in any case; a city that two regions have is nobody's."""
    zones = [zone for zones in form.zones_by_region().values() for zone in zones]
    cities: dict[str, list[str]] = {}
    for zone in zones:
        for name in {_key(zone), _key(city(zone)), _key(zone.rpartition("/")[2])}:
            cities.setdefault(name, []).append(zone)
    return {name: found[0] for name, found in cities.items() if len(found) == 1} | {"utc": "UTC"}


def _key(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())
