"""From the environment and `.env` to Settings, or one clear line. Never repeats a value: it may be a password."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from digest.settings import env_file
from digest.settings.errors import BadSetting
from digest.settings.fields import PREFIX, Settings

# How one says which service is meant, from a place that knows nothing.
WHERE = "name their file with --env-file /PATH/.env, or set DIGEST_ENV_FILE"


def load(file: str | None = None, **overrides: Any) -> Settings:  # noqa: ANN401 - each setting has a type of its own
    """Read the environment and a file, `.env` if none is named; raise BadSetting with one clear line."""
    path = file or env_file.usual()
    written = env_file.read(path, must_be_there=file is not None)
    _refuse_slips([*os.environ, *written])
    try:
        return Settings(_env_file=path, **overrides)
    except ValidationError as error:
        raise BadSetting("; ".join(_complaint(dict(item)) for item in error.errors(include_url=False))) from None


def load_or_exit(**overrides: Any) -> Settings:  # noqa: ANN401 - as in load
    """The same, for the edges of a process: say what is wrong on stderr and exit 2."""
    try:
        return load(**overrides)
    except BadSetting as error:
        sys.stderr.write(f"digest: {error}\n")
        raise SystemExit(2) from None


def unknown(names: Mapping[str, object] | list[str]) -> list[str]:
    """The names that look like settings of ours and are none."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | OTHERS
    return sorted({name.upper() for name in names if name.upper().startswith(PREFIX)} - known)


# Names that are no setting of the service, but used beside it.
OTHERS = {f"{PREFIX}ENV_FILE", f"{PREFIX}REALDATA"}


def _refuse_slips(names: list[str]) -> None:
    """Refuse a name that is nearly a setting's: its value would be ignored in silence.

    A name that is like none of ours may be somebody else's (Kubernetes makes DIGEST_SERVICE_HOST): `digest doctor`
    tells of it.
    """
    for name in unknown(names):
        if meant := suggestion(name):
            raise BadSetting(f"{name}: there is no such setting; did you mean {meant}?")


def suggestion(name: str) -> str:
    """The setting that was probably meant, if any."""
    from difflib import get_close_matches

    known = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields]
    bare = {each.replace("_", ""): each for each in known}
    close = get_close_matches(name.replace("_", ""), bare, 1, cutoff=0.87)
    return bare[close[0]] if close else ""


def _complaint(item: Mapping[str, Any]) -> str:
    text = str(item["msg"]).removeprefix("Value error, ")
    name = "".join(str(part) for part in item["loc"][:1])
    return f"{PREFIX}{name.upper()}: {text}" if name else text
