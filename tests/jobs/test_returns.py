"""What a verdict does to a reader: on both databases, with mails as they are composed and as they come back."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from digest.bounces import UNREADABLE, Reading
from digest.compose import Composer
from digest.domain import Kind, Preferences, Result, State, Status, Verdict, VerdictKind
from digest.jobs import giving_up, returns
from digest.links import Named, Purpose
from digest.readers import addresses, subscriptions
from digest.store import bounces, ledger, readers
from digest.store.engine import writing
from tests.emails import LETTERHEAD, a_delivery
from tests.support.composing import a_digest
from tests.support.examples import some
from tests.support.factories import NOW, a_key, a_paper
from tests.support.lives import becomes
from tests.support.returned import FULL, HARD, LINKS, a_letter, an_original, complaint, report
from tests.support.service import Service
from tests.support.stored import plan
from tests.support.visitor import a_subscriber, dump, status_of

A_DAY = timedelta(days=1)
DOMAIN = "papers.example.org"
DISABLED = "550 5.2.1 mailbox disabled"


class Correspondent:
    """A reader who is sent a mail a day, and whose server answers as a test says."""

    def __init__(self, engine, email="ada@example.org"):
        self.engine, self.now = engine, NOW
        self.reader = readers.admit(engine, email, Preferences(), NOW)

    def is_sent(self, state=State.SENT, reply="250 OK"):
        """Plan, claim and send the next mail; the delivery."""
        plan(self.engine, self.now)
        [delivery] = ledger.claim(self.engine, 10, self.now)
        result = Result(delivery.id, state, reply)
        returns.hear(self.engine, [(delivery, result)], self.now)
        ledger.record(self.engine, [(delivery, result, self.now)], self.now)
        self.now += A_DAY
        return delivery

    def returns(self, delivery, diagnostic=HARD, **report_of):
        to = LINKS.bounce_address(self.reader.key, delivery.id, DOMAIN)
        return self.takes(report(diagnostic, to=to, **report_of))

    def takes(self, content):
        return str(returns.take(self.engine, LINKS, content, self.now))

    @property
    def status(self):
        return status_of(self.engine, self.reader)


@pytest.fixture
def ada(engine):
    return Correspondent(engine)


@pytest.fixture
def service(engine, mail_server):
    return Service(engine, mail_server)


def test_a_dead_address_is_given_up_at_once(ada):
    assert "ada@example.org: bounced now" in ada.returns(ada.is_sent())
    assert ada.status is Status.BOUNCED
    assert readers.find(ada.engine, ada.reader.id).next_due_at is None


def test_a_new_address_that_is_dead_does_not_cost_the_reader_theirs(ada, engine):
    with writing(engine) as connection:
        ledger.queue(connection, ada.reader.id, "move", NOW, "ada@dead.example.org")
    [delivery] = ledger.claim(engine, 10, NOW)
    returns.hear(engine, [(delivery, Result(delivery.id, State.FAILED, HARD))], NOW)
    assert ada.status is Status.ACTIVE
    assert "the mail is unknown" in ada.returns(delivery)
    assert ada.status is Status.ACTIVE


def moves(ada):
    """Have a reader change their address, and the mails about it sent; what told the old address."""
    addresses.ask(ada.engine, ada.reader.id, "ada@new.example.org", ada.now)
    for _ in range(2):
        [mail] = ledger.claim(ada.engine, 10, ada.now)
        ledger.record(ada.engine, [(mail, Result(mail.id, State.SENT), ada.now)], ada.now)
        addresses.agree(ada.engine, mail, ada.now)
    ada.now += A_DAY
    assert mail.kind == Kind.MOVED
    return mail


def test_what_comes_back_from_an_old_address_says_nothing_of_the_new_one(ada):
    digest = ada.is_sent()
    moved = moves(ada)
    ada.is_sent()
    said = [ada.returns(digest), ada.returns(moved)]
    said.append(ada.takes(report(original=Composer(LETTERHEAD).letter(moved).content.decode())))
    assert ada.status is Status.ACTIVE, said


def test_full_mailboxes_of_an_old_and_a_new_address_are_not_added_up(ada):
    for _ in range(2):
        ada.returns(ada.is_sent(), DISABLED)
    moves(ada)
    ada.returns(ada.is_sent(), DISABLED)
    assert ada.status is Status.ACTIVE


def test_a_mail_to_another_address_is_none_that_arrived_in_between(ada):
    for _ in range(3):
        ada.returns(ada.is_sent(), DISABLED)
        with writing(ada.engine) as connection:
            ledger.queue(connection, ada.reader.id, "move", ada.now, "ada@new.example.org")
        [mail] = ledger.claim(ada.engine, 10, ada.now)
        ledger.record(ada.engine, [(mail, Result(mail.id, State.SENT), ada.now)], ada.now)
    assert ada.status is Status.BOUNCED


def test_a_failure_counts_by_the_way_out_and_the_message_id_of_the_mail_it_returns(ada):
    delivery = ada.is_sent()
    ada.takes(report(original=an_original(ada.reader.key)))
    assert ada.status is Status.ACTIVE, "nobody knows which mail failed"
    ada.takes(
        report(original=f"Message-ID: <digest.{delivery.id}.20251224180000@{DOMAIN}>\n{an_original(ada.reader.key)}")
    )
    assert ada.status is Status.BOUNCED


def test_a_sent_mail_that_came_back_stays_sent_and_the_failure_is_noted_beside_it(ada):
    delivery = ada.is_sent()
    for _ in range(2):
        ada.returns(delivery)
    assert ledger.counts(ada.engine)["sent"] == 1
    assert bounces.counts(ada.engine, NOW) == {"hard: no-such-user": 1}


def test_a_full_mailbox_is_given_up_when_it_outlasts_a_holiday(ada):
    for day in range(22):
        assert ada.status is Status.ACTIVE, day
        ada.returns(ada.is_sent(), FULL)
    assert ada.status is Status.BOUNCED


def test_a_disabled_mailbox_is_given_up_after_a_few(ada):
    for _ in range(2):
        ada.returns(ada.is_sent(), DISABLED)
    assert ada.status is Status.ACTIVE
    ada.returns(ada.is_sent(), DISABLED)
    assert ada.status is Status.BOUNCED


def test_a_mail_that_arrives_begins_the_count_anew(ada):
    for _ in range(4):
        for _ in range(2):
            ada.returns(ada.is_sent(), DISABLED)
        ada.is_sent()
    assert ada.status is Status.ACTIVE


def test_reports_that_come_late_count_for_the_mails_they_are_about(ada):
    sent = [ada.is_sent() for _ in range(30)]
    for delivery in sent[:4]:
        ada.now += A_DAY
        ada.returns(delivery, DISABLED)
    assert ada.status is Status.BOUNCED


def test_failures_of_long_ago_count_no_more(ada):
    for _ in range(2):
        ada.returns(ada.is_sent(), DISABLED)
    ada.now += giving_up.COUNTS_FOR
    ada.returns(ada.is_sent(), DISABLED)
    assert ada.status is Status.ACTIVE
    assert bounces.forget(ada.engine, ada.now - giving_up.COUNTS_FOR) == 2


def test_one_report_twice_counts_once(ada):
    ada.returns(ada.is_sent(), DISABLED)
    delivery = ada.is_sent()
    for _ in range(5):
        ada.now += A_DAY
        ada.returns(delivery, DISABLED)
    assert ada.status is Status.ACTIVE


def test_a_dead_address_named_in_the_reply_itself_is_given_up_too(ada):
    ada.is_sent(State.FAILED, HARD)
    assert ada.status is Status.BOUNCED


def test_a_mail_that_goes_after_all_clears_what_was_noted_of_it(ada):
    delivery = ada.is_sent(State.DEFERRED, "452 4.2.2 mailbox full")
    assert bounces.counts(ada.engine, NOW) == {"soft: mailbox-full": 1}
    [again] = ledger.claim(ada.engine, 10, ada.now)
    assert again.id == delivery.id
    returns.hear(ada.engine, [(again, Result(again.id, State.SENT, "250 OK"))], ada.now)
    assert bounces.counts(ada.engine, NOW) == {}


@pytest.mark.parametrize(
    "reply",
    ["451 4.3.0 our disk is full", "Connection lost", "550 5.7.1 blocked using bl.example.net", "550 5.7.26 DMARC"],
)
def test_a_relay_in_trouble_is_no_readers_loss(ada, reply):
    for _ in range(30):
        ada.is_sent(State.FAILED, reply)
    assert ada.status is Status.ACTIVE
    assert bounces.counts(ada.engine, NOW) == {}


def test_our_own_fault_is_told_to_the_operator_and_leaves_the_reader(ada):
    with capture_logs() as logged:
        said = ada.returns(ada.is_sent(), "554 5.7.1 blocked using bl.example.net")
    assert "noted for the operator" in said
    assert [(line["log_level"], line["reason"]) for line in logged] == [("warning", "reputation")]
    assert bounces.counts(ada.engine, NOW) == {"sender-fault: reputation": 1}
    assert ada.status is Status.ACTIVE


def test_a_complaint_unsubscribes_by_the_token_in_what_it_returns(ada):
    ada.takes(complaint(original=an_original(ada.reader.key)))
    assert ada.status is Status.COMPLAINED


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "shoe-size"])
def test_no_other_report_of_feedback_changes_anybody(engine, status, kind):
    reader = a_subscriber(engine, status)
    returns.take(engine, LINKS, complaint(kind, original=an_original(reader.key)), NOW)
    assert status_of(engine, reader) is status


def test_mail_to_the_way_out_unsubscribes(ada):
    """U10."""
    token = LINKS.token(Purpose.UNSUBSCRIBE, ada.reader.key)
    ada.takes(a_letter("unsubscribe", "", to=f"unsubscribe+{token}@{DOMAIN}"))
    assert ada.status is Status.UNSUBSCRIBED


def test_an_answer_of_a_machine_changes_nothing(ada):
    before = dump(ada.engine)
    to = LINKS.bounce_address(ada.reader.key, 1, DOMAIN)
    ada.takes(a_letter("Out of office", "I no longer work here", to=to, Auto_Submitted="auto-replied"))
    assert dump(ada.engine) == before


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_changes_nothing(ada, action):
    delivery = ada.is_sent()
    before = dump(ada.engine)
    ada.returns(delivery, action=action)
    assert dump(ada.engine) == before


FORGED = [
    report(),
    report(to="bounce+1.1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@papers.example.org"),
    complaint(original=an_original().replace("Hello", "https://papers.example.org/unsubscribe/1.x")),
    a_letter("unsubscribe", to="unsubscribe+1.aaaaaaaaaaaaaaaaaaaaaaaaaaa@papers.example.org"),
]


@pytest.mark.parametrize("content", FORGED)
def test_a_forged_report_changes_nothing(ada, content):
    ada.is_sent()
    before = dump(ada.engine)
    assert "no signature of ours" in ada.takes(content)
    assert dump(ada.engine) == before


@settings(max_examples=some(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 55), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567.0189"))
def test_no_change_to_a_token_makes_another(ada, place, letter):
    address = LINKS.bounce_address(ada.reader.key, 1, DOMAIN)
    token = address.partition("@")[0].partition("+")[2]
    place %= len(token)
    other = token[:place] + letter + token[place + 1 :]
    assert LINKS.read_bounce(other) == (Named(ada.reader.key, 1) if other == token else None)


def test_a_bounce_address_fits_an_envelope_and_survives_lower_and_upper_case():
    address = LINKS.bounce_address(a_key(7), 999_999_999_999, DOMAIN)
    local, _, domain = address.partition("@")
    assert len(local) <= 64
    assert domain == DOMAIN
    for token in (local.partition("+")[2], local.partition("+")[2].upper()):
        assert LINKS.read_bounce(token) == Named(a_key(7), 999_999_999_999)


@pytest.mark.parametrize("bad", ["", ".", "1.1", "1.1.", "1.1.a", "x.y.z", "é", "1.1.1.1", "1" * 500])
def test_a_bad_bounce_token_is_none_whatever_is_wrong_with_it(bad):
    assert LINKS.read_bounce(bad) is None


@pytest.mark.parametrize("status", ["5.1.1\\u0000", "5.1.1\\ud800", "5" * 400, "5.1.1 \\u001b[2J", "٥.1.1"])
def test_what_stands_in_the_place_of_a_code_is_none_and_stops_no_round(ada, status):
    """A reader has a true token, and may write what they like beside it."""
    said = f'{{"emailAddress": "a@b.c", "status": "{status}", "diagnosticCode": "552 mailbox full"}}'
    notice = f'{{"notificationType": "Bounce", "bounce": {{"bouncedRecipients": [{said}]}}}}'
    delivery = ada.is_sent()
    assert "noted; 1 in a row" in ada.takes(
        a_letter("Notice", notice, to=LINKS.bounce_address(ada.reader.key, delivery.id, DOMAIN))
    )
    assert [row["status"] for row in bounces.rows_of(ada.engine, ada.reader.id)] in (["5.1.1"], [""])


def test_what_the_database_cannot_take_is_that_messages_fault_alone(ada, engine):
    delivery = ada.is_sent()
    verdict = Verdict(VerdictKind.SOFT, reason="mailbox-full\ud800", status="\ud800")
    address = LINKS.bounce_address(ada.reader.key, delivery.id, DOMAIN)
    token = address.partition("@")[0].partition("+")[2]
    taken = returns.act_on(engine, LINKS, Reading(verdict, bounce_tokens=(token,)), NOW)
    assert (taken.verdict.reason, taken.done) == (UNREADABLE, "it cannot be written down, so nothing changes")


@pytest.mark.parametrize("status", [Status.BOUNCED, Status.UNSUBSCRIBED])
def test_who_was_given_up_comes_back_by_confirming_anew_and_old_reports_do_not_undo_it(ada, status):
    old = ada.is_sent()
    becomes(ada.engine, ada.reader, status)
    subscriptions.subscribe(ada.engine, "ada@example.org", Preferences(), ada.now)
    [asked] = [one for one in ledger.claim(ada.engine, 10, ada.now) if one.kind == Kind.CONFIRM]
    subscriptions.confirm(ada.engine, asked, ada.now + timedelta(minutes=5))
    assert ada.status is Status.ACTIVE
    assert "have confirmed since" in ada.returns(old)
    assert ada.status is Status.ACTIVE


def test_who_never_confirmed_and_cannot_be_reached_is_asked_no_more(engine):
    subscriptions.subscribe(engine, "nobody@example.org", Preferences(), NOW)
    [asked] = ledger.claim(engine, 10, NOW)
    returns.hear(engine, [(asked, Result(asked.id, State.FAILED, HARD))], NOW)
    assert status_of(engine, asked.reader) is Status.BOUNCED


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.COMPLAINED])
def test_who_has_left_stays_as_they_are(ada, status):
    delivery = ada.is_sent()
    becomes(ada.engine, ada.reader, status)
    ada.returns(delivery)
    assert ada.status is status


def test_a_report_about_somebody_who_is_gone_is_no_trouble(ada):
    delivery = ada.is_sent()
    readers.forget(ada.engine, "ada@example.org")
    assert "nothing changes" in ada.returns(delivery)


def test_a_token_of_one_reader_never_moves_another(engine):
    ada, bob = Correspondent(engine), Correspondent(engine, "bob@example.org")
    to = LINKS.bounce_address(ada.reader.key, 1, DOMAIN)
    plan(engine)
    ada.takes(report(who="bob", to=to))
    assert (ada.status, bob.status) == (Status.BOUNCED, Status.ACTIVE)


def test_what_the_relay_replies_is_heard(service):
    service.collects(a_paper(title="Speculative decoding"))
    reader = service.admits("ada@example.org", "speculative decoding")
    service.mail_server.refuse("ada@example.org", HARD)
    assert service.sends() == {State.FAILED: 1}
    assert status_of(service.engine, reader) is Status.BOUNCED


def test_the_envelope_sender_of_a_mail_is_its_bounce_address():
    mail = a_digest(id=7)
    local, _, domain = mail.sender.partition("@")
    assert LETTERHEAD.links.read_bounce(local.removeprefix("bounce+")) == Named(a_delivery().reader.key, 7)
    assert domain == LETTERHEAD.mail_domain


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=40),
    st.sampled_from(["mailbox-full", "disabled", "refused", "expired"]),
)
def test_nobody_is_worn_out_within_a_day_or_by_two(days, reason):
    moments = sorted(NOW + timedelta(days=day) for day in days)
    if giving_up.worn_out(moments, reason):
        assert len(moments) >= 3
        assert moments[-1] - moments[0] >= timedelta(days=2)
