"""outbox.py: frames wait to be sent, in a bounded number."""

import pytest

import minios
from minios.lib.streams import Stream
from minios.shell.console import outbox
from minios.shell.console.outbox import Outbox
from syscalls import Kill, Sleep, Spawn, Wait

SIZE = outbox._MOST


class Link:
    """In place of a Stream: it takes what is written when `open` is true."""

    def __init__(self):
        self.data, self.open, self.broken = b"", True, False

    def write(self, data):
        while not self.open:
            yield Sleep(1)
        if self.broken:
            raise ConnectionResetError(104, "Connection reset by peer")
        self.data += data


def test_what_is_put_is_sent_in_its_order_and_the_sender_ends_when_it_is_finished(run):
    def main():
        box, link = Outbox(), Link()
        sender = yield Spawn(box.send(link))
        for data in (b"a", b"b", b"c"):
            yield from box.put(data)
            yield Sleep(1)
        box.insert(b"d")
        box.finish()
        yield Wait(sender)
        return link.data

    assert run(main()) == b"abcd"


def test_who_puts_too_much_waits_until_there_is_room(run):
    def main():
        box, link = Outbox(), Link()
        link.open = False
        yield Spawn(box.send(link), daemon=True)
        put = []

        def putter():
            for number in range(10):
                yield from box.put(bytes(SIZE // 4))
                put.append(number)

        yield Spawn(putter())
        yield Sleep(10)
        assert put == [0, 1, 2, 3]
        assert repr(box) == f"<Outbox of {SIZE} bytes>"
        link.open = True
        yield Sleep(10)
        assert len(put) == 10 and len(link.data) == 10 * (SIZE // 4)

    run(main())


def test_who_waits_for_room_is_told_when_the_other_side_leaves(run):
    def main():
        box, link = Outbox(), Link()
        link.open, link.broken = False, True
        sender = yield Spawn(box.send(link))
        yield from box.put(bytes(SIZE))
        putter = yield Spawn(box.put(b"more"))
        yield Sleep(5)
        assert not putter.done()
        link.open = True
        with pytest.raises(BrokenPipeError):
            yield Wait(putter)
        yield Wait(sender)      # it has ended well
        with pytest.raises(BrokenPipeError):
            yield from box.put(b"x")
        box.insert(b"x")

    run(main())


def test_one_who_waits_for_room_and_is_killed_has_put_nothing(run):
    def main():
        box, link = Outbox(), Link()
        link.open = False
        yield Spawn(box.send(link), daemon=True)
        yield from box.put(bytes(SIZE))
        putter = yield Spawn(box.put(b"more"))
        yield Sleep(5)
        yield Kill(putter)
        yield Sleep(1)
        link.open = True
        yield Sleep(5)
        return len(link.data)

    assert run(main()) == SIZE


def test_what_is_inserted_never_waits_and_its_amount_can_be_asked_for(run):
    def main():
        box = Outbox()
        assert not box.is_far_too_full()
        for _ in range(4):
            box.insert(bytes(SIZE))
        assert box.is_far_too_full()
        return
        yield

    run(main())


def test_a_peer_that_has_gone_ends_the_sender(pair):
    near, far = pair
    far.close()

    def main():
        box = Outbox()
        sender = yield Spawn(box.send(Stream(near)))
        box.insert(b"x")
        yield Wait(sender)

    minios.run(main())
