"""A small shell around a Terminal, for the tests of the prompt: what is typed comes back as `got`.

Some words do something: see `commands`. Run by python -m tests.shell.prompted, at a terminal.
"""

import logging
import os
import signal
import sys
import threading
import time

import minios
from minios.shell.tty.prompt import make_terminal
from minios.shell.tty.redirect import installed
from syscalls import Sleep, Tasks, Wait

WORDS = ["help", "hello world", "history", "ps"]


def complete(text, cursor):
    from minios.shell.tty.completion import Candidate

    start = text.rfind(" ", 0, cursor) + 1
    word = text[start:cursor]
    found = [each for each in WORDS if each.startswith(word)]
    return [Candidate(f"{each} ", start, f"about {each}") for each in found]


class Session:
    def __init__(self, kernel, terminal):
        self.kernel, self.terminal = kernel, terminal
        self.done = False
        self.interrupts = 0     # how many ^C have been heard

    def run(self):
        while not self.done:
            try:
                line = yield from self.terminal.read_line("$ ")
                if line is None:
                    break
                yield from self.carry_out(line)
            except KeyboardInterrupt:
                self.interrupts += 1
        yield from self.say("bye")
        return 3 if self.done else 0

    def carry_out(self, line):
        word, _, rest = line.partition(" ")
        command = getattr(self, f"do_{word}", None)
        if command is None:
            short = len(line) < 200
            yield from self.say(f"got {line!r}" if short else f"got {len(line)} characters")
        else:
            yield from command(rest)

    def say(self, text):
        yield from self.terminal.write(f"{text}\n".encode())

    def do_exit(self, rest):
        self.done = True
        return
        yield

    def do_raise(self, rest):
        raise RuntimeError("raised on purpose")
        yield

    def do_pid(self, rest):
        yield from self.say(f"pid {os.getpid()}")

    def do_term(self, rest):
        """Be sent a signal while the next line is edited."""
        def later():
            yield Sleep(0.05)
            os.kill(os.getpid(), int(rest))

        self.kernel.spawn(later())
        return
        yield

    def do_ticks(self, rest):
        """In the background: so many lines, by print(), logging, a thread and Terminal.write."""
        self.kernel.spawn(self.ticks(int(rest)))
        return
        yield

    def ticks(self, count):
        for i in range(count):
            print(f"tick {i}")
            logging.getLogger("test").error("log %d", i)
            thread = threading.Thread(target=print, args=(f"thread {i}",))
            thread.start()
            while thread.is_alive():
                yield Sleep(0.001)
            yield from self.say(f"wrote {i}")
        print("ticks are over")

    def do_dots(self, rest):
        """In the background: a line that grows."""
        def dots():
            for _ in range(int(rest)):
                print(".", end="")
                yield Sleep(0.01)
            print("|", end="")

        self.kernel.spawn(dots())
        return
        yield

    def do_last(self, rest):
        """Print, and leave at once."""
        def last():
            for i in range(int(rest)):
                print(f"last {i}")
            os.kill(os.getpid(), signal.SIGINT)
            yield

        self.kernel.spawn(last())
        self.terminal.read_line, before = self.once, self.terminal.read_line
        self.before = before
        return
        yield

    def once(self, prompt):
        self.done = True
        return (yield from self.before(prompt))

    def do_hog(self, rest):
        """In the background: hold the CPU, again and again, and print."""
        def hog():
            for i in range(5):
                until = time.monotonic() + 0.1
                while time.monotonic() < until:
                    pass
                print(f"hog {i}")
                yield

        self.kernel.spawn(hog())
        return
        yield

    def do_flood(self, rest):
        """In the foreground: that many lines, by a program that writes line by line."""
        for i in range(int(rest)):
            yield from self.say(f"flood {i}")

    def do_pour(self, rest):
        """In the background: so many bytes, by Terminal.write and by a thread that prints."""
        lines = [f"pour {i}" for i in range(int(rest))]

        def pour():
            thread = threading.Thread(target=lambda: [print("thread", line) for line in lines])
            thread.start()
            yield from self.terminal.write("".join(f"{line}\n" for line in lines).encode())
            while thread.is_alive():
                yield Sleep(0.001)
            print("poured")

        self.kernel.spawn(pour())
        return
        yield

    def do_partial(self, rest):
        yield from self.terminal.write(b"no newline")

    def do_read(self, rest):
        data = yield from self.terminal.read()
        yield from self.say(f"read {data!r}")

    def do_keys(self, rest):
        """Show keys until q."""
        with self.terminal.keys() as keys:
            yield from self.say("keys:")
            while (key := (yield from keys.get(30))) != "q":
                columns, rows = self.terminal.size()
                yield from self.say(f"key {key!r} {columns}x{rows}")

    def do_keysraise(self, rest):
        with self.terminal.keys() as keys:
            yield from self.say("keys:")
            yield from keys.get(30)
            raise RuntimeError("raised on purpose")

    def do_die(self, rest):
        """In the background: end the whole program while the next line is edited."""
        def die():
            yield Sleep(0.05)
            sys.exit(int(rest))

        self.kernel.spawn(die())
        return
        yield

    def do_alternate(self, rest):
        with self.terminal.keys() as keys:
            yield from self.terminal.write(b"\033[?1049h\033[Halternate")
            yield from keys.get(30)

    def do_fork(self, rest):
        """A forked child that ends by a signal, and by sys.exit()."""
        for end in (lambda: os.kill(os.getpid(), signal.SIGTERM), sys.exit):
            pid = os.fork()
            if not pid:
                end()
                os._exit(1)
            os.waitpid(pid, 0)
        yield from self.say("child ended")

    def do_beat(self, rest):
        """A task that writes a byte to a file, again and again."""
        def beat():
            with open(os.environ["HEARTBEAT"], "wb", buffering=0) as file:
                while True:
                    file.write(b".")
                    yield Sleep(0.005)

        self.kernel.spawn(beat())
        return
        yield

    def do_stopped(self, rest):
        """A program with keys is stopped and continued by two lines."""
        def top():
            with self.terminal.keys() as keys:
                while (key := (yield from keys.get())) != "q":
                    print(f"top {key!r}")

        self.top = self.kernel.spawn(top())
        while not self.top.call:
            yield
        self.top.kill(signal.SIGSTOP)

    def do_continue(self, rest):
        self.terminal.resume_keys()
        self.top.kill(signal.SIGCONT)
        yield Wait(self.top)

    def do_interrupts(self, rest):
        yield from self.say(f"interrupts {self.interrupts}")

    def do_handlers(self, rest):
        fd = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(fd)
        ours = fd == self.kernel._inbox.wakeup_fd
        yield from self.say(f"wakeup {ours} winch {signal.getsignal(signal.SIGWINCH)!r}")

    def do_tasks(self, rest):
        yield               # what the prompt has left is run in the round after it
        yield
        for info in (yield Tasks()):
            yield from self.say(f"task {info.name} {info.wait} {info.kind}")
        yield from self.say("tasks end")


def main():
    kernel = minios.Kernel()
    terminal = make_terminal(kernel, complete)
    try:
        with installed(terminal):
            logging.basicConfig(format="%(message)s")
            return kernel.run(Session(kernel, terminal).run(), name="shell")
    finally:
        terminal.close()


if __name__ == "__main__":
    sys.exit(main())
