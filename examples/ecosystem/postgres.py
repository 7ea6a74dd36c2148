"""Postgres from plain generators: asyncpg does the talking, and each task waits for its own query.

A bank. Clerks, a task each, move coins between the same accounts at once, every transfer in a
transaction. Then an auditor has a question that takes for ever, and a time limit; and a robber,
who has emptied the accounts and not committed it yet, is killed. Postgres hears of both: it stops
the query and rolls back, and the connection is in the pool again.

    pip install "minios[ecosystem]"                 (asyncpg)
    python examples/ecosystem/postgres.py postgresql://localhost/postgres
"""

import argparse
import random
import sys

import minios.aio
from minios import TaskGroup, timeout
from syscalls import Await, Kill, Sleep, Spawn, Wait

try:
    import asyncpg
except ImportError:
    sys.exit('postgres needs asyncpg: pip install "minios[ecosystem]"')

NAME = "minios bank"        # by which Postgres knows our connections
OPEN_BANK = """
    drop table if exists minios_accounts;
    create table minios_accounts (id int primary key, coins int not null check (coins >= 0));
    insert into minios_accounts select id, 100 from generate_series(1, 10) as id;
"""
RUNNING = """
    select coalesce(string_agg(query, '; '), 'nothing') from pg_stat_activity
    where application_name = $1 and state <> 'idle' and pid <> pg_backend_pid()
"""
TAKE_FOR_EVER = "select pg_sleep(3600)"


def in_transaction(pool, work, *arguments):
    """Run the routine `work(connection, *arguments)`: all that it does happens, or nothing."""
    connection = yield Await(pool.acquire())
    try:
        transaction = connection.transaction()
        yield Await(transaction.start())
        try:
            result = yield from work(connection, *arguments)
        except BaseException:       # also where this task is killed, or its time is over
            yield Await(transaction.rollback())
            raise
        yield Await(transaction.commit())
        return result
    finally:
        yield Await(pool.release(connection))


def transfer(connection, *changes):
    """Change accounts, in one order, so that nobody locks in circles."""
    for account, coins in sorted(changes):
        yield Await(connection.execute(
            "update minios_accounts set coins = coins + $2 where id = $1", account, coins
        ))


def clerk(pool, transfers):
    """A task: move coins at random. Who does not have as many keeps what there is."""
    for _ in range(transfers):
        giver, taker = random.sample(range(1, 11), 2)
        coins = random.randint(1, 80)
        try:
            yield from in_transaction(pool, transfer, (giver, -coins), (taker, coins))
        except asyncpg.CheckViolationError:
            pass


def rob(connection):
    yield Await(connection.execute("update minios_accounts set coins = 0"))
    yield Await(connection.execute(TAKE_FOR_EVER))


def running(pool):
    """The queries that Postgres is busy with for us, besides this one."""
    return (yield Await(pool.fetchval(RUNNING, NAME)))


def report(pool, event):
    coins = yield Await(pool.fetchval("select sum(coins) from minios_accounts"))
    print(f"{event}: {coins} coins; running: {(yield from running(pool))}", flush=True)


def do_business(pool, transfers):
    with TaskGroup() as group:
        for _ in range(8):          # more than there are connections
            group.spawn(clerk(pool, transfers))
        yield from group.join()
    yield from report(pool, "the clerks are tired")
    try:
        with timeout(0.2):
            yield Await(pool.execute(TAKE_FOR_EVER))
    except TimeoutError:
        yield from report(pool, "the auditor gives up")
    robber = yield Spawn(in_transaction(pool, rob))
    while (yield from running(pool)) != TAKE_FOR_EVER:
        yield Sleep(0.01)
    yield from report(pool, "the robber waits")
    yield Kill(robber)
    try:
        yield Wait(robber)
    except minios.TaskKilledError:
        yield from report(pool, "the robber is caught")


def main(dsn, transfers):
    settings = {"application_name": NAME}
    pool = yield Await(asyncpg.create_pool(dsn, min_size=1, max_size=4, server_settings=settings))
    try:
        yield Await(pool.execute(OPEN_BANK))
        yield from report(pool, "the bank opens")
        yield from do_business(pool, transfers)
    finally:
        yield Await(pool.execute("drop table if exists minios_accounts"))
        yield Await(pool.close())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Play bank with Postgres.")
    parser.add_argument("dsn", nargs="?", help="default: what PGHOST, PGUSER ... say")
    parser.add_argument("--transfers", type=int, default=20, help="how many each clerk makes")
    options = parser.parse_args()
    try:
        # Not minios.run: a pool is made where a loop runs already.
        minios.aio.run(main(options.dsn, options.transfers))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    except (OSError, asyncpg.PostgresError) as error:
        sys.exit(f"cannot use the database: {error}")
