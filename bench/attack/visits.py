"""Somebody who asks the endpoint, in this process and without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx
from sqlalchemy import Engine

from digest.settings import Settings
from digest.web import create_app


class Visits:
    """A visitor from one address, with no cookies, who follows no redirect."""

    def __init__(self, settings: Settings, engine: Engine, host: str = "192.0.2.1") -> None:
        self._loop = asyncio.new_event_loop()
        app = create_app(settings, engine)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(host, 4_000))
        self._client = httpx.AsyncClient(transport=transport, base_url=settings.base_url)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> tuple[int, bytes]:
        asked = self._client.request(method, path, headers=headers, content=content)
        answer = self._loop.run_until_complete(asked)
        return answer.status_code, answer.content

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()
