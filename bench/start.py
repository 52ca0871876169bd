"""What a command costs before it does anything, beside Python itself and beside importing SQLAlchemy.

`python -m bench.start`. In processor seconds, the least of several runs: a busy machine only makes them more.
"""

from __future__ import annotations

import compileall
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.report import heading, machine, table
from digest.store.engine import connect, migrate

RUNS = 9
RUN = "import sys; from digest.cli import main; main()"
# What a mail server pipes: nothing that anybody understands, so that nothing is written.
LETTER = b"From: a@example.org\nTo: b@example.org\nSubject: Hello\n\nHello.\n"
PASS, SQL = "pass", "import sqlalchemy, email"
AIMS = {PASS: 10.0, SQL: 1.5}


def seconds(arguments: Sequence[str], stdin: bytes = b"") -> float:
    """The least processor time of a run."""
    return min(_once(arguments, stdin) for _ in range(RUNS))


def _once(arguments: Sequence[str], stdin: bytes) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], input=stdin, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(words: Sequence[str], beside: str, stdin: bytes = b"") -> tuple[str, ...]:
    own, other = seconds(["-c", RUN, *words], stdin), seconds(["-c", beside])
    return f"digest {' '.join(words)}", f"{own * 1000:.0f} ms", f"{own / other:.1f} × {beside}", f"{AIMS[beside]:g}"


def main() -> None:
    machine()
    # As an installed package is; where Python may write nothing, each run would compile our code again.
    compileall.compile_dir(Path(__file__).parents[1] / "digest", quiet=1)
    heading("What a command costs before it does anything")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIGEST_DATABASE_URL"] = f"sqlite:///{folder}/digest.sqlite3"
        engine = connect(os.environ["DIGEST_DATABASE_URL"])
        migrate(engine)
        engine.dispose()
        rows = [
            compare(["--version"], PASS),
            compare(["--help"], PASS),
            compare(["bounce"], SQL, LETTER),
            compare(["bounce", "--explain"], SQL, LETTER),
            compare(["readers", "list"], SQL),
            compare(["stats"], SQL),
            compare(["doctor", "--help"], SQL),
        ]
    table(("Command", "Processor time", "Beside", "At most"), rows)


if __name__ == "__main__":
    main()
