"""Run every check on every kind of mail; exit 1 if one fails, or could not be made."""

import sys
import tempfile
from pathlib import Path

from tests.mailcheck import Lacking, caniemail, mutt, s_nail, samples, spamassassin

mails, well = samples(), True
with tempfile.TemporaryDirectory() as folder:
    checks = {
        "SpamAssassin": lambda: spamassassin(mails),
        "caniemail": lambda: caniemail(mails, Path(folder)),
        "s-nail": lambda: s_nail(mails, Path(folder)),
        "mutt": lambda: mutt(mails, Path(folder)),
    }
    for title, check in checks.items():
        try:
            for name, good, told in check():
                well = well and good
                sys.stdout.write(f"{'ok  ' if good else 'BAD '} {title:12} {name:22} {told}\n")
        except Lacking as lacking:
            well = False
            sys.stdout.write(f"LACK {title:12} {lacking}\n")
        sys.stdout.flush()
sys.exit(not well)
