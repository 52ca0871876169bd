"""OpenDKIM's verdict on mails, with a name server of our own: it asks the DNS of its machine and no other.

Run as a script it is the small world the verifier needs: within namespaces of its own, 127.0.0.1 is the name server.
"""

import ctypes
import fcntl
import json
import shutil
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

TXT, INTERNET = 16, 1
MS_BIND = 0x1000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def verdicts(mails, name, strings, folder):
    """What `opendkim-testmsg` says to each mail: nothing if it verifies. Skips the test where it cannot be asked."""
    program = shutil.which("opendkim-testmsg", path="/usr/sbin:/usr/bin")
    if not program:
        pytest.skip("opendkim-testmsg is missing: apt-get install opendkim-tools")
    own_world = ["unshare", "--map-root-user", "--mount", "--net"]
    if not shutil.which("unshare") or subprocess.run([*own_world, "true"], capture_output=True).returncode:
        pytest.skip("unshare may not make namespaces here, so opendkim-testmsg would ask the real DNS")
    files = []
    for number, mail in enumerate(mails):
        files.append(folder / f"{number}.eml")
        files[-1].write_bytes(mail)
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    asked = [program, name, json.dumps(strings), str(folder / "resolv.conf"), *map(str, files)]
    answer = subprocess.run(
        [*own_world, sys.executable, __file__, *asked], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(answer.stdout)


def _raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def _answer(query, name, strings):
    """Answer the question of a DNS message (RFC 1035, section 4): the record if it is asked for, else no such name."""
    end = query.index(b"\0", 12) + 5
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b".")) + b"\0"
    asked = query[12:end]
    if asked.lower() != labels.lower() + struct.pack("!HH", TXT, INTERNET):
        return query[:2] + struct.pack("!HHHHH", 0x8183, 1, 0, 0, 0) + asked
    data = b"".join(bytes([len(string)]) + string.encode() for string in strings)
    head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
    return head + asked + struct.pack("!HHHIH", 0xC00C, TXT, INTERNET, 60, len(data)) + data


def _serve(server, name, strings):
    while True:
        query, asker = server.recvfrom(4096)
        server.sendto(_answer(query, name, strings), asker)


def _verify_all(program, name, strings, resolv_conf, *files):
    _raise_loopback()
    if ctypes.CDLL(None, use_errno=True).mount(resolv_conf.encode(), b"/etc/resolv.conf", None, MS_BIND, None):
        raise OSError(ctypes.get_errno(), "cannot put a resolv.conf in place")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=_serve, args=(server, name, json.loads(strings)), daemon=True).start()
    said = []
    for file in files:
        told = subprocess.run([program], input=Path(file).read_bytes(), capture_output=True, timeout=30)
        said.append((told.stdout + told.stderr).decode().strip() or ("" if told.returncode == 0 else "refused"))
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    _verify_all(*sys.argv[1:])
