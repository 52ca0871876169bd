"""A mail server on this machine, by which a mailbox is filled and looked into."""

import contextlib
import imaplib
import smtplib

from digest.cli.demo.processes import Processes, free_port

USER, PASSWORD = "bounces@papers.example.org", "a p@ss/word"


class MailboxServer:
    """`receives` puts a message into its mailbox; `url` is where that is."""

    def __init__(self, smtp, imap):
        self.smtp, self.imap = smtp, imap
        self.url = f"imap://bounces%40papers.example.org:a%20p%40ss%2Fword@127.0.0.1:{imap}/INBOX"

    def receives(self, *messages):
        with smtplib.SMTP("127.0.0.1", self.smtp) as smtp:
            for content in messages:
                smtp.sendmail("", [USER], content.replace(b"\n", b"\r\n"))

    @contextlib.contextmanager
    def opened(self):
        with imaplib.IMAP4("127.0.0.1", self.imap) as imap:
            imap.login(USER, PASSWORD)
            imap.select("INBOX")
            yield imap

    def waiting(self, criterion="ALL"):
        with self.opened() as imap:
            return len(imap.search(None, criterion)[1][0].split())


@contextlib.contextmanager
def mailbox_server(folder):
    """One that runs while it is used."""
    ports = {"smtp": free_port(0), "imap": free_port(0)}
    options = " ".join(f"--{name}-port {port}" for name, port in ports.items())
    with Processes(folder) as parts:
        parts.start(
            "mail", f"mail_devel --host 127.0.0.1 --no-http --user {USER} --password '{PASSWORD}' {options}", {}
        )
        for port in ports.values():
            parts.wait_for_port(port)
        yield MailboxServer(*ports.values())
