"""The files pages are made with: read once, packed once, and named by what is in them, so that they may be kept."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from digest import paths
from digest.web.memory import Made

FOLDER = paths.templates() / "web"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
A_YEAR = "public, max-age=31536000, immutable"
# By its plain name, a file may be another one after an update.
AN_HOUR = "public, max-age=3600"


class Assets:
    """The files in `templates/web` that a browser asks for."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.paths: dict[str, str] = {}
        self.made: dict[str, Made] = {}
        for file in sorted(FOLDER.iterdir()):
            if file.suffix in TYPES:
                self._add(file.name, file.read_bytes(), {**headers, "Content-Type": TYPES[file.suffix]})

    def _add(self, name: str, content: bytes, headers: Mapping[str, str]) -> None:
        stem, _, suffix = name.rpartition(".")
        self.paths[name] = f"/static/{stem}.{blake2b(content, digest_size=6).hexdigest()}.{suffix}"
        self.made[self.paths[name]] = Made(content, {**headers, "Cache-Control": A_YEAR})
        # As pages had it that somebody may still have open.
        self.made[f"/{name}"] = Made(content, {**headers, "Cache-Control": AN_HOUR})
