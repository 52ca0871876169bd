"""`digest` as its entry point runs it, within this process."""

import contextlib
import io
import json
import sys

import pytest

from digest.cli import main

NOW = "2025-12-24T18:00:00+00:00"


class Digest:
    """Runs `digest` as its entry point does; `.out`, `.err` and `.code` are of the last run."""

    def __init__(self, **settings):
        self.settings = {f"DIGEST_{name.upper()}": value for name, value in settings.items()}

    def __call__(self, *words, now=NOW, stdin=None):
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name, value in self.settings.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["digest", "--now", now, *words])
            if stdin is not None:
                patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            self.code = _exit_code(main)
        self.out, self.err = (_text(stream) for stream in (out, err))
        return self

    @property
    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]


def _exit_code(main):
    try:
        main()
    except SystemExit as end:
        return end.code
    raise AssertionError("it ends by exiting")


def _text(stream):
    stream.flush()
    return stream.buffer.getvalue().decode()
