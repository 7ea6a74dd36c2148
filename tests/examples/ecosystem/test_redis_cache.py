"""redis_cache.py, with a Redis server of its own."""

import runpy
import shutil
import socket
from pathlib import Path

import pytest

import minios
import minios.aio
from minios import TaskGroup, gather, timeout
from syscalls import Await, Kill, Sleep, Spawn, Wait

from ..conftest import EXAMPLES, PROC, wait_until

aioredis = pytest.importorskip("redis.asyncio", reason="NOT TESTED: redis-py is not installed")
pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="NOT TESTED: redis-server is not installed"
)

PROGRAM = "ecosystem/redis_cache.py"
example = runpy.run_path(str(EXAMPLES / PROGRAM))
KEY, CHANNEL = example["KEY"], example["CHANNEL"]


@pytest.fixture
def with_redis(redis):
    """Run the routine `test(client)`; afterwards no connection of the pool may be in use."""

    def run(test, run=minios.aio.run):
        def main():
            client = aioredis.Redis(port=redis, decode_responses=True)
            try:
                result = yield from test(client)
                assert not client.connection_pool._in_use_connections
                return result
            finally:
                yield Await(client.aclose())

        return run(main())

    return run


class Cache(example["Cache"]):
    """One that counts how often it has to look itself, and may fail to."""

    looks, fails = 0, False

    def look(self, place):
        self.looks += 1
        yield Sleep(0.01)
        if self.fails:
            raise OSError("fog")
        return f"rain in {place}"


@pytest.fixture(autouse=True)
def window(monkeypatch):
    """What the example looks out of is the look of the cache that asks."""
    caches = {}
    monkeypatch.setitem(
        Cache.look_up.__globals__, "look_out_of_the_window",
        lambda place: caches["here"].look(place),
    )
    return caches


def is_asleep(program):
    """Whether it waits for something, by /proc."""
    text = Path(f"/proc/{program.process.pid}/stat").read_text()
    return text.rpartition(")")[2].split()[0] == "S"


def blocked_clients(client):
    return (yield Await(client.info("clients")))["blocked_clients"]


def until_blocked(client, count):
    while (yield from blocked_clients(client)) != count:
        yield Sleep(0.001)


def test_what_it_prints(output_of, redis):
    for _ in range(2):      # nothing is left that would change the second time
        assert output_of(PROGRAM, f"redis://127.0.0.1:{redis}").splitlines() == [
            "Ann asks Redis about Paris: None", "{'sunny in Paris'}",
            "Bob asks Redis about Paris: sunny in Paris", "sunny in Paris",
            "Bob asks Redis about Paris: None", "sunny in Paris",
            "no letter has come",
        ]


def test_it_is_looked_up_once_and_lives_for_a_while(with_redis, window):
    def test(client):
        window["here"] = cache = Cache("x", client)
        found = yield from gather(*[cache.get("Rome") for _ in range(500)])
        assert found == ["rain in Rome"] * 500 and cache.looks == 1
        assert (yield Await(client.get(KEY.format("Rome")))) == "rain in Rome"
        assert 0 < (yield Await(client.ttl(KEY.format("Rome")))) <= example["SECONDS_TO_LIVE"]
        assert (yield from Cache("y", client).get("Rome")) == "rain in Rome" and cache.looks == 1

    with_redis(test)


def test_a_failure_is_not_remembered(with_redis, window):
    def test(client):
        window["here"] = cache = Cache("x", client)
        cache.fails = True
        with pytest.raises(OSError, match="fog"):
            yield from cache.get("Rome")
        cache.fails = False
        assert (yield from cache.get("Rome")) == "rain in Rome" and cache.looks == 2

    with_redis(test)


def test_who_asks_may_be_killed_and_the_others_get_their_answer(with_redis, window):
    def test(client):
        window["here"] = cache = Cache("x", client)
        first = yield Spawn(cache.get("Rome"))
        second = yield Spawn(cache.get("Rome"))
        while not cache.looks:
            yield
        yield Kill(first)
        assert (yield Wait(second)) == "rain in Rome" and cache.looks == 1

    with_redis(test)


def test_what_one_forgets_is_forgotten_by_all_and_in_one_transaction(with_redis, window):
    def test(client):
        caches = [Cache(str(number), client) for number in range(5)]
        window["here"] = caches[0]
        with TaskGroup() as group:
            for cache in caches:
                yield from cache.subscribe()
                group.spawn(cache.listen(), daemon=True)
            for place in "Rome", "Oslo", "Bern":
                yield from gather(*[cache.get(place) for cache in caches])
            before = (yield Await(client.info("stats")))["total_commands_processed"]
            yield from caches[3].forget("Rome", "Bern")
            after = (yield Await(client.info("stats")))["total_commands_processed"]
            # multi, four commands, exec, and one INFO
            assert after - before == 7
            while any(len(cache.near) > 1 for cache in caches):
                yield
            assert [list(cache.near) for cache in caches] == [["Oslo"]] * 5
            assert (yield Await(client.keys(KEY.format("*")))) == [KEY.format("Oslo")]
            yield from group.join()
        for cache in caches:
            yield Await(cache.pubsub.aclose())

    with_redis(test)


@pytest.mark.parametrize("run", [minios.run, minios.aio.run])
def test_a_killed_task_is_blocked_in_redis_no_more(with_redis, run):
    def wait_for_letter(client):
        yield Await(client.blpop("letters", 0))

    def test(client):
        tasks = []
        for _ in range(10):
            tasks.append((yield Spawn(wait_for_letter(client))))
        yield from until_blocked(client, 10)
        for task in tasks[:9]:
            yield Kill(task)
            with pytest.raises(minios.TaskKilledError):
                yield Wait(task)
        yield from until_blocked(client, 1)
        # None of the dead has taken the letter.
        assert (yield Await(client.rpush("letters", "hello"))) == 1
        assert (yield Wait(tasks[9])) is None
        yield from until_blocked(client, 0)

    with_redis(test, run)


def test_a_wait_whose_time_is_over_is_blocked_in_redis_no_more(with_redis):
    def end_it(client, limit):
        yield from until_blocked(client, 1)
        limit.reschedule(0)             # which is long past

    def test(client):
        with pytest.raises(TimeoutError), timeout(3600) as limit:
            yield Spawn(end_it(client, limit))
            yield Await(client.blpop("letters", 0))
        yield from until_blocked(client, 0)
        yield Await(client.rpush("letters", "hello"))
        return list((yield Await(client.blpop("letters", 0))))

    assert with_redis(test) == ["letters", "hello"]


@pytest.mark.skipif(not PROC, reason="there is no /proc")
def test_ctrl_c_ends_it(start):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        program = start(PROGRAM, "redis://{}:{}".format(*deaf.getsockname()))
        sock, _ = deaf.accept()
        with sock:
            sock.recv(1)
            # It waits for the answer. Earlier, redis-py is in asyncio.wait_for, which in Python
            # 3.11 loses a cancellation that comes when all has been sent.
            wait_until(lambda: is_asleep(program))
            program.interrupt()
            assert program.finish() == (130, "interrupted\n")
    assert program.errors() == ""


def test_a_redis_that_is_not_there_is_an_error_in_one_line(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = "redis://{}:{}".format(*listener.getsockname())
    for url in nobody, "nonsense":
        program = start(PROGRAM, url)
        assert program.finish() == (1, "")
        assert program.errors().startswith("cannot use Redis: ")
        assert program.errors().count("\n") == 1
