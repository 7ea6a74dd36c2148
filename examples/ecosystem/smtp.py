"""A mail server among plain generators: aiosmtpd speaks SMTP, and tasks read the letters.

Who lives here is a task that takes letters out of a mailbox, a queue with room for few. A letter
that finds no room in time is refused for now, and its sender tries again, as mail servers do.
The client is the standard library's smtplib: it blocks, and so it runs in a thread.

    pip install "minios[ecosystem]"                 (aiosmtpd)
    python examples/ecosystem/smtp.py
"""

import asyncio
import smtplib
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage

import minios.aio
from minios import Queue, TaskGroup, timeout, to_thread
from syscalls import Await

try:
    from aiosmtpd.smtp import SMTP
except ImportError:
    sys.exit('smtp needs aiosmtpd: pip install "minios[ecosystem]"')

ROOM = 2        # letters in a mailbox


class PostOffice:
    """What aiosmtpd asks, in coroutines; a letter waits `patience` seconds for room."""

    def __init__(self, names, patience):
        self.mailboxes = {name: Queue(maxsize=ROOM) for name in names}
        self.patience = patience

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.partition("@")[0] not in self.mailboxes:
            return "550 nobody of that name lives here"
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_DATA(self, server, session, envelope):
        # A coroutine awaits a task. It is cancelled if the client hangs up; that kills the task.
        return await server.loop.kernel.spawn(self.deliver(envelope))

    def deliver(self, envelope):
        """A task: put the letter into the mailboxes; returns what the client is told."""
        letter = message_from_bytes(envelope.content, policy=policy.default)
        try:
            with timeout(self.patience):
                for address in envelope.rcpt_tos:
                    yield from self.mailboxes[address.partition("@")[0]].put(letter)
        except TimeoutError:
            return "452 the mailbox is full, try again later"
        return "250 delivered"


def read(name, mailbox):
    """A task: read letters, until the mailbox is closed and empty."""
    while (letter := (yield from mailbox.get(None))) is not None:
        print(f"{name} reads: {letter['Subject']}", flush=True)


def send(port, receiver, subject):
    """A plain function, which blocks: send a letter; returns what the server says to it."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "me@example.com", receiver, subject
    letter.set_content("Greetings!")
    with smtplib.SMTP("127.0.0.1", port) as client:
        try:
            client.send_message(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[receiver][1].decode()
        except smtplib.SMTPDataError as refused:
            return refused.smtp_error.decode()
    return "sent"


def start_server(office):
    """Listen for SMTP on a free port of loopback; returns asyncio's server, and the port."""
    loop = asyncio.get_running_loop()
    server = yield Await(loop.create_server(lambda: SMTP(office), "127.0.0.1", 0))
    return server, server.sockets[0].getsockname()[1]


def main():
    office = PostOffice(["ann", "bob"], patience=0.1)
    server, port = yield from start_server(office)
    try:
        with TaskGroup() as group:
            for receiver, subject in [
                ("ann", "hello"), ("eve", "are you there?"),
                ("bob", "one"), ("bob", "two"), ("bob", "three"),   # but Bob is on holiday
            ]:
                answer = yield from to_thread(send, port, f"{receiver}@example.com", subject)
                print(f"to {receiver}: {subject}: {answer}", flush=True)
            for name, mailbox in office.mailboxes.items():          # back home
                group.spawn(read(name, mailbox))
            yield from to_thread(send, port, "bob@example.com", "three")
            for mailbox in office.mailboxes.values():
                mailbox.close()
            yield from group.join()
    finally:
        server.close()
        yield Await(server.wait_closed())


if __name__ == "__main__":
    try:
        minios.aio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
