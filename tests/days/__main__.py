"""Run the quick tests as if on other days and in other zones: `python -m tests.days [NAME…] [-- PYTEST ARGUMENTS]`."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from glob import glob
from pathlib import Path

from tests.conftest import QUICK

ROOT = Path(__file__).parents[2]
LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1"
# A Monday. The hours are such that the day differs between here and there, or that it soon ends.
WEEK = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "UTC")
DAYS = {
    **{
        name: (WEEK + timedelta(days=place), zone)
        for place, (name, zone) in enumerate(zip(WEEKDAYS, ZONES, strict=True))
    },
    "leap-day": (datetime(2028, 2, 29, 12, tzinfo=UTC), "Europe/Berlin"),
    # A year ends while they run.
    "last-day": (datetime(2027, 12, 31, 23, 59, 40, tzinfo=UTC), "UTC"),
    "clocks-forward": (datetime(2027, 3, 28, 0, 59, 40, tzinfo=UTC), "Europe/Berlin"),
    "clocks-back": (datetime(2026, 11, 1, 8, 59, 40, tzinfo=UTC), "America/Los_Angeles"),
}


def as_if(moment, zone, library):
    """The environment of a process that takes it for that moment, in that zone, and so do all it starts."""
    offset = (moment - datetime.now(UTC)).total_seconds()
    # The times of files are left as they are, or Python would compile every module anew.
    faked = {"LD_PRELOAD": library, "FAKETIME": f"{offset:+.0f}", "NO_FAKE_STAT": "1", "TZ": zone}
    return os.environ | faked


def main():
    words = sys.argv[1:]
    names, given = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    libraries = glob(LIBRARY)
    if not libraries:
        sys.stdout.write("Not run: other days need libfaketime (apt-get install faketime).\n")
        return
    failed = []
    for name in names or DAYS:
        moment, zone = DAYS[name]
        sys.stdout.write(f"\n{name}: as if at {moment:%A %Y-%m-%d %H:%M} UTC, in {zone}\n")
        sys.stdout.flush()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", QUICK, *given]
        if subprocess.run(command, cwd=ROOT, env=as_if(moment, zone, libraries[0]), check=False).returncode:
            failed.append(name)
    sys.stdout.write(f"\n{len(names or DAYS)} days tried, failed: {', '.join(failed) or 'none'}\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
