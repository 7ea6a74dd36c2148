"""Strace: the calls of tasks in the words of strace(1)."""

import gc

import pytest

import minios
from minios.trace import Strace, is_traced
from minios.trace.backlog import Backlog
from minios.trace.counting import Counts, count_table
from minios.trace.injection import Injection
from minios.trace.lines import Lines
from minios.trace.rendering import arguments_text, error_text, result_text
from minios.trace.selection import Selection, known_names
from minios.trace.strace import NOTE, InjectingStrace
from syscalls import (
    Await,
    GetTask,
    GetTid,
    Kill,
    Park,
    Recv,
    Send,
    Sleep,
    Spawn,
    SystemCall,
    Wait,
    Wake,
)


def trace(kernel, routine, injections=(), stamps=0, durations=False, of_main=True, **options):
    """Run `routine` as the main task under Strace; what is printed."""
    events, lines = [], Lines(0.0, stamps=stamps, durations=durations)
    task = kernel.spawn(routine, name="main")
    hooks = InjectingStrace(events.append, [task] if of_main else None, injections=injections,
                            **options)
    kernel.attach(hooks)
    kernel.run()
    return "".join(lines.text(event) for event in events if event[0] != NOTE)


def test_a_call_is_a_line_with_its_arguments_and_its_result(kernel, pair):
    left, right = pair

    def main():
        yield GetTid()
        yield Send(left, b'say "hi"')
        yield Recv(right, 1024)
        yield Sleep(2)
        yield
        return 3

    number, other = left.fileno(), right.fileno()
    assert trace(kernel, main(), sample=5).splitlines() == [
        "gettid() = 1",
        f"send({number}, b'say \"hi\"') = 8",
        f'recv({other}, 1024) = 8 ("say \\"..."...)'.replace('\\"..."', '\\""'),
        "sleep(2) = 0",
        "+++ exited with 3 +++",
    ]


def test_durations_are_those_of_the_kernels_clock(kernel):
    def main():
        yield Sleep(1.5)

    assert trace(kernel, main(), durations=True).startswith("sleep(1.5) = 0 <1.500000>\n")


def test_where_tasks_take_turns_calls_are_unfinished_and_resumed_under_their_tids(kernel):
    def child():
        yield Sleep(1)

    def main():
        task = yield Spawn(child())
        yield Sleep(2)
        yield Wait(task)

    assert trace(kernel, main(), follow=True).splitlines() == [
        "[tid 1] spawn(child) = task 2",
        "[tid 1] sleep(2 <unfinished ...>",
        "[tid 2] sleep(1) = 0",
        "[tid 2] +++ exited with 0 +++",
        "<... sleep resumed>) = 0",
        "wait(task 2) = 0",
        "+++ exited with 0 +++",
    ]


def test_children_are_followed_where_that_is_asked_for(kernel):
    def child():
        yield GetTid()

    def main():
        yield Wait((yield Spawn(child())))

    text = trace(kernel, main(), follow=True)
    assert "[tid 2] gettid() = 2" in text and "[tid 1] wait(task 2 <unfinished ...>" in text


def test_errors_have_their_names_as_strace_has_them(kernel):
    def main():
        for number in (99, 98):
            try:
                yield Wait(number)
            except minios.KernelError:
                pass

    text = trace(kernel, main())
    assert text.startswith("wait(task 99) = -1 NoSuchTaskError (there is no task 99")
    assert error_text(OSError(104, "Connection reset by peer")) == (
        "-1 ECONNRESET (Connection reset by peer)")
    assert error_text(TimeoutError("late")) == "-1 TimeoutError (late)"


def test_a_task_that_is_killed_shows_the_signal_and_who_sent_it(kernel):
    def victim():
        yield Sleep(100)

    def main():
        task = yield Spawn(victim())
        yield
        events, lines = [], Lines(0.0)
        kernel.attach(Strace(events.append, [task]))
        yield Sleep(1)
        yield Kill(task)
        yield Sleep(1)
        return "".join(map(lines.text, events))

    line = main.__code__.co_firstlineno + 6
    assert kernel.run(main()).splitlines() == [
        "sleep(100) = ? EINTR (Interrupted by a signal)",
        "--- SIGTERM {si_pid=1} ---",
        f"+++ killed by SIGTERM (task 1, {__file__}:{line}) +++",
    ]


def test_sigkill_leaves_the_call_unfinished(kernel):
    def victim():
        yield Sleep(100)

    def main():
        task = yield Spawn(victim())
        yield
        events, lines = [], Lines(0.0)
        kernel.attach(Strace(events.append, [task]))
        yield Sleep(1)
        yield Kill(task, 9)
        yield Sleep(1)
        return "".join(map(lines.text, events))

    first, second = kernel.run(main()).splitlines()
    assert first == "sleep(100 <unfinished ...>) = ?"
    assert second.startswith("+++ killed by SIGKILL (task 1, ")


def test_stop_and_continue_are_shown_when_they_come(kernel):
    def victim():
        yield Sleep(5)

    def main():
        task = yield Spawn(victim())
        yield
        events, lines = [], Lines(0.0)
        kernel.attach(Strace(events.append, [task]))
        yield Sleep(1)
        yield Kill(task, 19)
        yield Sleep(1)
        yield Kill(task, 18)
        yield Wait(task)
        return "".join(map(lines.text, events))

    assert kernel.run(main()).splitlines() == [
        "sleep(5 <unfinished ...>",
        "--- SIGSTOP {si_pid=1} ---",
        "--- SIGCONT {si_pid=1} ---",
        "<... sleep resumed>) = 0",
        "+++ exited with 0 +++",
    ]


def test_how_a_task_ended_is_its_last_line(kernel):
    def failing():
        yield
        raise ValueError("two\nlines")

    def leaving():
        yield
        raise SystemExit(4)

    assert trace(kernel, failing()) == "+++ exited with 1 (ValueError: two) +++\n"
    other = minios.Kernel(clock=kernel.clock)
    with pytest.raises(SystemExit):
        trace(other, leaving())


def test_calls_of_a_trampolined_routine_are_seen(kernel):
    def inner():
        return (yield GetTid())

    def main():
        yield inner()

    assert trace(kernel, main()).startswith("gettid() = 1\n")


def test_native_tasks_show_what_they_await_and_how_they_end():
    import asyncio

    from minios.aio import EventLoop

    loop = EventLoop(native_tasks=True)
    events, lines = [], Lines(0.0)
    loop.kernel.attach(Strace(events.append))

    async def failing():
        raise ValueError("nobody asks")

    async def main():
        future = loop.create_future()
        loop.call_later(0.001, future.set_result, b"abc")
        await future
        loop.create_task(failing())
        await asyncio.sleep(0)
        broken = loop.create_future()
        loop.call_soon(broken.set_exception, OSError(32, "Broken pipe"))
        try:
            await broken
        except OSError:
            pass

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    text = "".join(map(lines.text, events))
    assert 'await(Future) = 3 ("abc")' in text
    assert "await(Future) = -1 EPIPE (Broken pipe)" in text
    assert "exited with 1 (ValueError: nobody asks)" in text


def test_an_observed_native_task_still_has_its_error_logged(caplog):
    import asyncio

    from minios.aio import EventLoop

    loop = EventLoop(native_tasks=True)
    loop.kernel.attach(Strace(lambda event: None))

    async def failing():
        raise ValueError("nobody asks")

    async def main():
        loop.create_task(failing())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    gc.collect()        # from Python 3.12 on, an observed error has a circle of frames behind it
    assert "exception was never retrieved" in caplog.text


def test_await_from_a_generator_is_a_call_as_any(kernel):
    import asyncio

    def main():
        yield Await(asyncio.sleep(1, "done"))

    assert "await(sleep()) = 'done'\n" in trace(kernel, main())


def test_all_tasks_but_the_ignored_and_their_children_are_traced(kernel):
    def child():
        yield GetTid()

    def main():
        kernel.spawn(child(), name="quiet")
        kernel.spawn(child(), name="loud")
        yield Sleep(1)
        yield Wait((yield Spawn(child(), name="mine")))

    events, lines = [], Lines(0.0)
    task = kernel.spawn(main())
    kernel.attach(Strace(events.append, None, ignored=lambda each: each is task))
    kernel.run()
    assert events == [] and lines.cut() == ""

    kernel.detach(kernel.hooks[0])
    kernel.attach(Strace(events.append, None, ignored=lambda each: each.name == "quiet"))
    kernel.spawn(main())
    kernel.run()
    text = "".join(map(lines.text, events))
    assert "gettid() = 7" in text and "gettid() = 6" not in text


def test_is_traced_tells_who_is_observed_at_the_moment(kernel):
    def main():
        me = yield GetTask()
        hooks = Strace(None, [me])
        assert not is_traced(me)
        kernel.attach(hooks)
        assert is_traced(me)
        kernel.detach(hooks)
        assert not is_traced(me)

    kernel.run(main())


def test_broken_reprs_and_huge_values_are_cut(kernel):
    class Broken:
        def __repr__(self):
            raise ValueError

    class Odd(SystemCall):
        __slots__ = ("what",)

        def __init__(self, what):
            self.what = what

        def handle(self, kernel, task):
            kernel.resume(task, self.what)

    assert arguments_text(Odd(Broken())) == "..."
    assert len(result_text("x" * 10_000, 32)) < 250
    assert len(result_text(list(range(100_000)), 32)) < 250
    assert result_text(Broken(), 32).startswith("<")
    assert result_text(b"ab\x00", 2) == '3 ("ab"...)'
    assert result_text(b"ab", 0) == "2"
    assert (result_text(True, 2), result_text(None, 2)) == ("True", "0")

    def main():
        yield Odd(Broken())

    assert "odd(...) = <Broken" in trace(kernel, main())


# --- Which calls ---------------------------------------------------------------------------------


def test_a_selection_takes_names_classes_and_all_but_those():
    assert "recv" in Selection("recv,send") and "sleep" not in Selection("recv,send")
    assert "recv" in Selection("%network") and "recv" in Selection("network")
    assert "sleep" not in Selection("!sleep,now") and "recv" in Selection("!sleep,now")
    assert "sleep" in Selection("all") and "sleep" not in Selection("none")
    assert "sleep" not in Selection("?nosuch")
    assert {"recv", "sleep", "await", "park"} <= known_names()
    with pytest.raises(ValueError, match="invalid system call 'nosuch'"):
        Selection("nosuch")


def test_calls_that_are_not_selected_are_not_shown(kernel):
    def main():
        yield GetTid()
        yield Sleep(1)

    assert "gettid" not in trace(kernel, main(), calls=Selection("sleep"))


# --- Faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "failed"), [
    ("", [1, 2, 3, 4, 5, 6, 7]), (":when=3", [3]), (":when=3+", [3, 4, 5, 6, 7]),
    (":when=3+2", [3, 5, 7]), (":when=2..4", [2, 3, 4]), (":when=2..6+3", [2, 5]),
])
def test_a_fault_is_injected_when_it_is_asked_for(kernel, pair, when, failed):
    found = []

    def main():
        for number in range(1, 8):
            try:
                yield Send(pair[0], b"x")
            except ConnectionResetError as error:
                assert error.strerror
                found.append(number)

    text = trace(kernel, main(), [Injection(f"send:error=ECONNRESET{when}")])
    assert found == failed
    assert text.count("= -1 ECONNRESET (Connection reset by peer) (INJECTED)\n") == len(failed)
    pair[1].setblocking(False)
    assert len(pair[1].recv(100) if len(failed) < 7 else b"") == 7 - len(failed)


def test_faults_are_counted_for_each_task_and_only_in_what_is_traced(kernel):
    failed = []

    def worker(name):
        for _ in range(2):
            try:
                yield GetTid()
            except OSError:
                failed.append(name)

    tasks = [kernel.spawn(worker(name)) for name in "abc"]
    injection = Injection("gettid:error=5:when=2")
    kernel.attach(InjectingStrace(None, tasks[:2], injections=[injection]))
    kernel.run()
    assert failed == ["a", "b"]


def test_a_coroutine_that_an_injected_await_is_given_is_closed(kernel, recwarn):
    import asyncio

    def main():
        try:
            yield Await(asyncio.sleep(1))
        except OSError:
            return "failed"

    kernel.attach(InjectingStrace(None, None, injections=[Injection("await:error=EIO")]))
    assert kernel.run(main()) == "failed"
    assert not recwarn


@pytest.mark.parametrize("text", [
    "recv", "recv:error=NOSUCH", "recv:error=ECONNRESET:when=0", "recv:error=EIO:when=x",
    "recv:error=EIO:when=5..3", "recv:delay=3", "nosuch:error=EIO", "recv:error=EIO:when=1+0",
])
def test_an_injection_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError):
        Injection(text)


# --- Counts --------------------------------------------------------------------------------------


def test_the_table_of_counts_has_straces_columns(kernel):
    def main():
        for _ in range(3):
            yield Sleep(1)
        try:
            yield Wait(99)
        except minios.KernelError:
            pass

    task = kernel.spawn(main())
    hooks = Strace(None, [task])
    kernel.attach(hooks)
    kernel.run()
    assert count_table(hooks.counts, waits=True) == (
        "% time     seconds  usecs/call     calls    errors syscall\n"
        "------ ----------- ----------- --------- --------- ----------------\n"
        "100.00    3.000000     1000000         3           sleep\n"
        "  0.00    0.000000           0         1         1 wait\n"
        "------ ----------- ----------- --------- --------- ----------------\n"
        "100.00    3.000000      750000         4         1 total\n"
    )
    assert count_table(hooks.counts, "calls").splitlines()[2].endswith("sleep")
    assert count_table(Counts()).splitlines()[-1].endswith("total")


# --- On the way ----------------------------------------------------------------------------------


def test_a_backlog_that_is_full_loses_and_counts_what_comes():
    woken = []
    backlog = Backlog(3, lambda: woken.append(True))
    for number in range(5):
        backlog.put(number)
    assert (backlog.lost, backlog.take(2), backlog.take(9), woken) == (2, [0, 1], [2], [])
    assert backlog.is_empty()
    backlog.put(7)
    backlog.put(8)
    assert woken == [True] and not backlog.is_empty()
    backlog.take(9)
    backlog.close()
    assert not backlog.is_empty() and woken == [True]


def test_times_stand_behind_the_tid():
    event = "line", "7", True, 1.25, None, "text", 0.0
    assert Lines(0.0, stamps=3).text(event) == "[tid 7] 1.250000 text\n"
    assert Lines(0.0, to_file=True).text(event) == "7     text\n"
    relative = Lines(0.0, relative=True)
    assert relative.text(event) == "[tid 7]      0.000000 text\n"
    assert relative.text(event[:3] + (3.0, None, "more", 0.0)) == "[tid 7]      1.750000 more\n"
    assert Lines(0.0, stamps=2).text(event).endswith(".250000 text\n")


def test_a_hook_that_wakes_its_reader_disturbs_nobody(kernel):
    """The reader of a backlog is on the same kernel, and parked."""
    got = []
    backlog = Backlog(100, lambda: kernel.parking.wake(backlog, None, None))

    def reader():
        while not backlog.closed:
            got.extend(backlog.take(100))
            if backlog.is_empty():
                yield Park(backlog)
        got.extend(backlog.take(100))

    def worker():
        yield GetTid()
        yield Sleep(1)
        yield Wake("nobody")

    task = kernel.spawn(worker())
    kernel.attach(Strace(backlog.put, [task], finished=backlog.close))
    kernel.spawn(reader())
    kernel.run()
    assert [event[4] for event in got if event[0] == "call"] == ["gettid", "wake"]
