"""A Postfix of the tests' own: its configuration, queue, log and port; the machine's is not touched."""

import os
import pwd
import shutil
import smtplib
import socketserver
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.deploy.proxies import free_port
from tests.deploy.tools import DEPLOY, ROOT, need, run

DOMAIN = "papers.example.org"
OPERATOR = "ada@lab.example.org"
USER = "nobody"
# It answers within two seconds; a machine at work with other things may need more.
PATIENCE = 20

MAIN = """\
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail
maillog_file_prefixes = {folder}
alternate_config_directories = {folder}/etc
multi_instance_name = postfix-test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination = localhost
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
relayhost = [127.0.0.1]:{world}
smtp_host_lookup = native
smtpd_peername_lookup = no
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
smtpd_forbid_unauth_pipelining = yes
smtpd_data_restrictions = reject_unauth_pipelining
"""
# As in Debian's file, but for what listens, and nothing in a chroot.
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""

MAIN_LINE = "from digest.cli import main; main()"
# Perl, because a user of the system can run it wherever Postfix is; our Python may lie in a home of root's.
PASSES_ON = """\
#!/usr/bin/perl
use IO::Socket::UNIX; use Cwd;
exit 0 if "@ARGV" eq "--help";
my $door = IO::Socket::UNIX->new(Peer => "{door}") or exit 1;
print $door getcwd(), "\\n@ARGV\\n", <STDIN>;
$door->flush; $door->shutdown(1);
my $code = <$door>; print STDERR <$door>; exit $code;
"""


class Postfix:
    """`mail(sender, recipient, content)` hands it one; `wait_for(recipient, status)` until its log has both."""

    def __init__(self, folder, port):
        self.folder, self.state, self._port = folder, folder / "state", port
        self.url = f"smtp://127.0.0.1:{port}"

    def mail(self, sender, recipient, content):
        with smtplib.SMTP("127.0.0.1", self._port, timeout=PATIENCE) as session:
            session.sendmail(sender, [recipient], content)

    def wait_for(self, recipient, status):
        """Until its log says so; return that line."""
        end = time.monotonic() + PATIENCE
        while True:
            for line in self.log().splitlines():
                if f"to=<{recipient}>" in line and f"status={status} " in line:
                    return line
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def log(self):
        path = self.folder / "log" / "mail"
        return path.read_text() if path.exists() else ""

    def give_up_at_once(self):
        """A mail that is deferred goes back at once, as it would after a day."""
        os.utime(self.folder / "etc" / "main.cf", (0, 0))
        self._command("postconf", "-e", "maximal_queue_lifetime=0", "bounce_queue_lifetime=0")
        os.utime(self.folder / "etc" / "main.cf", (0, 0))
        self._command("postfix", "reload")

    def _command(self, program, *words):
        code, said = run(need(program, "postfix"), "-c", self.folder / "etc", *words)
        assert code == 0, said


@contextmanager
def running(world_port, settings):
    """The recipe of deploy/postfix in a Postfix that runs; what it sends itself goes to a server at `world_port`."""
    postfix = need("postfix", "postfix")
    if os.getuid():
        pytest.skip("a Postfix of one's own takes root")
    # Not below pytest's folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    ours = Postfix(folder, free_port())
    try:
        _fill(ours, world_port, settings)
        with _door(folder):
            code, said = run(postfix, "-c", folder / "etc", "start")
            assert code == 0, said
            try:
                yield ours
            finally:
                run(postfix, "-c", folder / "etc", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(ours, world_port, settings):
    folder = ours.folder
    folder.chmod(0o755)
    for name in ("etc", "queue", "log", "data", "state"):
        (folder / name).mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    for path in Path("/etc/postfix").glob("postfix-files*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / "etc" / path.name)
    (folder / "etc" / "main.cf").write_text(MAIN.format(folder=folder, world=world_port))
    (folder / "etc" / "master.cf").write_text(SERVICES.format(port=ours._port))
    os.utime(folder / "etc" / "main.cf", (0, 0))
    (ours.state / ".env").write_text("".join(f"DIGEST_{name.upper()}={value}\n" for name, value in settings.items()))
    install = (DEPLOY / "postfix" / "install", DOMAIN, OPERATOR, folder / "etc", USER, ours.state, _digest(folder))
    code, said = run(*install)
    assert code == 0, said
    os.utime(folder / "etc" / "main.cf", (0, 0))
    for path in (ours.state, *ours.state.iterdir()):
        shutil.chown(path, USER)


def _digest(folder):
    """The command, for a user who has nothing to do with the tests."""
    path = folder / "digest"
    start = f"exec {sys.executable} -c '{MAIN_LINE}' \"$@\""
    path.write_text(f"#!/bin/sh\nexport PYTHONPATH={ROOT} PYTHONDONTWRITEBYTECODE=1\n{start}\n")
    path.chmod(0o755)
    if not _can_run(path):
        # The tests lie where that user may not look: the command passes its message on to one that may.
        path.write_text(PASSES_ON.format(door=folder / "door"))
        if not _can_run(path):
            pytest.skip(f"the user {USER} may run neither {sys.executable} nor Perl")
    return path


def _can_run(path):
    account = pwd.getpwnam(USER)
    person = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run([path, "--help"], cwd="/", capture_output=True, **person).returncode == 0


class _Digest(socketserver.StreamRequestHandler):
    """Run `digest` with the words, the folder and the message that came through the door."""

    def handle(self):
        cwd, words = self.rfile.readline().decode().strip(), self.rfile.readline().decode().split()
        command = [sys.executable, "-c", MAIN_LINE, *words]
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        ran = subprocess.run(
            command,
            input=self.rfile.read(),
            cwd=cwd,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.wfile.write(f"{ran.returncode}\n".encode() + ran.stderr)


@contextmanager
def _door(folder):
    with socketserver.ThreadingUnixStreamServer(str(folder / "door"), _Digest) as server:
        (folder / "door").chmod(0o777)
        Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
