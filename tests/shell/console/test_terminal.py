"""terminal.py: what a program sees of the client's terminal."""

import json
import struct

import pytest

from minios.shell.console import outbox
from minios.shell.console.outbox import Outbox
from minios.shell.console.terminal import RemoteTerminal
from syscalls import GetTask, Kill, Sleep, Spawn, Wait

HEADER = struct.Struct(">Ic")


class Client:
    """The other side: what the terminal has sent it."""

    def __init__(self, kernel, **screen):
        self.box = Outbox()
        self.terminal = RemoteTerminal(kernel, self.box, **screen)

    def frames(self):
        """What was sent since the last time, as (kind, payload)."""
        data, found = b"".join(self.box._frames), []
        self.box._frames.clear()
        self.box._size = 0
        while data:
            length, kind = HEADER.unpack_from(data)
            payload, data = data[HEADER.size:][:length], data[HEADER.size + length:]
            found.append((kind, payload if kind in b"OE" else json.loads(payload)))
        return found


@pytest.fixture
def client(kernel):
    return Client(kernel, tty=True, keys=True)


def test_what_is_written_goes_to_the_stream_it_is_for(kernel, client):
    def main():
        yield from client.terminal.write(b"out")
        yield from client.terminal.write(b"err", error=True)
        client.terminal.print("text \N{SNOWMAN}")
        client.terminal.print(b"bytes", error=True)
        yield

    kernel.run(main())
    assert client.frames() == [
        (b"O", b"out"), (b"E", b"err"), (b"O", "text \N{SNOWMAN}".encode()), (b"E", b"bytes"),
    ]


def test_who_has_left_breaks_the_pipe_of_output_and_complaints_go_nowhere(kernel, client):
    def main():
        client.box.close()
        yield from client.terminal.write(b"err", error=True)
        with pytest.raises(BrokenPipeError):
            yield from client.terminal.write(b"out")

    kernel.run(main())


def test_what_is_printed_without_waiting_is_dropped_when_it_is_far_too_much(kernel, client):
    def main():
        for _ in range(100):
            client.terminal.print(bytes(outbox._MOST // 2))
        yield
        assert len(client.box._frames) < 50
        assert b"some of the output is missing" in client.frames()[-1][1]
        client.terminal.print("more")
        yield

    kernel.run(main())
    assert client.frames() == [(b"O", b"more")]


def test_the_screen_is_what_the_client_says(kernel):
    terminal = Client(kernel, tty=True, error_tty=False, keys=False, colors=True).terminal
    assert terminal.isatty() and not terminal.isatty(error=True)
    assert terminal.colors and not terminal.interactive
    assert terminal.size() == (80, 24)

    def main():
        terminal.resize(0, 1 << 40)
        return terminal.size()
        yield

    assert kernel.run(main()) == (1, 10_000)


def test_a_line_is_asked_for_and_the_answer_to_another_question_dropped(kernel, client):
    def main():
        asker = yield Spawn(client.terminal.read_line("$ "))
        yield
        ((kind, question),) = client.frames()
        assert kind == b"P" and question["text"] == "$ "
        client.terminal.answer(b"P", question["id"] + 1, "other")
        client.terminal.answer(b"P", question["id"], "line")
        client.terminal.answer(b"P", question["id"], "again")
        return (yield Wait(asker))

    assert kernel.run(main()) == "line"


def test_what_is_typed_is_no_answer_to_who_wants_a_line(kernel, client):
    def main():
        asker = yield Spawn(client.terminal.read_line("$ "))
        yield
        number = client.frames()[0][1]["id"]
        client.terminal.answer(b"N", number, b"typed")
        client.terminal.answer(b"P", number, "line")
        return (yield Wait(asker))

    assert kernel.run(main()) == "line"


def test_who_asks_last_is_answered_first_and_the_other_asks_anew(kernel, client):
    def main():
        reader = yield Spawn(client.terminal.read())
        yield
        first = client.frames()[0][1]["id"]
        prompt = yield Spawn(client.terminal.read_line("$ "))
        yield
        ((kind, question),) = client.frames()
        assert kind == b"P"
        client.terminal.answer(b"N", first, b"late")
        yield Sleep(1)
        assert not reader.done() and client.frames() == []
        client.terminal.answer(b"P", question["id"], "line")
        assert (yield Wait(prompt)) == "line"
        yield
        ((kind, question),) = client.frames()
        assert kind == b"N"
        client.terminal.answer(b"N", question["id"], b"typed")
        return (yield Wait(reader))

    assert kernel.run(main()) == b"typed"


def test_one_that_is_stopped_asks_anew_when_it_goes_on(kernel, client):
    def main():
        reader = yield Spawn(client.terminal.read())
        yield
        yield Kill(reader, 19)
        prompt = yield Spawn(client.terminal.read_line("$ "))
        yield
        client.terminal.answer(b"P", client.frames()[1][1]["id"], "line")
        yield Wait(prompt)
        yield Sleep(1)
        assert client.frames() == []
        yield Kill(reader, 18)
        yield Sleep(1)
        ((kind, question),) = client.frames()
        client.terminal.answer(b"N", question["id"], b"typed")
        return kind, (yield Wait(reader))

    assert kernel.run(main()) == (b"N", b"typed")


def test_one_that_asks_and_is_killed_makes_room_for_the_next(kernel, client):
    def main():
        first = yield Spawn(client.terminal.read())
        second = yield Spawn(client.terminal.read_line("$ "))
        yield
        yield Kill(second)
        yield Sleep(1)
        kind, question = client.frames()[-1]
        assert kind == b"N"
        client.terminal.answer(b"N", question["id"], b"typed")
        return (yield Wait(first))

    assert kernel.run(main()) == b"typed"


def test_single_keys_are_a_mode_that_ends_with_its_block(kernel, client):
    def main():
        client.terminal.press("lost")
        with client.terminal.keys() as keys:
            client.terminal.press("a")
            client.terminal.resize(40, 10)
            got = [(yield from keys.get()), (yield from keys.get(5))]
            before = kernel.now()
            assert (yield from keys.get(5)) is None and kernel.now() == before + 5
            client.terminal.pause_keys()
            client.terminal.resume_keys()
            with pytest.raises(OSError, match="a program has its keys"):
                with client.terminal.keys():
                    pass
        client.terminal.pause_keys()
        return got

    assert kernel.run(main()) == ["a", "resize"]
    assert [payload["mode"] for _, payload in client.frames()] == ["keys", "lines", "keys", "lines"]


def test_a_key_is_waited_for_and_more_than_fit_are_dropped(kernel, client):
    def main():
        me = yield GetTask()
        with client.terminal.keys() as keys:
            kernel.call_at(kernel.now() + 3, client.terminal.press, "q")
            assert (yield from keys.get()) == "q" and kernel.now() >= 3
            for number in range(1000):
                client.terminal.press(str(number))
            assert (yield from keys.get()) == str(1000 - 256)
        return me

    kernel.run(main())


def test_without_a_person_there_are_no_keys(kernel):
    terminal = Client(kernel, tty=True).terminal
    with terminal.keys() as keys:
        assert keys is None
