"""smtp.py: what it prints, and its server with more clients of smtplib at once."""

import runpy
import smtplib

import pytest

import minios.aio
from minios import gather, open_connection, to_thread
from syscalls import Await, Sleep

from ..conftest import EXAMPLES, PATIENCE

pytest.importorskip("aiosmtpd", reason="NOT TESTED: aiosmtpd is not installed")

PROGRAM = "ecosystem/smtp.py"
smtp = runpy.run_path(str(EXAMPLES / PROGRAM))
FULL = "the mailbox is full, try again later"


def with_server(names, test, patience=PATIENCE):
    """Run the routine `test(office, port)` beside a server for these mailboxes."""
    def main():
        office = smtp["PostOffice"](names, patience)
        server, port = yield from smtp["start_server"](office)
        try:
            return (yield from test(office, port))
        finally:
            server.close()
            yield Await(server.wait_closed())

    return minios.aio.run(main())


def send(port, name, subject):
    return to_thread(smtp["send"], port, f"{name}@example.com", subject)


def test_letters_are_delivered_refused_and_sent_again(output_of):
    assert output_of(PROGRAM).splitlines() == [
        "to ann: hello: sent", "to eve: are you there?: nobody of that name lives here",
        "to bob: one: sent", "to bob: two: sent", f"to bob: three: {FULL}",
        "ann reads: hello", "bob reads: one", "bob reads: two", "bob reads: three",
    ]


def test_letters_of_many_clients_at_once_all_arrive():
    subjects = [f"letter {number}" for number in range(40)]

    def test(office, port):
        answers = minios.current_kernel().spawn(gather(*[
            send(port, "ann", subject) for subject in subjects
        ]))
        got = []
        for _ in subjects:      # the mailbox has room for two: they wait, and their clients
            letter = yield from office.mailboxes["ann"].get()
            assert letter["From"] == "me@example.com"
            assert letter.get_content().split() == ["Greetings!"]
            got.append(letter["Subject"])
        assert (yield from answers) == ["sent"] * 40
        return got

    assert sorted(with_server(["ann"], test)) == sorted(subjects)


def test_a_letter_to_two_goes_to_both():
    def talk(port):
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
            receivers = ["ann@example.com", "eve@example.com", "bob@example.com"]
            return client.sendmail("me@example.com", receivers, b"Subject: all\r\n\r\nhello\r\n")

    def test(office, port):
        refused = yield from to_thread(talk, port)
        assert refused == {"eve@example.com": (550, b"nobody of that name lives here")}
        for name in "ann", "bob":
            assert (yield from office.mailboxes[name].get())["Subject"] == "all"

    with_server(["ann", "bob"], test)


def test_a_letter_that_finds_no_room_is_refused_and_not_kept():
    def test(office, port):
        for number in range(4):
            answer = yield from send(port, "ann", str(number))
            assert answer == ("sent" if number < 2 else FULL)
        mailbox = office.mailboxes["ann"]
        assert mailbox.statistics()[:4] == (2, 2, 0, 0)       # no putter has stayed behind
        return [mailbox.get_nowait()["Subject"], mailbox.get_nowait()["Subject"]]

    assert with_server(["ann"], test, patience=0.01) == ["0", "1"]


def test_the_letter_of_a_client_that_hangs_up_waits_no_more():
    def test(office, port):
        mailbox = office.mailboxes["ann"]
        for number in range(2):
            yield from send(port, "ann", str(number))
        with (yield from open_connection("127.0.0.1", port)) as client:
            for line in "HELO x", "MAIL FROM:<me@x>", "RCPT TO:<ann@x>", "DATA":
                yield from client.readline()
                yield from client.write(f"{line}\r\n".encode())
            assert (yield from client.readline()).startswith(b"354 ")
            yield from client.write(b"Subject: late\r\n\r\n.\r\n")
            while not mailbox.statistics().putters:
                yield Sleep(0.001)
        while mailbox.statistics().putters:
            yield Sleep(0.001)
        return [mailbox.get_nowait()["Subject"], mailbox.get_nowait()["Subject"], mailbox.empty()]

    assert with_server(["ann"], test) == ["0", "1", True]
