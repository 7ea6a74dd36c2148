"""Promises 1 and 9 against tasks that mean harm: broken errors, logs, reprs, hooks and calls."""

import logging
import os
import signal
import socket

import pytest

import minios
from minios.sim import VirtualClock
from syscalls import (
    Close,
    Kill,
    Now,
    Park,
    RecvInto,
    SendAll,
    Sleep,
    SleepUntil,
    Spawn,
    SystemCall,
    Tasks,
    Wait,
    Wake,
)


def beside(run, routine):
    """Run `routine` as a task nobody waits for, and see that the others go on."""

    def main():
        yield Spawn(routine)
        yield Sleep(1)
        return "went on"

    assert run(main()) == "went on"


class ProxyError(Exception):
    """As those of RPC proxies, it fails at everything."""

    def __getattr__(self, name):
        raise RuntimeError("proxy closed")

    def __bool__(self):
        raise RuntimeError("no truth")

    def __len__(self):
        return 0


def fail(error):
    yield
    raise error


def test_an_exception_that_fails_at_everything_ends_its_task_alone(run, caplog):
    beside(run, fail(ProxyError()))
    assert "ProxyError" in caplog.text


def test_a_log_that_fails_stops_nobody(run, capsys):
    class Down(logging.Handler):
        def emit(self, record):
            raise RuntimeError("log server down")

    handler = Down()
    logging.getLogger("minios").addHandler(handler)
    try:
        beside(run, fail(ValueError("unheard")))
    finally:
        logging.getLogger("minios").removeHandler(handler)
    assert "log server down" in capsys.readouterr().err


def test_a_second_ctrl_c_in_the_middle_of_the_kernel_leaves_it_whole():
    class Impatient(logging.Handler):
        def emit(self, record):
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)

    cleaned = []

    def main():
        yield Spawn(fail(ValueError()))
        try:
            yield Sleep(60)
        finally:
            cleaned.append(True)

    handler = Impatient()
    logging.getLogger("minios").addHandler(handler)
    kernel = minios.Kernel()
    try:
        with pytest.raises(KeyboardInterrupt):
            kernel.run(main())
    finally:
        logging.getLogger("minios").removeHandler(handler)
    assert cleaned and not kernel.tasks
    assert kernel.run(returning(1)) == 1


def returning(value):
    yield
    return value


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), minios.Cancelled()])
def test_whatever_a_task_raises_while_it_is_killed_it_is_dead_and_the_others_go_on(run, error):
    def victim():
        try:
            yield Sleep(100)
        finally:
            raise error

    def main():
        task = yield Spawn(victim())
        yield
        try:
            yield Kill(task, signal.SIGKILL)
        except KeyboardInterrupt:
            assert isinstance(error, KeyboardInterrupt)
        assert task.done() and task.tid not in minios.current_kernel().tasks
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)
        return "went on"

    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):      # it forces, as a second Ctrl-C would
            run(main())
    else:
        assert run(main()) == "went on"


def test_a_task_that_kills_itself_while_it_is_closed_ends_once(run):
    def inner():
        yield Sleep(100)

    def victim():
        try:
            yield inner()
        finally:
            minios.current_task().kill(9)

    def main():
        task = yield Spawn(victim())
        yield
        yield Kill(task, 9)
        yield Sleep(1)
        return task.done()

    assert run(main())


def test_two_ctrl_c_while_the_tasks_are_closed_still_close_them_all():
    closed = []

    def victim(n):
        try:
            yield Sleep(100)
        finally:
            closed.append(n)
            if n == 2:
                for _ in range(3):
                    os.kill(os.getpid(), signal.SIGINT)

    def main():
        for n in range(4):
            yield Spawn(victim(n))
        yield
        raise RuntimeError

    kernel = minios.Kernel(grace=0)
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        kernel.run(main())
    assert sorted(closed) == [0, 1, 2, 3] and not kernel.tasks
    assert kernel.run(returning(2)) == 2


def test_a_sleep_of_months_is_only_that():
    def main():
        task = yield Spawn(sleeper())
        yield Sleep(0.01)
        assert task.state == "S"

    def sleeper():
        yield Sleep(400 * 86_400)

    def alone():
        minios.current_kernel().call_from_thread(minios.current_task().kill)
        yield Sleep(400 * 86_400)

    minios.run(main())
    with pytest.raises(minios.TaskKilledError):
        minios.run(alone())


def test_a_task_that_never_stops_being_ready_is_killed_at_shutdown_in_virtual_time_too(run):
    def stubborn():
        while True:
            try:
                yield
            except minios.Cancelled:
                pass

    def main():
        yield Spawn(stubborn())
        yield

    run(main())


def test_a_socket_with_a_timeout_of_its_own_does_not_hold_up_the_kernel(pair):
    sock = pair[0]
    sock.setblocking(False)
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        pass
    sock.settimeout(30)

    def main():
        task = yield Spawn(sending())
        yield
        yield
        assert task.state == "S"        # waits in the kernel, and not in the system
        task.kill()

    def sending():
        yield SendAll(sock, b"x")

    minios.run(main(), clock=VirtualClock())


def test_a_channel_whose_hash_changes_harms_its_own_task_alone(run):
    class Changing:
        value = 1

        def __hash__(self):
            return self.value

        def __eq__(self, other):
            return self is other

    channel = Changing()

    def parker():
        yield Park(channel)

    def main():
        task = yield Spawn(parker())
        yield
        channel.value = 2
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)
        channel.value = 1
        assert (yield Wake(channel)) == 0
        return "went on"

    assert run(main()) == "went on"


def test_a_task_that_fails_with_another_s_death_is_logged(run, caplog):
    def sleeper():
        yield Sleep(10)

    def waiter(task):
        yield Wait(task)

    def main():
        task = yield Spawn(sleeper())
        yield Spawn(waiter(task), name="the waiter")
        yield
        yield Kill(task)
        yield Sleep(1)

    run(main())
    assert "the waiter" in caplog.text and "TaskKilledError" in caplog.text


def test_an_error_on_its_way_to_a_task_that_is_killed_is_logged(run, caplog):
    def waiter(task):
        yield Wait(task)

    def main():
        kernel = minios.current_kernel()
        failing = yield Spawn(fail(ValueError("on its way")))
        waiting = yield Spawn(waiter(failing))
        while not failing.done():
            yield
        kernel.kill(waiting, 9)
        yield

    run(main())
    assert "on its way" in caplog.text


@pytest.mark.parametrize("signums", [[9], [15], [19, 18]])
def test_a_signal_before_the_first_turn_does_not_reach_into_a_shared_routine(kernel, signums):
    def shared():
        yield Sleep(1)
        return "whole"

    routine = shared()

    def main():
        first, second = kernel.spawn(routine), kernel.spawn(routine)
        yield
        for signum in signums:
            kernel.kill(second, signum)
        yield Sleep(2)
        assert first.result() == "whole"

    logging.getLogger("minios").disabled = True
    try:
        kernel.run(main())
    finally:
        logging.getLogger("minios").disabled = False


def test_a_call_whose_repr_fails_is_listed_all_the_same(run, pair):
    class Shy(SystemCall):
        def handle(self, kernel, task):
            pass

        def __repr__(self):
            raise RuntimeError("no")

    def main():
        yield Spawn(one_call(Shy()))
        yield Spawn(one_call(RecvInto(pair[0], None)))
        yield
        waits = [info.wait for info in (yield Tasks())]
        assert waits[1] == "<Shy>" and waits[2] == "RecvInto(...)"
        for bad in (SendAll(pair[0], "text"), SendAll(pair[0], 5)):
            assert repr(bad)

    run(main())


def one_call(call):
    yield call


def test_a_deadlock_names_calls_and_owners_that_are_none(run):
    class Account:
        owner = "alice"

    class Shy(SystemCall):
        def handle(self, kernel, task):
            pass

        def __repr__(self):
            raise RuntimeError("no")

    def main():
        yield Spawn(one_call(Shy()))
        yield Park(Account())

    with pytest.raises(minios.DeadlockError, match="<Shy>"):
        run(main())


@pytest.mark.parametrize("moment", [None, "noon", float("nan")])
def test_a_timer_for_no_moment_is_refused_and_spoils_nothing(kernel, moment):
    def main():
        with pytest.raises((TypeError, ValueError)):
            kernel.call_at(moment, print)
        yield Sleep(1)
        return len(kernel.timers)

    assert kernel.run(main()) == 0


def test_the_clock_reads_a_float_whatever_was_waited_for(run):
    def main():
        yield SleepUntil(5)
        assert type((yield Now())) is float
        with pytest.raises(OverflowError):
            yield Sleep(10**400)

    run(main())


def test_close_takes_any_object_with_close_and_no_truth_value(run):
    class Closable:
        closed = False

        def close(self):
            self.closed = True

    def main():
        thing = Closable()
        yield Close(thing)
        assert thing.closed
        with pytest.raises(TypeError):
            yield Close(True)
        left, right = socket.socketpair()
        right.close()
        number = left.detach()
        yield Close(number)
        with pytest.raises(OSError, match="Bad file descriptor"):
            yield Close(number)

    run(main())


def test_a_handler_s_key_error_is_raised_once_and_not_taken_for_a_new_type(run):
    calls = []

    class Sly(SystemCall):
        def handle(self, kernel, task):
            calls.append(True)
            kernel.attach(minios.Hooks())
            raise KeyError("sly")

    def main():
        for _ in range(2):
            with pytest.raises(KeyError):
                yield Sly()

    run(main())
    assert len(calls) == 2


def test_what_is_yielded_may_have_a_metaclass_that_cannot_be_hashed(run):
    class Meta(type):
        __hash__ = None

    class Strange(metaclass=Meta):
        pass

    def main():
        with pytest.raises(TypeError):
            yield Strange()
        return "went on"

    assert run(main()) == "went on"


def test_names_limits_and_signals_of_the_wrong_type_are_refused(kernel):
    with pytest.raises(TypeError, match="name is a str"):
        kernel.spawn(returning(1), name=5)
    for wrong in (0, -1, 2.5, "3"):
        with pytest.raises(ValueError, match="max_tasks"):
            minios.Kernel(max_tasks=wrong)
    for wrong in (True, 15.0, "TERM"):
        with pytest.raises(ValueError, match="no signal"):
            Kill(1, wrong)
    with pytest.raises(TypeError, match="no routine"):
        minios.run(None)
    with pytest.raises(minios.KernelError, match="without a hold"):
        kernel.release()
    kernel.run()
