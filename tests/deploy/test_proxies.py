"""nginx and Caddy as in deploy/: they run for real, between a visitor and a server that repeats what it was asked."""

import os
import re
import ssl
from contextlib import contextmanager

import httpx
import pytest

from digest.links import Purpose
from digest.logs import redact
from tests.deploy.proxies import HANG_UP, HOST, behind, certificate, free_port, running
from tests.deploy.tools import DEPLOY, need, run
from tests.support.waiting import wait_until

SHARED_HOST = "lab.example.org"
TOKEN = "MTIz.a-token-that-opens-a-page"


@pytest.fixture(scope="module")
def upstream():
    with behind() as port:
        yield port


def nginx_conf(folder, upstream, secure, plain):
    """deploy/nginx.conf with the sub-path in it too, made to run in a folder."""
    chain, private = certificate(folder)
    site = (DEPLOY / "nginx.conf").read_text()
    sub = (DEPLOY / "nginx-subpath.conf").read_text()
    # The last bracket is that of the secure server.
    site = site.rstrip().removesuffix("}") + sub + "}\n"
    site = re.sub(r"listen \[::\].*\n", "", site)
    for old, new in (
        ("listen 443 ", f"listen 127.0.0.1:{secure} "),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("/etc/letsencrypt/live/papers.example.org/fullchain.pem", chain),
        ("/etc/letsencrypt/live/papers.example.org/privkey.pem", private),
        ("/var/log/nginx/", f"{folder}/"),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
    ):
        assert old in site
        site = site.replace(old, str(new))
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    head = f"{user} daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;"
    conf = folder / "nginx.conf"
    conf.write_text(f"{head}\nevents {{}}\nhttp {{ {places}\n{site}\n}}\n")
    return conf


@contextmanager
def nginx(folder, upstream):
    program, secure, plain = need("nginx", "nginx-light"), free_port(), free_port()
    conf = nginx_conf(folder, upstream, secure, plain)
    code, said = run(program, "-t", "-e", "stderr", "-c", conf)
    assert code == 0, said
    with running([program, "-e", "stderr", "-c", str(conf)], secure, folder / "said"):
        yield secure


def caddyfile(folder, upstream, secure):
    """deploy/Caddyfile with the site below a path in it too, made to run in a folder."""
    chain, private = certificate(folder)
    text = (DEPLOY / "Caddyfile").read_text()
    text = re.sub(r"^# ?(?=lab\.example\.org \{|\t|\}$)", "", text, flags=re.MULTILINE)
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    text = text.replace("{\n", f"{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {folder}\n", 1)
    for site in (HOST, SHARED_HOST):
        assert f"\n{site} {{" in text
        text = text.replace(f"\n{site} {{", f"\nhttps://{site}:{secure} {{\n\tbind 127.0.0.1\n\ttls {chain} {private}")
    conf = folder / "Caddyfile"
    conf.write_text(text)
    return conf


@contextmanager
def caddy(folder, upstream):
    program, secure = need("caddy", "caddy"), free_port()
    code, said = run(program, "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")
    assert code == 0, said
    command = [program, "run", "--adapter", "caddyfile", "--config", str(caddyfile(folder, upstream, secure))]
    with running(command, secure, folder / "said"):
        yield secure


class Visitor:
    """A browser that comes by way of a proxy."""

    def __init__(self, name, port, folder):
        self.name, self.port, self.folder = name, port, folder
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.client = httpx.Client(verify=context, trust_env=False)

    def ask(self, path, method="GET", host=HOST, headers=None, **more):
        url = f"https://127.0.0.1:{self.port}{path}"
        named = {"Host": host, **(headers or {})}
        return self.client.request(method, url, headers=named, extensions={"sni_hostname": host}, **more)

    def logs(self):
        """All that the proxy wrote down."""
        files = [path for path in self.folder.iterdir() if path.suffix == ".log" or path.name == "said"]
        return "".join(path.read_text() for path in files)


@pytest.fixture(scope="module", params=[nginx, caddy], ids=["nginx", "caddy"])
def visitor(request, upstream, tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy")
    with request.param(folder, upstream) as port:
        visitor = Visitor(request.param.__name__, port, folder)
        with visitor.client:
            yield visitor


def test_what_a_visitor_claims_to_be_is_replaced(visitor):
    claimed = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "Forwarded": "for=203.0.113.9"}
    told = {name.lower(): value for name, value in visitor.ask("/", headers=claimed).json()["headers"].items()}
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert "forwarded" not in told
    assert told["host"].partition(":")[0] == HOST


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/%6detrics", "/./metrics", "//metrics"])
def test_the_metrics_are_the_operators_own(visitor, path):
    assert visitor.ask(path).status_code == 404


def test_browsers_are_told_once_to_come_by_https_alone(visitor):
    assert visitor.ask("/").headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]


@pytest.mark.parametrize("path", [f"/unsubscribe/{TOKEN}", "/start", f"/preferences/{TOKEN}/start"])
def test_a_form_has_a_limit_and_leaving_and_an_export_of_papers_have_none_that_matters(visitor, path):
    big = b"x" * 100_000
    # Caddy of Debian 12 notices while it hands the form on, and blames the server behind it.
    assert visitor.ask("/subscribe", "POST", content=big).status_code in (413, 502)
    assert visitor.ask(path, "POST", content=b"x" * 600_000).status_code == 200


def test_a_head_far_longer_than_any_browser_s_goes_no_further(visitor):
    """The endpoint would take many milliseconds to read one of thousands of fields."""
    assert visitor.ask("/", headers={f"x-{number}": "y" * 700 for number in range(60)}).status_code in (400, 431)


def test_a_path_and_its_query_arrive_as_they_were(visitor):
    path = f"/preferences/{TOKEN}?topics=speech%2Frobot%20arm"
    assert visitor.ask(path).json()["path"] == path


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/digest/", "/"),
        (f"/digest/unsubscribe/{TOKEN}", f"/unsubscribe/{TOKEN}"),
        (f"/digest/digest/{TOKEN}", f"/digest/{TOKEN}"),
        ("/digest/feed.atom?topics=a%20b", "/feed.atom?topics=a%20b"),
    ],
)
def test_a_sub_path_is_taken_off(visitor, path, arrives):
    host = HOST if visitor.name == "nginx" else SHARED_HOST
    assert visitor.ask(path, "POST", host).json()["path"] == arrives


def test_the_metrics_are_hidden_below_a_path_too(visitor):
    host = HOST if visitor.name == "nginx" else SHARED_HOST
    assert visitor.ask("/digest/metrics", host=host).status_code == 404


@pytest.mark.parametrize("path", ["/unsubscribe/{}", "/preferences/{}/export", "/x/digest/{}", "/digest/{}?q=sought"])
def test_no_log_has_a_token_or_a_query(visitor, path):
    """Whether all goes well, too much is sent, or the endpoint gives no answer."""
    assert visitor.ask(path.format(TOKEN)).status_code == 200
    assert visitor.ask(path.format(TOKEN), "POST", content=b"x" * 2_000_000).status_code in (413, 502)
    assert visitor.ask(path.format(HANG_UP + TOKEN)).status_code == 502
    written = visitor.logs()
    assert TOKEN not in written
    assert "sought" not in written


def test_the_log_of_nginx_says_what_was_asked_but_for_the_key(visitor):
    if visitor.name != "nginx":
        pytest.skip("Caddy keeps no log of visits unless told to")
    visitor.ask(f"/confirm/{TOKEN}")
    said = re.compile(r"^127\.0\.0\.1 \[\S+\] GET /confirm/\.\.\. 200 ", re.MULTILINE)
    # It writes once it has answered.
    wait_until(lambda: said.search(visitor.logs()))


def test_no_key_stands_in_a_log_whatever_its_link_is_for():
    named = re.search(r"/\((confirm[^)]*)\)/", (DEPLOY / "nginx.conf").read_text())
    assert set(named[1].split("|")) == set(Purpose)
    for purpose in Purpose:
        assert "secret" not in redact(f"GET /{purpose}/secret-key")
