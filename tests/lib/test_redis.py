"""A real Redis server, spoken to over open_connection in its own protocol (RESP)."""

import shutil
import socket
import subprocess
import time

import pytest

import minios
from minios import gather, open_connection, timeout

pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed"
)


@pytest.fixture
def redis(tmp_path):
    """The port of a Redis server on loopback that keeps nothing."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
         "--appendonly", "no", "--dir", tmp_path],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def encode(*words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    head = b"*%d\r\n" % len(parts)
    return head + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def reply(stream):
    line = (yield from stream.readuntil(b"\r\n"))[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise ValueError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        if rest == b"-1":
            return None
        return (yield from stream.readexactly(int(rest) + 2))[:-2]
    assert kind == b"*"
    items = []
    for _ in range(int(rest)):
        items.append((yield from reply(stream)))
    return items


def ask(stream, *words):
    yield from stream.write(encode(*words))
    return (yield from reply(stream))


def test_commands_are_answered(run_real, redis):
    def main():
        with (yield from open_connection("127.0.0.1", redis)) as stream:
            assert (yield from ask(stream, "PING")) == "PONG"
            assert (yield from ask(stream, "SET", "key", b"\x00\r\n\xff")) == "OK"
            assert (yield from ask(stream, "GET", "key")) == b"\x00\r\n\xff"
            assert (yield from ask(stream, "GET", "none")) is None
            assert (yield from ask(stream, "RPUSH", "list", 1, 2, 3)) == 3
            assert (yield from ask(stream, "LRANGE", "list", 0, -1)) == [b"1", b"2", b"3"]
            with pytest.raises(ValueError, match="unknown command"):
                yield from ask(stream, "NONSENSE")

    run_real(main())


def test_a_value_larger_than_the_buffer_and_the_sockets_comes_back(run_real, redis):
    value = bytes(range(256)) * 20_000

    def main():
        with (yield from open_connection("127.0.0.1", redis)) as stream:
            assert (yield from ask(stream, "SET", "big", value)) == "OK"
            assert (yield from ask(stream, "GET", "big")) == value

    run_real(main())


def test_a_thousand_commands_are_pipelined_by_twenty_clients(run_real, redis):
    def client(number):
        with (yield from open_connection("127.0.0.1", redis)) as stream:
            yield from stream.write(b"".join(encode("INCR", "n") for _ in range(1000)))
            seen = []
            for _ in range(1000):
                seen.append((yield from reply(stream)))
            assert seen == sorted(seen)
            return seen

    def main():
        return (yield from gather(*[client(number) for number in range(20)]))

    assert sorted(n for seen in run_real(main()) for n in seen) == list(range(1, 20_001))


def test_a_subscriber_is_pushed_messages_by_another_client(run_real, redis):
    async def subscriber(ready):
        async with await open_connection("127.0.0.1", redis) as stream:
            await stream.write(encode("SUBSCRIBE", "news"))
            assert (await reply_async(stream))[0] == b"subscribe"
            ready.append(True)
            return (await reply_async(stream))[2]

    async def reply_async(stream):
        return await shared(stream)

    shared = __import__("types").coroutine(reply)

    async def publisher(ready):
        async with await open_connection("127.0.0.1", redis) as stream:
            while not ready:
                await minios.to_thread(time.sleep, 0.001)
            await stream.write(encode("PUBLISH", "news", "hello"))
            await reply_async(stream)

    async def main():
        ready = []
        message, _ = await gather(subscriber(ready), publisher(ready))
        return message

    assert run_real(main()) == b"hello"


def test_a_blocking_command_can_be_limited_in_time(run_real, redis):
    def main():
        with (yield from open_connection("127.0.0.1", redis)) as stream:
            with pytest.raises(TimeoutError):
                with timeout(0.05):
                    yield from ask(stream, "BLPOP", "nothing", 0)

    run_real(main())
