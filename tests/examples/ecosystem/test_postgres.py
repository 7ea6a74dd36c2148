"""postgres.py, with a Postgres server of its own."""

import runpy
import socket

import pytest

import minios
import minios.aio
from minios import Queue, TaskGroup, gather, timeout, to_thread
from minios.aio import aio
from syscalls import Await, Kill, Sleep, Spawn, Wait

from ..conftest import EXAMPLES, PATIENCE

asyncpg = pytest.importorskip("asyncpg", reason="NOT TESTED: asyncpg is not installed")

PROGRAM = "ecosystem/postgres.py"
bank = runpy.run_path(str(EXAMPLES / PROGRAM))
NAME = "minios test"            # of the connections that a test makes
ASK = "select count(*) from pg_stat_activity where application_name = $1 and "
BUSY = ASK + "state <> 'idle'"
WAITS_FOR_LOCK = ASK + "wait_event_type = 'Lock'"


def count(dsn, query, name):
    """What `query` counts, asked over a connection that is in no count itself."""
    connection = yield Await(asyncpg.connect(dsn))
    try:
        return (yield Await(connection.fetchval(query, name)))
    finally:
        yield Await(connection.close())


def until(dsn, query, number, name=NAME):
    """Wait until `query` counts as many as `number`."""
    with timeout(PATIENCE):
        while (yield from count(dsn, query, name)) != number:
            yield Sleep(0.001)


@pytest.fixture
def with_pool(postgres):
    """Run the routine `test(pool)`, with the accounts of a bank; return what it returns.

    Afterwards Postgres may be busy with nothing, and all connections are free.
    """
    def run(test, size=4, run=minios.aio.run):
        async def create():
            # A pool asks for the running loop when it is made, and minios.run begins without.
            return await asyncpg.create_pool(
                postgres, min_size=size, max_size=size,
                server_settings={"application_name": NAME},
            )

        def main():
            pool = yield Await(create())
            try:
                yield Await(pool.execute(bank["OPEN_BANK"]))
                result = yield from test(pool)
                assert pool.get_idle_size() == pool.get_size() == size
                assert (yield from count(postgres, BUSY, NAME)) == 0
                return result
            finally:
                yield Await(pool.execute("drop table minios_accounts"))
                yield Await(pool.close())

        return run(main())

    return run


def coins(pool):
    return (yield Await(pool.fetchval("select sum(coins) from minios_accounts")))


def test_what_it_prints(output_of, postgres):
    assert output_of(PROGRAM, postgres).splitlines() == [
        "the bank opens: 1000 coins; running: nothing",
        "the clerks are tired: 1000 coins; running: nothing",
        "the auditor gives up: 1000 coins; running: nothing",
        "the robber waits: 1000 coins; running: select pg_sleep(3600)",
        "the robber is caught: 1000 coins; running: nothing",
    ]


@pytest.mark.parametrize("run", [minios.run, minios.aio.run])
def test_transfers_happen_whole_or_not_at_all(with_pool, run):
    def test(pool):
        yield from bank["in_transaction"](pool, bank["transfer"], (1, -30), (2, 30))
        with pytest.raises(asyncpg.CheckViolationError):
            yield from bank["in_transaction"](pool, bank["transfer"], (1, 71), (2, -131))
        rows = yield from aio(pool.fetch("select * from minios_accounts order by id limit 2"))
        return [tuple(row) for row in rows]

    assert with_pool(test, run=run) == [(1, 70), (2, 130)]


def test_many_clerks_share_few_connections(with_pool):
    def test(pool):
        with TaskGroup() as group:
            for _ in range(40):
                group.spawn(bank["clerk"](pool, 10))
            yield from group.join()
        changed = "select count(*) from minios_accounts where coins <> 100"
        assert (yield Await(pool.fetchval(changed))) > 1
        return (yield from coins(pool))

    assert with_pool(test, size=3) == 1000


def test_a_task_that_waits_in_postgres_holds_up_nobody(with_pool, postgres):
    def wait_for_lock(pool):
        yield Await(pool.execute("select pg_advisory_lock(7), pg_advisory_unlock(7)"))

    def test(pool):
        connection = yield Await(pool.acquire())
        yield Await(connection.execute("select pg_advisory_lock(7)"))
        waiter = yield Spawn(wait_for_lock(pool))
        yield from until(postgres, WAITS_FOR_LOCK, 1)
        assert (yield from gather(*[aio(pool.fetchval("select 1")) for _ in range(50)])) == [1] * 50
        assert not waiter.done()
        yield Await(connection.execute("select pg_advisory_unlock(7)"))
        yield Wait(waiter)
        yield Await(pool.release(connection))

    with_pool(test)


def test_a_query_whose_time_is_over_runs_no_more(with_pool, postgres):
    def end_it(limit):
        yield from until(postgres, BUSY, 1)
        limit.reschedule(0)             # which is long past

    def test(pool):
        with pytest.raises(TimeoutError), timeout(3600) as limit:
            yield Spawn(end_it(limit))
            yield Await(pool.execute(bank["TAKE_FOR_EVER"]))
        assert (yield from count(postgres, BUSY, NAME)) == 0

    with_pool(test)


def test_who_waits_for_a_connection_in_vain_takes_none(with_pool):
    def test(pool):
        with pytest.raises(TimeoutError), timeout(0.02):
            yield from bank["in_transaction"](pool, block, pool)
        assert (yield Await(pool.fetchval("select 1"))) == 1

    def block(connection, pool):
        yield Await(pool.acquire())         # of one that is ours already

    with_pool(test, size=1)


def test_a_killed_task_leaves_no_query_no_lock_and_no_change(with_pool, postgres):
    def test(pool):
        robbers = []
        for _ in range(4):      # one robs, the others wait for its locks
            robbers.append((yield Spawn(bank["in_transaction"](pool, bank["rob"]))))
        yield from until(postgres, WAITS_FOR_LOCK, 3)
        for left, robber in zip((3, 2, 1, 0), robbers, strict=True):
            yield Kill(robber)
            with pytest.raises(minios.TaskKilledError):
                yield Wait(robber)
            yield from until(postgres, BUSY, left)
        assert (yield from coins(pool)) == 1000
        # No lock is held any more.
        yield from bank["in_transaction"](pool, bank["transfer"], (1, 1), (2, -1))

    with_pool(test)


def test_a_task_may_be_killed_at_any_moment(with_pool):
    def test(pool):
        outcomes = set()
        for turns in range(60):
            victim = yield Spawn(bank["in_transaction"](pool, bank["transfer"], (1, -1), (2, 1)))
            for _ in range(turns):
                yield Sleep(0)
            yield Kill(victim)
            try:
                outcomes.add((yield Wait(victim)))
            except minios.TaskKilledError:
                outcomes.add("killed")
            with timeout(PATIENCE):     # asyncpg goes on to release one when we do not wait for it
                while pool.get_idle_size() != pool.get_size():
                    yield Sleep(0.001)
            assert (yield from coins(pool)) == 1000
        return outcomes

    assert "killed" in with_pool(test)


def test_notifications_go_through_a_queue_to_a_task(with_pool):
    def read(queue):
        heard = []
        while (item := (yield from queue.get(None))) is not None:
            heard.append(item)
        return heard

    def test(pool):
        queue = Queue()

        def hear(connection, pid, channel, payload):
            if payload == "end":
                queue.close()
            else:
                queue.put_nowait(payload)

        reader = yield Spawn(read(queue))
        connection = yield Await(pool.acquire())
        yield Await(connection.add_listener("news", hear))
        for payload in [*map(str, range(50)), "end"]:
            yield Await(pool.execute("select pg_notify('news', $1)", payload))
        heard = yield Wait(reader)
        yield Await(connection.remove_listener("news", hear))
        yield Await(pool.release(connection))
        return heard

    assert with_pool(test) == [str(number) for number in range(50)]


def test_ctrl_c_ends_it_and_postgres_is_left_as_it_was(start, postgres):
    program = start(PROGRAM, postgres, "--transfers", 1_000_000)
    assert program.read_line().startswith("the bank opens: ")

    def interrupt():
        connection = yield Await(asyncpg.connect(postgres))
        yield Await(connection.execute("begin; lock table minios_accounts in share mode"))
        yield from until(postgres, WAITS_FOR_LOCK, 4, bank["NAME"])     # the clerks
        program.interrupt()
        yield from until(postgres, WAITS_FOR_LOCK + " and query like 'drop%'", 1, bank["NAME"])
        yield from until(postgres, BUSY, 1, bank["NAME"])
        yield Await(connection.close())
        assert (yield from to_thread(program.finish)) == (130, "interrupted\n")
        tables = "select count(*) from pg_tables where tablename = $1"
        assert (yield from count(postgres, tables, "minios_accounts")) == 0
        yield from until(postgres, ASK + "true", 0, bank["NAME"])       # connections

    minios.run(interrupt())
    assert program.errors() == ""


def test_a_database_that_cannot_be_had_is_an_error_in_one_line(start, postgres):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = "postgresql://minios@{}:{}/postgres".format(*listener.getsockname())
    for dsn in nobody, postgres + "_of_nobody", postgres.replace("minios:", "minios:no"):
        program = start(PROGRAM, dsn)
        assert program.finish() == (1, "")
        assert program.errors().startswith("cannot use the database: ")
        assert program.errors().count("\n") == 1
