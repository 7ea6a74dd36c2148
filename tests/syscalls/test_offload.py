"""Offload: threads, processes and other executors work for tasks, which may be killed meanwhile."""

import errno
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minios
from minios.sim import VirtualClock
from syscalls import Kill, Now, Offload, Park, Sleep, Spawn, Wait

LONG = 60       # seconds that no test should ever take


class Gate:
    """A function that blocks in its thread until the gate is opened."""

    def __init__(self):
        self._open = threading.Event()
        self._entered = threading.Semaphore(0)
        self.calls = []

    def __call__(self, value=None):
        self.calls.append(value)
        self._entered.release()
        assert self._open.wait(LONG)
        return value

    def entered(self):
        """Wait, in another thread than the kernel's, until somebody has come to the gate."""
        assert self._entered.acquire(timeout=LONG)

    def open(self):
        self._open.set()


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def one_thread():
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Manual(Executor):
    """Works when it is told to: the futures lie open in `futures`."""

    def __init__(self):
        self.futures = []

    def submit(self, function, /, *args, **kwargs):
        self.futures.append(Future())
        return self.futures[-1]


class Synchronous(Executor):
    """Works on the spot."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def offload(*args, **kwargs):
    return (yield Offload(*args, **kwargs))


def ending(task):
    """What a task's waiter sees: its result or its exception."""
    try:
        return (yield Wait(task))
    except BaseException as error:
        return error


def divide(a, b):
    return a / b


# --- What comes back -----------------------------------------------------------------------


def test_a_function_runs_in_a_thread_and_its_result_comes_back(run):
    def main():
        here = threading.get_ident()
        there = yield Offload(threading.get_ident)
        return here, there, (yield Offload(divide, 6, 3))

    here, there, quotient = run(main())
    assert here != there and quotient == 2


def test_the_three_spellings_give_the_same(run):
    async def coroutine():
        return await Offload(divide, 6, 3)

    def main():
        return [(yield Offload(divide, 6, 3)), (yield from Offload(divide, 6, 3)),
                (yield coroutine())]

    assert run(main()) == [2, 2, 2]


def test_what_the_function_raises_is_raised_at_the_yield_with_the_functions_own_frames(run):
    def main():
        try:
            yield Offload(divide, 1, 0)
        except ZeroDivisionError as error:
            trace, names = error.__traceback__, []
            while trace is not None:
                names.append(trace.tb_frame.f_code.co_name)
                trace = trace.tb_next
            return names

    assert run(main()) == ["main", "divide"]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
def test_no_exception_of_a_function_ends_the_thread_or_is_lost(run, kind):
    error = kind("from the thread")

    def fail():
        raise error

    def main():
        try:
            yield Offload(fail)
        except BaseException as caught:
            return caught, (yield Offload(divide, 4, 2))

    assert run(main()) == (error, 2)


def test_stop_iteration_arrives_as_runtime_error_in_every_spelling(run):
    async def coroutine():
        await Offload(next, iter([]))

    def delegating():
        yield from Offload(next, iter([]))

    def main():
        message = r"Offload\(next, .*raised StopIteration"
        for routine in (offload(next, iter([])), delegating(), coroutine()):
            with pytest.raises(RuntimeError, match=message) as caught:
                yield routine
            assert isinstance(caught.value.__cause__, StopIteration)

    run(main())


def test_other_tasks_run_while_a_thread_works(run, gate):
    def opener():
        yield
        gate.open()

    def main():
        yield Spawn(opener())
        return (yield Offload(gate, "through"))

    assert run(main()) == "through"


def test_virtual_time_stands_still_while_a_thread_works(run):
    def main():
        sleeper = yield Spawn(iter(Sleep(100)))
        yield Offload(time.sleep, 0.02)
        now = yield Now()
        yield Kill(sleeper)
        return now

    assert run(main()) == 0


def test_one_call_object_serves_many_tasks(run):
    call = Offload(divide, 6, 3)

    def asking():
        return (yield call)

    def main():
        tasks = []
        for _ in range(50):
            tasks.append((yield Spawn(asking())))
        results = []
        for task in tasks:
            results.append((yield Wait(task)))
        return results

    assert run(main()) == [2] * 50


def test_a_task_that_was_killed_out_of_a_call_and_makes_it_again_hears_of_the_second_alone(run):
    manual = Manual()
    call = Offload(divide, 6, 3, executor=manual)

    def asking():
        try:
            yield call
        except minios.Cancelled:
            return (yield call)

    def main():
        task = yield Spawn(asking())
        yield
        first = manual.futures[0]
        first.set_running_or_notify_cancel()
        yield Kill(task)
        yield
        first.set_result("of the first")
        yield
        yield
        manual.futures[1].set_result("of the second")
        return (yield Wait(task))

    assert run(main()) == "of the second"


def test_a_call_reads_in_ps_as_it_was_written():
    assert repr(Offload(divide, 1, "two")) == "Offload(divide, 1, 'two')"
    assert repr(Offload(Gate.open, None)) == "Offload(Gate.open, None)"


# --- Killed --------------------------------------------------------------------------------


def test_what_has_not_begun_when_its_task_is_killed_never_runs(run, gate, one_thread):
    called = []

    def main():
        running = yield Spawn(offload(gate, executor=one_thread))
        queued = yield Spawn(offload(called.append, 1, executor=one_thread))
        yield Offload(gate.entered)
        yield Kill(queued)
        killed = yield ending(queued)
        gate.open()
        yield Wait(running)
        yield Offload(called.append, 2, executor=one_thread)
        return killed

    assert isinstance(run(main()), minios.TaskKilledError)
    assert called == [2]


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_thread_still_does_for_a_killed_task_is_dropped(run, gate, caplog, fails):
    def work():
        gate()
        if fails:
            raise ValueError("nobody hears this")

    def main():
        task = yield Spawn(offload(work))
        yield Offload(gate.entered)
        yield Kill(task)
        killed = yield ending(task)
        gate.open()
        for _ in range(3):
            yield Offload(divide, 1, 1)
        return killed

    assert isinstance(run(main()), minios.TaskKilledError)
    assert caplog.text == ""


def test_a_kernel_ends_while_a_thread_still_works(run, gate):
    def main():
        yield Spawn(offload(gate))
        yield Offload(gate.entered)
        return "ended"

    assert run(main()) == "ended"       # the gate is still closed


def test_work_that_is_queued_when_the_kernel_ends_is_never_done(run, gate):
    called = []

    def main():
        for _ in range(32):
            yield Spawn(offload(gate))
        for _ in range(5):
            yield Spawn(offload(called.append, 1))
        for _ in range(32):
            yield Offload(gate.entered, executor=helper)

    with ThreadPoolExecutor(1) as helper:
        run(main())
        gate.open()
        done = helper.submit(lambda: all(t.join(LONG) is None for t in minios_threads()))
        assert done.result()
    assert called == []


def minios_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("minios")]


def test_a_task_killed_while_all_threads_are_blocked_ends_at_once(run, gate):
    called = []

    def main():
        blocked = []
        for _ in range(32):
            blocked.append((yield Spawn(offload(gate))))
        late = yield Spawn(offload(called.append, 1))
        yield
        for task in [late, *blocked]:
            yield Kill(task, signal.SIGKILL)
            assert isinstance((yield ending(task)), minios.TaskKilledError)

    run(main())
    assert called == []


def test_a_killed_task_leaves_the_kernel_free_to_see_a_deadlock(run, gate):
    def main():
        task = yield Spawn(offload(gate))
        yield Offload(gate.entered)
        yield Kill(task)
        yield Park("nobody wakes this")

    with pytest.raises(minios.DeadlockError):
        run(main())


def test_a_wait_for_a_thread_is_no_deadlock(run, gate):
    threading.Timer(0.05, gate.open).start()
    assert run(offload(gate, 1)) == 1


def test_a_stopped_task_gets_the_result_when_it_is_continued(run, gate):
    log = []

    def worker():
        log.append((yield Offload(gate, "result")))

    def main():
        task = yield Spawn(worker())
        yield Offload(gate.entered)
        yield Kill(task, signal.SIGSTOP)
        gate.open()
        for _ in range(5):
            yield Offload(divide, 1, 1)
        before = list(log), task.state
        yield Kill(task, signal.SIGCONT)
        yield Wait(task)
        return before

    assert run(main()) == (([], "T"))
    assert log == ["result"]


def test_ctrl_c_reaches_the_main_task_in_its_offload_and_the_kernel_ends(gate):
    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        gate()

    def ticking():      # the signal may come just as the kernel goes to sleep
        while True:
            yield Sleep(0.01)

    def main():
        yield Spawn(ticking(), daemon=True)
        yield Offload(interrupt)

    with pytest.raises(KeyboardInterrupt):
        minios.run(main())


@pytest.mark.parametrize("ending", ["return", "raise KeyboardInterrupt"])
def test_a_program_exits_while_a_thread_blocks_for_good(ending):
    program = textwrap.dedent(f"""
        import threading, minios
        from syscalls import Offload, Spawn
        begun = threading.Event()
        def block():
            begun.set()
            threading.Event().wait()
        def main():
            yield Spawn(iter(Offload(block)))
            yield Offload(begun.wait)
            {ending}
        try:
            minios.run(main())
        except KeyboardInterrupt:
            pass
        print("done")
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=LONG
    )
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


# --- Executors -----------------------------------------------------------------------------


def test_any_number_of_calls_at_once_share_a_few_threads_and_little_memory():
    n, opened, results = 20_000, threading.Event(), []

    def wait_and_return(number):
        assert opened.wait(LONG)
        return number

    def one(number):
        results.append((yield Offload(wait_and_return, number)))

    def main():
        before, threads = resident_bytes(), len(minios_threads())
        for number in range(n):
            yield Spawn(one(number))
        yield
        used = (resident_bytes() - before) / n, len(minios_threads()) - threads
        opened.set()
        return used

    kernel = minios.Kernel(clock=VirtualClock())
    first = kernel.spawn(main())
    kernel.run()
    assert sorted(results) == list(range(n))
    bytes_each, threads = first.result()
    assert bytes_each < 10_000      # some 3 KB, of which the task and the future are most
    assert threads <= 32


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_the_kernels_executor_may_be_set_and_is_then_left_alone(run):
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        kernel = minios.Kernel(clock=VirtualClock())
        kernel.executor = pool

        def main():
            return (yield Offload(threading.current_thread)).name

        assert kernel.run(main()).startswith("mine")
        assert kernel.executor is pool
        assert pool.submit(divide, 6, 3).result() == 2


def test_an_executor_that_is_set_while_the_kernel_runs_outlives_it(gate):
    kernel = minios.Kernel(clock=VirtualClock())

    def main(pool):
        first = yield Offload(threading.current_thread)
        kernel.executor = pool
        return first, (yield Offload(divide, 6, 3))

    with ThreadPoolExecutor(1) as pool:
        thread, quotient = kernel.run(main(pool))
        assert quotient == 2 and kernel.executor is pool
        thread.join(LONG)
        assert not thread.is_alive()    # the kernel's own threads have ended all the same


def test_a_kernel_that_runs_again_has_threads_again():
    kernel = minios.Kernel(clock=VirtualClock())
    assert [kernel.run(offload(divide, 6, 3)) for _ in range(2)] == [2, 2]
    assert kernel.executor is None


def test_an_executor_that_was_shut_down_is_an_error_in_the_task(run):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()

    def main():
        with pytest.raises(RuntimeError, match="after shutdown"):
            yield Offload(divide, 1, 1, executor=pool)
        return (yield Offload(divide, 6, 3))

    assert run(main()) == 2


def test_a_future_that_the_executor_cancels_is_an_error_in_the_task(run, gate):
    pool = ThreadPoolExecutor(1)

    def main():
        running = yield Spawn(offload(gate, executor=pool))
        queued = yield Spawn(offload(divide, 1, 1, executor=pool))
        yield Offload(gate.entered)
        pool.shutdown(wait=False, cancel_futures=True)
        error = yield ending(queued)
        gate.open()
        yield Wait(running)
        return error

    error = run(main())
    assert isinstance(error, OSError) and error.errno == errno.ECANCELED
    assert "divide" in str(error)


def test_an_executor_that_answers_on_the_spot_will_do(run):
    def main():
        try:
            yield Offload(divide, 1, 0, executor=Synchronous())
        except ZeroDivisionError:
            return (yield Offload(divide, 6, 3, executor=Synchronous()))

    assert run(main()) == 2


def test_an_executor_that_lets_an_exit_out_of_submit_harms_only_the_task(run):
    def main():
        task = yield Spawn(leaving())
        return (yield Wait(task))

    def leaving():
        with pytest.raises(SystemExit):
            yield Offload(sys.exit, executor=Synchronous())
        return "went on"

    assert run(main()) == "went on"


def test_an_executor_counts_even_where_it_is_false(run):
    class Empty(Synchronous):
        def __len__(self):
            return 0

    def main():
        yield Offload(threading.get_ident, executor=Empty())
        return (yield Offload(threading.get_ident, executor=Empty())) == threading.get_ident()

    assert run(main())


class Client:
    """Looks like that of dask."""

    def submit(self, function):
        raise NotImplementedError

    def get_executor(self):
        raise NotImplementedError


@pytest.mark.parametrize("executor", [5, "threads", ThreadPoolExecutor, object(), Client()])
def test_what_is_no_executor_is_refused_where_it_is_given(executor):
    with pytest.raises(TypeError, match="no executor of concurrent.futures"):
        Offload(divide, 1, 1, executor=executor)


def test_a_dask_client_in_the_place_of_its_executor_is_told_the_way():
    with pytest.raises(TypeError, match=r"client\.get_executor"):
        Offload(divide, 1, 1, executor=Client())


def test_a_kernels_executor_that_is_none_is_an_error_in_the_task(kernel):
    kernel.executor = 5
    with pytest.raises(TypeError, match="5 is no executor"):
        kernel.run(offload(divide, 1, 1))


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="takes a function"):
        Offload(divide(1, 1))


def test_an_executor_that_returns_no_future_is_an_error_in_the_task_and_holds_nothing(run):
    class Broken(Executor):
        def submit(self, function, /, *args, **kwargs):
            return function(*args)

    def main():
        with pytest.raises(TypeError, match="no Future"):
            yield Offload(divide, 6, 3, executor=Broken())
        yield Park("nobody wakes this")

    with pytest.raises(minios.DeadlockError):
        run(main())


# --- Processes -----------------------------------------------------------------------------


@contextmanager
def one_process():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_a_process_works_for_a_task_and_its_errors_come_back(run):
    def main(pool):
        pid = yield Offload(os.getpid, executor=pool)
        with pytest.raises(ZeroDivisionError):
            yield Offload(divide, 1, 0, executor=pool)
        with pytest.raises((AttributeError, pickle.PicklingError)):
            yield Offload(lambda: 1, executor=pool)
        return pid, (yield Offload(divide, 6, 3, executor=pool))

    with one_process() as pool:
        pid, quotient = run(main(pool))
    assert pid != os.getpid() and quotient == 2


def test_a_worker_process_that_is_killed_is_an_error_in_the_tasks_that_wait_for_it(run):
    def main(pool):
        pid = yield Offload(os.getpid, executor=pool)
        waiting = yield Spawn(offload(time.sleep, LONG, executor=pool))
        other = yield Spawn(offload(divide, 6, 3))
        yield
        os.kill(pid, signal.SIGKILL)
        return (yield ending(waiting)), (yield Wait(other)), (yield ending(
            (yield Spawn(offload(divide, 1, 1, executor=pool)))
        ))

    with one_process() as pool:
        error, quotient, later = run(main(pool))
    assert isinstance(error, BrokenProcessPool) and isinstance(later, BrokenProcessPool)
    assert quotient == 2


# --- Any order of events -------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["start", "kill", "close", "return", "raise", "drop", "turn"]),
        st.integers(0, 5),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(EVENTS)
def test_each_task_hears_of_its_own_future_once_and_of_nothing_after_a_kill(events):
    manual, tasks, heard = Manual(), [], {}

    def worker(number):
        try:
            outcome = yield Offload(divide, executor=manual)
        except OSError:
            outcome = "dropped"
        except ValueError as error:
            outcome = error.args[0]
        heard.setdefault(number, []).append(outcome)

    def settle(event, number):
        future = manual.futures[number]
        if future.done():
            return None
        if event == "drop":
            future.cancel()
            return "dropped"
        if event == "raise":
            future.set_exception(ValueError(number))
        else:
            future.set_result(number)
        return number

    settled, killed, silent = {}, set(), set()

    def main():
        for event, which in events:
            if event == "start":
                tasks.append((yield Spawn(worker(len(tasks)))))
                yield       # its future has the same number
            elif event == "turn":
                yield
            elif which < len(tasks) and event in ("kill", "close"):
                if not tasks[which].done():
                    killed.add(which)
                    if which not in settled:
                        silent.add(which)
                yield Kill(tasks[which], signal.SIGKILL if event == "close" else signal.SIGTERM)
                assert manual.futures[which].done()
            elif which < len(tasks):
                outcome = settle(event, which)
                if outcome is not None:
                    settled[which] = outcome
        yield

    kernel = minios.Kernel(clock=VirtualClock())
    kernel.run(main())
    for number, outcome in settled.items():
        # One that is killed right after its future was settled may or may not have heard.
        expected = [[outcome], None] if number in killed else [[outcome]]
        assert heard.get(number) in expected
    assert not silent & set(heard)
    with pytest.raises(minios.DeadlockError):      # nothing is held any more
        kernel.run(iter(Park("nobody wakes this")))
