"""Victims that hand things over: queues and pipes. Nothing may be lost, nothing come twice."""

from minios import LifoQueue, Pipe, PriorityQueue, Queue
from syscalls import Sleep, Wait

from ..suspension_points import scenario


def puts(queue, items, done, pause=1.0):
    """A task that puts `items`, and says in `done` which of them are in the queue."""
    for item in items:
        if pause:
            yield Sleep(pause)
        yield from queue.put(item)
        done.append(item)


def gets(queue, got, times=None, pause=0.0):
    """A task that gets `times` items (None: until the queue is closed)."""
    while times is None or times > 0:
        item = yield from queue.get(None)
        if item is None:
            return
        got.append(item)
        times = times and times - 1
        if pause:
            yield Sleep(pause)


def nothing_is_lost(world, queue, put, got, maybe=()):
    """Everything `put` was `got` or is in the queue, once. `maybe`: an item whose putter was
    struck, which may be in it."""
    rest = []
    while not queue.empty():
        rest.append(queue.get_nowait())
    found = sorted(got + rest)
    wanted = sorted(put)
    extra = [item for item in found if item not in wanted]
    world.expect("items", sorted(set(found)) == found, f"twice: {found}")
    world.expect("items", set(wanted) <= set(found), f"lost: {set(wanted) - set(found)}")
    world.expect("items", set(extra) <= set(maybe), f"never put: {extra}")
    stands = queue.statistics()
    world.expect("parked", stands.getters == stands.putters == 0, f"{stands}")
    world.expect("parked", not (queue._promised or queue._getting or queue._offers))


def getting(world, queue):
    """The victim gets items before others, which wait behind it."""
    put, got = [], []
    putter = world.spawn(puts(queue, range(9), put))

    def behind():
        yield Sleep(0.5)
        yield from gets(queue, got)

    others = [world.spawn(behind()), world.spawn(behind())]
    yield from world.victim(gets(queue, got, 3))
    yield Wait(putter)
    queue.close()
    for task in others:
        yield Wait(task)
    nothing_is_lost(world, queue, put, got)
    world.expect("items", len(put) == 9)


@scenario
def getting_from_a_queue(world):
    yield from getting(world, Queue())


@scenario
def getting_from_a_full_queue(world):
    yield from getting(world, Queue(1))


@scenario
def getting_from_a_priority_queue(world):
    yield from getting(world, PriorityQueue())


@scenario
def getting_from_a_lifo_queue(world):
    yield from getting(world, LifoQueue())


@scenario
def getting_all_that_comes_in_a_burst(world):
    """Each getter is promised an item in the same turn of the putter."""
    queue, got = Queue(), []

    def bursts():
        for start in (0, 3):
            yield Sleep(1)
            for item in range(start, start + 3):
                queue.put_nowait(item)

    async def victim():
        async for item in queue:
            got.append(item)

    burster = world.spawn(bursts())
    other = world.spawn(gets(queue, got))
    closer = world.spawn(close_later(queue))
    yield from world.victim(victim())
    for task in (burster, closer, other):
        yield Wait(task)
    nothing_is_lost(world, queue, range(6), got)


def close_later(queue):
    yield Sleep(5)
    queue.close()


def putting(world, queue, items):
    """The victim puts before others, which wait behind it for room."""
    mine, theirs, got = [], [], []
    behind = [world.spawn(puts(queue, [item], theirs, 0.5)) for item in items[3:]]
    yield Sleep(0)

    def empties():
        yield Sleep(3)
        yield from gets(queue, got, pause=1)

    getter = world.spawn(empties())
    yield from world.victim(puts(queue, items[:3], mine, 0))
    for task in behind:
        yield Wait(task)
    queue.close()
    yield Wait(getter)
    # What the victim was putting when it was struck may be in or not; what it had put is in.
    nothing_is_lost(world, queue, mine + theirs, got, items[len(mine):len(mine) + 1])
    world.expect("items", sorted(theirs) == items[3:])


@scenario
def putting_into_a_queue(world):
    yield from putting(world, Queue(1), [1, 2, 3, 4, 5])


@scenario
def putting_into_a_priority_queue(world):
    yield from putting(world, PriorityQueue(1), [1, 2, 3, 4, 5])


@scenario
def putting_into_a_lifo_queue(world):
    yield from putting(world, LifoQueue(2), [1, 2, 3, 4, 5])


@scenario
def a_putter_and_a_getter_in_step(world):
    queue, put, got = Queue(1), [], []
    getter = world.spawn(gets(queue, got))
    yield from world.victim(puts(queue, range(5), put, 0))
    queue.close()
    yield Wait(getter)
    nothing_is_lost(world, queue, put, got, [len(put)])


@scenario
def joining_a_queue(world):
    queue = Queue()
    for item in range(3):
        queue.put_nowait(item)

    def works():
        for _ in range(3):
            yield from queue.get()
            yield Sleep(1)
            queue.task_done()

    worker = world.spawn(works())

    def joins():
        yield from queue.join()

    other = world.spawn(joins())
    yield from world.victim(joins())
    yield Wait(worker)
    yield Wait(other)
    world.expect("parked", queue._joining == 0)


MESSAGES = [bytes([letter]) * 3000 for letter in b"abcdef"]


def writes(pipe, messages, pause=0.0):
    for message in messages:
        yield from pipe.write(message)
        if pause:
            yield Sleep(pause)


def reads_all(pipe, got, pause=0.5):
    while data := (yield from pipe.read(1000)):
        got.extend(data)
        yield Sleep(pause)


@scenario
def writing_to_a_pipe(world):
    pipe, got = Pipe(4000), bytearray()
    reader = world.spawn(reads_all(pipe, got))
    others = [world.spawn(writes(pipe, [message])) for message in MESSAGES[3:]]
    yield from world.victim(writes(pipe, MESSAGES[:3], 1))
    for task in others:
        yield Wait(task)
    pipe.write_eof()
    yield Wait(reader)
    for message in MESSAGES[3:]:
        world.expect("items", got.count(message) == 1, f"{message[:1]} is not in one piece")
    for message in MESSAGES[:3]:        # below PIPE_BUF: all at once or not at all
        count = got.count(message[:1])
        world.expect("items", count in (0, len(message)), f"{count} bytes of {message[:1]}")
    world.expect("locks", not pipe._turn.locked())


@scenario
def writing_much_to_a_pipe(world):
    pipe, got = Pipe(4096), bytearray()
    big = bytes(range(256)) * 80
    reader = world.spawn(reads_all(pipe, got))

    def behind():
        yield Sleep(0)
        yield from pipe.write(b"|tail|")

    other = world.spawn(behind())
    yield from world.victim(writes(pipe, [big]))
    yield Wait(other)
    pipe.write_eof()
    yield Wait(reader)
    head, tail = bytes(got).split(b"|tail|")
    world.expect("items", big.startswith(head) and not tail, "mixed up")
    world.expect("locks", not pipe._turn.locked())


@scenario
def reading_from_a_pipe(world):
    pipe, got = Pipe(4096), bytearray()
    text = b"first line\nsecond line\n0123456789;and the rest"

    def speaks():
        for at in range(0, len(text), 7):
            yield Sleep(1)
            yield from pipe.write(text[at:at + 7])
        pipe.write_eof()

    async def victim():
        got.extend(await pipe.readline())
        async for line in pipe:
            got.extend(line)
            break
        got.extend(await pipe.readexactly(10))
        got.extend(await pipe.readuntil(b";"))
        got.extend(await pipe.read(3))
        got.extend(await pipe.read())

    speaker = world.spawn(speaks())
    yield from world.victim(victim())
    got.extend((yield from pipe.read()))
    yield Wait(speaker)
    world.expect("items", got == text, f"{bytes(got)}")
    world.expect("registrations", pipe._reader is None)
