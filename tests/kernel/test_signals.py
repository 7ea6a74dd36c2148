"""Promise 2: kill is like Unix."""

import signal

import pytest

import minios
from syscalls import (
    Accept,
    GetTask,
    GetTid,
    Kill,
    Park,
    ReadWait,
    Recv,
    Sleep,
    Spawn,
    SystemCall,
    Tasks,
    Wait,
    Wake,
)


def sleeper(log):
    try:
        yield Sleep(100)
    except minios.Cancelled as cancelled:
        log.append(cancelled)
        raise
    finally:
        log.append("cleaned up")


def test_sigterm_throws_cancelled_at_the_call_the_task_is_blocked_on(run):
    log = []

    def main():
        task = yield Spawn(sleeper(log))
        yield
        assert (yield Kill(task)) is True
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())
    assert log[0].signum == signal.SIGTERM and log[1:] == ["cleaned up"]


def test_who_waits_learns_who_killed_the_task_from_where_and_with_what(run):
    def main():
        task = yield Spawn(sleeper([]), name="victim")
        yield
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError) as caught:
            yield Wait(task)
        error = caught.value
        line = main.__code__.co_firstlineno + 3
        assert (error.tid, error.name, error.killer) == (task.tid, "victim", 1)
        assert error.signum == signal.SIGTERM
        assert error.place == f"{__file__}:{line}"
        assert "was killed by task 1 with signal 15" in str(error)

    run(main())


def test_a_killed_task_may_clean_up_with_calls_of_its_own(run):
    log = []

    def careful():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(1)
            log.append((yield GetTid()))

    def main():
        task = yield Spawn(careful())
        yield
        yield Kill(task)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())
    assert log == [2]


def test_a_task_that_swallows_sigterm_lives_on_until_sigkill(run):
    log = []

    def stubborn():
        while True:
            try:
                yield Sleep(100)
            except minios.Cancelled:
                log.append("no")

    def main():
        task = yield Spawn(stubborn())
        for _ in range(3):
            yield
            yield Kill(task)
            yield
        assert log == ["no"] * 3 and not task.done()
        yield Kill(task, signal.SIGKILL)
        assert task.done()
        with pytest.raises(minios.TaskKilledError, match="signal 9"):
            yield Wait(task)

    run(main())


def test_sigterm_sent_twice_before_it_arrives_is_thrown_once(run):
    log = []

    def main():
        task = yield Spawn(sleeper(log))
        yield
        task.kill()
        task.kill()
        yield Sleep(1)

    run(main())
    assert len(log) == 2


def test_a_task_killed_before_its_first_turn_never_runs(run):
    log = []

    def body():
        log.append("ran")
        yield

    def main():
        kernel = minios.current_kernel()
        task = kernel.spawn(body())
        assert task.kill()
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())
    assert log == []


def test_a_coroutine_killed_before_its_first_turn_is_never_reported_as_not_awaited(run, recwarn):
    async def body():
        pass

    def main():
        for signum in (signal.SIGTERM, signal.SIGKILL):
            task = minios.current_kernel().spawn(body())
            task.kill(signum)
            yield Sleep(1)

    run(main())
    assert list(recwarn) == []


def test_a_task_at_a_bare_yield_is_killed_at_that_yield(run):
    steps = []

    def stepper():
        while True:
            steps.append(len(steps))
            yield

    def main():
        task = yield Spawn(stepper())
        yield
        before = len(steps)
        yield Kill(task)
        assert len(steps) == before

    run(main())


def test_sigkill_closes_the_generator_at_once_and_runs_its_finally(run):
    log = []

    def main():
        task = yield Spawn(sleeper(log))
        yield
        yield Kill(task, signal.SIGKILL)
        assert task.done() and log == ["cleaned up"]

    run(main())


def test_sigkill_closes_all_routines_of_the_stack_from_the_innermost_out(run):
    log = []

    def level(n):
        try:
            if n:
                yield level(n - 1)
            yield Sleep(100)
        finally:
            log.append(n)

    def main():
        task = yield Spawn(level(3))
        yield
        yield Kill(task, signal.SIGKILL)

    run(main())
    assert log == [0, 1, 2, 3]


def test_a_task_that_yields_while_it_is_closed_is_dead_and_reported(run, caplog):
    def stubborn():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(100)

    def main():
        task = yield Spawn(stubborn())
        yield
        yield Kill(task, signal.SIGKILL)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())
    assert "generator ignored GeneratorExit" in caplog.text


def test_sigstop_stops_a_ready_task_and_sigcont_lets_it_go_on(run):
    steps = []

    def stepper():
        while True:
            steps.append(len(steps))
            yield

    def main():
        task = yield Spawn(stepper(), daemon=True)
        yield
        yield Kill(task, signal.SIGSTOP)
        assert task.state == "T"
        before = len(steps)
        for _ in range(5):
            yield
        assert len(steps) == before
        yield Kill(task, signal.SIGCONT)
        assert task.state == "R"
        yield
        yield
        assert len(steps) > before

    run(main())


def test_what_a_stopped_task_waited_for_is_kept_until_it_goes_on(run, pair):
    received = []

    def receiver():
        received.append((yield Recv(pair[0], 100)))

    def main():
        task = yield Spawn(receiver())
        yield
        yield Kill(task, signal.SIGSTOP)
        pair[1].send(b"kept")
        yield Sleep(1)
        assert task.state == "T" and received == []
        yield Kill(task, signal.SIGCONT)
        yield Wait(task)

    run(main())
    assert received == [b"kept"]


def test_a_stopped_task_is_terminated_when_it_goes_on_and_killed_at_once(run):
    def main():
        tasks = []
        for _ in range(2):
            tasks.append((yield Spawn(sleeper([]))))
        yield
        for task in tasks:
            yield Kill(task, signal.SIGSTOP)
        yield Kill(tasks[0], signal.SIGTERM)
        yield Kill(tasks[1], signal.SIGKILL)
        yield Sleep(1)
        assert not tasks[0].done() and tasks[1].done()
        yield Kill(tasks[0], signal.SIGCONT)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(tasks[0])

    run(main())


def test_a_task_may_stop_itself(run):
    log = []

    def stops():
        log.append("before")
        log.append((yield Kill((yield GetTid()), signal.SIGSTOP)))

    def main():
        task = yield Spawn(stops())
        yield Sleep(1)
        assert task.state == "T" and log == ["before"]
        yield Kill(task, signal.SIGCONT)
        yield Wait(task)

    run(main())
    assert log == ["before", True]


def test_a_task_may_kill_itself(run):
    def suicide(signum):
        yield Kill((yield GetTid()), signum)
        raise AssertionError("lives on")

    def main():
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with pytest.raises(minios.TaskKilledError):
                yield Wait((yield Spawn(suicide(signum))))

    run(main())


def test_a_task_that_kills_itself_in_the_middle_of_its_turn_ends_at_its_next_yield(run):
    log = []

    def suicide(signum):
        task = yield GetTask()
        task.kill(signum)
        log.append(signum)
        yield
        raise AssertionError("lives on")

    def main():
        for signum in (signal.SIGTERM, signal.SIGKILL):
            with pytest.raises(minios.TaskKilledError):
                yield Wait((yield Spawn(suicide(signum))))

    run(main())
    assert len(log) == 2


def test_sigint_throws_keyboard_interrupt_into_that_task_alone(run):
    log = []

    def interruptible():
        try:
            yield Sleep(100)
        except KeyboardInterrupt:
            log.append("^C")
            raise

    def main():
        task = yield Spawn(interruptible())
        yield
        yield Kill(task, signal.SIGINT)
        with pytest.raises(minios.TaskKilledError, match="signal 2"):
            yield Wait(task)
        other = yield Spawn(interruptible())
        yield
        yield Kill(other, signal.SIGINT)    # nobody waits, and the program goes on
        yield Sleep(1)

    run(main())
    assert log == ["^C", "^C"]


def test_sigquit_prints_the_stack_and_the_task_goes_on(run, capsys):
    def inner():
        yield Sleep(5)
        return "done"

    def outer():
        return (yield inner())

    def main():
        task = yield Spawn(outer())
        yield
        yield Kill(task, signal.SIGQUIT)
        return (yield Wait(task))

    assert run(main()) == "done"
    printed = capsys.readouterr().err
    assert "in outer" in printed and "in inner" in printed and "yield Sleep(5)" in printed
    assert "waits in Sleep(5)" in printed


def test_signal_zero_and_ignored_signals_only_look(run):
    def main():
        task = yield Spawn(sleeper([]))
        yield
        for signum in (0, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG):
            assert (yield Kill(task, signum)) is True
        yield Sleep(1)
        assert not task.done()
        assert (yield Kill(99, 0)) is False

    run(main())


def test_killing_what_has_ended_or_never_was_is_false(run):
    def main():
        task = yield Spawn(sleeper([]))
        yield
        yield Kill(task, signal.SIGKILL)
        assert (yield Kill(task)) is False
        assert (yield Kill(task.tid)) is False
        assert (yield Kill(4711)) is False
        assert task.kill() is False

    run(main())


def test_an_item_handed_to_a_task_is_not_lost_when_it_is_killed_before_it_runs(run):
    got = []

    def getter():
        got.append((yield Park("queue")))
        yield Sleep(100)

    def main():
        kernel = minios.current_kernel()
        task = yield Spawn(getter())
        yield
        kernel.parking.wake("queue", 1, "item")
        task.kill()
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())
    assert got == ["item"]


def test_a_killed_task_leaves_its_place_in_a_queue(run):
    woken = []

    def parker(n):
        yield Park("channel")
        woken.append(n)

    def main():
        tasks = []
        for n in range(3):
            tasks.append((yield Spawn(parker(n))))
        yield
        yield Kill(tasks[0])
        yield Kill(tasks[1], signal.SIGKILL)
        assert (yield Wake("channel")) == 1
        yield
        assert woken == [2]
        assert (yield Wake("channel", n=None)) == 0

    run(main())


def test_a_killed_task_leaves_no_timer(run):
    def main():
        task = yield Spawn(sleeper([]))
        yield
        yield Kill(task)
        yield
        assert not minios.current_kernel().timers

    run(main())


@pytest.mark.parametrize("call", [Recv, Accept, ReadWait])
def test_a_killed_task_leaves_no_registration(run, pair, call):
    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def waiter():
        yield call(pair[0], 100) if call is Recv else call(listener)

    def main():
        task = yield Spawn(waiter())
        yield
        yield
        assert len(minios.current_kernel().poller.descriptors()) == 1
        yield Kill(task)
        assert minios.current_kernel().poller.descriptors() == []

    run(main())
    listener.close()


def test_a_wait_that_cannot_be_undone_is_shown_as_d_and_kept_from_the_signal(run):
    class Uninterruptible(SystemCall):
        interruptible = False

        def handle(self, kernel, task):
            kernel.start_timer(task, kernel.now() + 10)

        def cancel(self, kernel, task):
            kernel.cancel_timer(task)

    log = []

    def worker():
        log.append((yield Uninterruptible()))
        log.append("finished the wait")
        yield
        log.append("never")

    def main():
        task = yield Spawn(worker())
        yield
        yield Kill(task)
        assert task.state == "D"
        yield Sleep(5)
        assert log == []
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    run(main())
    assert log == [None, "finished the wait"]


def test_a_signal_from_another_thread_is_passed_to_the_kernel():
    import threading

    def main():
        task = yield Spawn(sleeper([]))
        yield
        threading.Thread(target=task.kill).start()
        with pytest.raises(minios.TaskKilledError):
            yield Wait(task)

    minios.run(main())


def test_a_plain_function_that_kills_is_named_as_the_place(run):
    def main():
        task = yield Spawn(sleeper([]))
        yield
        task.kill()
        with pytest.raises(minios.TaskKilledError) as caught:
            yield Wait(task)
        assert caught.value.killer == 1
        assert caught.value.place == f"{__file__}:{main.__code__.co_firstlineno + 3}"

    run(main())


def test_ps_shows_what_a_task_waits_in_and_its_states(run):
    def main():
        task = yield Spawn(sleeper([]), name="napper")
        yield
        info = {each.tid: each for each in (yield Tasks())}
        assert (info[2].state, info[2].wait, info[2].name) == ("S", "Sleep(100)", "napper")
        assert (info[2].ptid, info[2].group, info[2].kind) == (1, 1, "generator")
        assert (info[1].state, info[1].wait) == ("R", "")
        assert task.parent.tid == 1 and task.parent.children == [task]
        yield Kill(task, signal.SIGKILL)
        assert task.state == "Z"

    run(main())
