"""Promise 9: bad input is a clear error in the task that caused it, and the others go on."""

import asyncio
import logging
import math
import socket
import sys
import threading

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import (
    Accept,
    GetTid,
    Kill,
    Nice,
    Park,
    ReadWait,
    Recv,
    SetName,
    SigWait,
    Sleep,
    SleepUntil,
    Spawn,
    SystemCall,
    Wait,
    WaitAny,
    Wake,
    WriteWait,
)


def routine():
    yield


async def coroutine_function():
    pass


def refused_with(run, make, error, words):
    """Run a task that yields what `make` gives beside another; assert the error at its yield."""
    seen = []

    def bystander():
        for _ in range(3):
            yield Sleep(1)
        return "went on"

    def main():
        other = yield Spawn(bystander())
        try:
            yield make()
        except error as caught:
            seen.append(caught)
            assert caught.__traceback__.tb_lineno == main.__code__.co_firstlineno + 3
        assert seen, f"no {error.__name__} was raised"
        return (yield Wait(other))

    assert run(main()) == "went on"
    for word in words:
        assert word in str(seen[0]), str(seen[0])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Spawn(routine), TypeError, ["call it", "routine()"]),
        (lambda: Spawn(coroutine_function), TypeError, ["call it", "coroutine_function()"]),
        (lambda: Spawn(42), TypeError, ["42", "generator or a coroutine"]),
        (lambda: Spawn(iter([1])), TypeError, ["generator or a coroutine"]),
        (lambda: 42, TypeError, ["task 1 (main) yielded 42", "yield a system call"]),
        (lambda: routine, TypeError, ["call the function"]),
        (lambda: minios.current_task(), TypeError, ["yield Wait(task)"]),
        (lambda: Sleep, TypeError, ["call the function"]),
        (lambda: logging.Handler(), TypeError, ["no system call"]),
        (lambda: Sleep(-1), ValueError, [">= 0", "-1"]),
        (lambda: Sleep(math.nan), ValueError, ["nan"]),
        (lambda: Sleep("1"), TypeError, ["'1'", "seconds"]),
        (lambda: Sleep(None), TypeError, ["None"]),
        (lambda: SleepUntil(math.nan), ValueError, ["nan"]),
        (lambda: SleepUntil("noon"), TypeError, ["noon"]),
        (lambda: Wait(99), minios.NoSuchTaskError, ["no task 99"]),
        (lambda: Wait("main"), TypeError, ["a Task or a tid"]),
        (lambda: Wait(1), minios.KernelError, ["waits for itself"]),
        (lambda: WaitAny([1]), minios.KernelError, ["waits for itself"]),
        (lambda: WaitAny([]), ValueError, ["at least one"]),
        (lambda: WaitAny([2, 99]), minios.NoSuchTaskError, ["99"]),
        (lambda: Kill(1, 4711), ValueError, ["4711", "no signal"]),
        (lambda: Nice("more"), TypeError, ["whole number"]),
        (lambda: SetName(7), TypeError, ["str"]),
        (lambda: Park([]), TypeError, ["unhashable"]),
        (lambda: Wake("x", -1), ValueError, [">= 0"]),
        (lambda: SigWait([]), ValueError, ["at least one"]),
        (lambda: SigWait(9), ValueError, ["SIGKILL"]),
        (lambda: SigWait(4711), ValueError, ["4711"]),
        (lambda: ReadWait(-1), OSError, ["Bad file descriptor"]),
        (lambda: ReadWait(2**40), OSError, ["no descriptor has the number"]),
        (lambda: ReadWait(2**31 - 1), OSError, ["Bad file descriptor"]),
        (lambda: WriteWait("stdout"), TypeError, ["fileno()"]),
        (lambda: ReadWait(True), TypeError, ["fileno()"]),
        (lambda: ReadWait(1.5), TypeError, ["fileno()"]),
        (lambda: Recv(closed_socket(), 1), OSError, ["Bad file descriptor"]),
        (lambda: Accept(7), AttributeError, []),
    ],
)
def test_bad_input_is_refused_at_the_yield(run, make, error, words):
    refused_with(run, make, error, words)


def closed_socket():
    sock = socket.socket()
    sock.close()
    return sock


def test_a_negative_size_is_the_socket_s_own_error_in_the_task(run, pair):
    pair[1].send(b"data")
    refused_with(run, lambda: Recv(pair[0], -1), ValueError, ["negative"])


def test_a_generator_function_passed_to_run_is_to_be_called():
    with pytest.raises(TypeError, match=r"call it, as in routine\(\)"):
        minios.run(routine)


def test_a_routine_that_has_begun_is_refused(run):
    begun = routine()
    next(begun)
    refused_with(run, lambda: Spawn(begun), minios.KernelError, ["already running"])
    refused_with(run, lambda: begun, minios.KernelError, ["already running"])


def test_a_routine_given_to_two_tasks_runs_in_the_first(kernel, caplog):
    shared = routine()
    first, second = kernel.spawn(shared), kernel.spawn(shared)
    kernel.run()
    assert first.result() is None
    with pytest.raises(minios.KernelError, match="another task already runs"):
        second.result()
    assert "another task already runs" in caplog.text


def test_the_routine_of_the_task_itself_is_refused(kernel):
    def selfish():
        try:
            yield Spawn(me)
        except minios.KernelError as error:
            return str(error)

    me = selfish()
    assert "already running" in kernel.run(me)


def test_an_ended_coroutine_is_an_error_in_its_task(run):
    ended = coroutine_function()
    with pytest.raises(StopIteration):
        ended.send(None)
    with pytest.raises(RuntimeError, match="cannot reuse already awaited"):
        run(ended)


def test_a_second_run_of_a_running_kernel_is_refused(kernel):
    def main():
        with pytest.raises(minios.KernelError, match="already running; spawn"):
            kernel.run(routine())
        yield

    kernel.run(main())


def test_another_kernel_in_the_same_thread_is_refused(run):
    def main():
        with pytest.raises(minios.KernelError, match="yield the routine"):
            minios.run(routine())
        yield

    run(main())


def test_a_kernel_can_run_again_after_it_has_ended(kernel):
    def answer():
        yield
        return 42

    assert kernel.run(answer()) == kernel.run(answer()) == 42


def test_a_call_made_outside_a_kernel_is_refused_where_it_is_made():
    with pytest.raises(minios.KernelError, match=r"Sleep\(1\) was made outside a kernel"):
        next(iter(Sleep(1)))

    async def in_asyncio():
        await Sleep(0)

    with pytest.raises(minios.KernelError, match=r"minios\.run\(routine\(\)\)"):
        asyncio.run(in_asyncio())


def test_asking_for_the_current_task_outside_a_kernel_is_an_error():
    with pytest.raises(minios.KernelError, match="no kernel is running"):
        minios.current_task()
    with pytest.raises(minios.KernelError, match="no kernel is running"):
        minios.current_kernel()


def test_a_full_process_table_is_an_error_in_the_task_that_spawns():
    def sleeper():
        yield Sleep(1)

    def main():
        with pytest.raises(minios.TaskLimitError, match="process table is full"):
            for _ in range(5):
                yield Spawn(sleeper())
        yield Sleep(2)
        yield Spawn(routine())      # there is room again

    minios.run(main(), clock=VirtualClock(), max_tasks=3)


def test_spawning_from_another_thread_says_how_to_do_it(kernel):
    errors = []

    def main():
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
        yield

    def intrude():
        try:
            kernel.spawn(routine())
        except minios.KernelError as error:
            errors.append(str(error))

    kernel.run(main())
    assert "call_from_thread" in errors[0]


def test_a_handler_that_fails_raises_in_its_caller(run):
    class Broken(SystemCall):
        def handle(self, kernel, task):
            raise KeyError("broken")

    refused_with(run, Broken, KeyError, ["broken"])


def test_a_call_without_a_handler_says_so(run):
    class Empty(SystemCall):
        pass

    refused_with(run, Empty, NotImplementedError, ["handle(kernel, task)"])


def test_a_handler_that_fails_after_it_has_answered_is_logged(run, caplog):
    class Hasty(SystemCall):
        def handle(self, kernel, task):
            kernel.resume(task, "answer")
            raise KeyError("too late")

    def main():
        return (yield Hasty())

    assert run(main()) == "answer"
    assert "Hasty() of <Task 1 main" in caplog.text


def test_a_call_that_fails_on_its_kernel_side_later_raises_in_its_task(run, pair):
    class Late(SystemCall):
        def handle(self, kernel, task):
            kernel.start_timer(task, kernel.now() + 1)

        def expired(self, kernel, task):
            raise KeyError("late")

    class Deaf(ReadWait):
        def ready(self, kernel, task):
            raise KeyError("deaf")

    pair[1].send(b"x")
    refused_with(run, Late, KeyError, ["late"])
    refused_with(run, lambda: Deaf(pair[0]), KeyError, ["deaf"])


def test_a_call_that_fails_to_undo_its_wait_is_logged_and_its_task_is_killed(run, caplog):
    class Stuck(SystemCall):
        def handle(self, kernel, task):
            pass

        def cancel(self, kernel, task):
            raise KeyError("stuck")

    def stuck():
        yield Stuck()

    def main():
        for signum in (15, 9):
            task = yield Spawn(stuck())
            yield
            yield Kill(task, signum)
            with pytest.raises(minios.TaskKilledError):
                yield Wait(task)

    run(main())
    assert caplog.text.count("KeyError: 'stuck'") == 2


def test_resuming_a_task_that_is_not_blocked_is_an_error(kernel):
    task = kernel.spawn(routine())
    with pytest.raises(minios.KernelError, match="not blocked"):
        kernel.resume(task)
    with pytest.raises(minios.KernelError, match="not blocked"):
        kernel.throw(task, ValueError())
    kernel.run()


def test_a_task_of_another_kernel_is_refused(run):
    stranger = minios.Kernel().spawn(routine())
    refused_with(run, lambda: Wait(stranger), minios.KernelError, ["another kernel"])


def test_an_ended_task_has_no_result_yet_before_its_end(kernel):
    task = kernel.spawn(routine())
    with pytest.raises(minios.KernelError, match="has not ended"):
        task.result()
    kernel.run()
    assert task.result() is None


def test_the_errors_of_one_task_leave_ten_thousand_others_alone(run):
    def bad(n):
        with pytest.raises(TypeError):
            yield n
        return (yield GetTid())

    def main():
        tasks = []
        for n in range(10_000):
            tasks.append((yield Spawn(bad(n))))
        total = 0
        for task in tasks:
            total += yield Wait(task)
        return total

    assert run(main()) == sum(range(2, 10_002))


def test_no_descriptor_left_is_an_error_in_the_task_that_accepts(run):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())

    def main():
        yield Sleep(0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_free_fd(), hard))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                yield Accept(listener)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connection, _ = yield Accept(listener)
        connection.close()
        return "served"

    try:
        assert run(main()) == "served"
    finally:
        client.close()
        listener.close()


@pytest.mark.parametrize("free", [0, 1])
def test_no_descriptor_left_at_boot_is_an_error_of_run_and_leaves_the_kernel_fit(kernel, free):
    import resource

    ran = []

    def main(n):
        ran.append(n)
        yield

    kernel.run(main(0))         # everything is imported now
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_free_fd() + free, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            kernel.run(main(1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    kernel.run(main(2))
    assert ran == [0, 2] and not kernel.tasks


def next_free_fd():
    with socket.socket() as probe:
        return probe.fileno()


def test_unraisable_errors_are_not_printed_for_a_task_that_is_dropped(kernel, capsys):
    kernel.spawn(routine())
    kernel.run()
    assert "Exception ignored" not in capsys.readouterr().err
    assert sys.exc_info() == (None, None, None)


def test_what_cannot_even_be_shown_is_no_call_either(run):
    class Unshowable:
        def __repr__(self):
            raise RuntimeError

    refused_with(run, Unshowable, TypeError, ["<Unshowable>, no system call"])
