"""Hooks see everything, and cost nothing and break nothing when they fail."""

from minios import Hooks
from syscalls import GetTid, Kill, Recv, Sleep, Spawn, Wait


class Recorder(Hooks):
    def __init__(self):
        self.events = []

    def task_spawned(self, task):
        self.events.append(("spawned", task.tid))

    def turn_started(self, task):
        self.events.append(("turn", task.tid, task.value))

    def call_made(self, task, call):
        self.events.append(("call", task.tid, repr(call)))

    def task_ended(self, task):
        self.events.append(("ended", task.tid))

    def idle_started(self, seconds):
        self.events.append(("idle", seconds))


def test_hooks_see_turns_calls_their_results_and_idle_time(kernel):
    recorder = Recorder()
    kernel.attach(recorder)

    def main():
        yield GetTid()
        yield
        yield Sleep(2)

    kernel.run(main())
    assert recorder.events == [
        ("spawned", 1),
        ("turn", 1, None),
        ("call", 1, "GetTid()"),
        ("turn", 1, 1),
        ("turn", 1, None),
        ("call", 1, "Sleep(2)"),
        ("idle", 2.0),
        ("turn", 1, None),
        ("ended", 1),
    ]


def test_calls_made_by_a_trampolined_routine_are_seen_too(kernel):
    recorder = Recorder()
    kernel.attach(recorder)

    def sub():
        return (yield GetTid())

    def main():
        yield sub()

    kernel.run(main())
    assert ("call", 1, "GetTid()") in recorder.events


def test_hooks_come_and_go_while_the_kernel_runs(kernel):
    recorder = Recorder()

    def main():
        yield GetTid()
        kernel.attach(recorder)
        yield
        yield GetTid()
        kernel.detach(recorder)
        kernel.detach(recorder)
        yield GetTid()

    kernel.run(main())
    assert [event for event in recorder.events if event[0] == "call"] == [("call", 1, "GetTid()")]


def test_a_hook_may_spawn_a_successor_for_a_task_that_has_ended(kernel):
    class Supervisor(Hooks):
        restarts = 0

        def task_ended(self, task):
            if task.name == "worker" and self.restarts < 3:
                self.restarts += 1
                kernel.spawn(worker())

    turns = []

    def worker():
        turns.append(kernel.now())
        yield Sleep(1)

    supervisor = Supervisor()
    kernel.attach(supervisor)
    kernel.attach(supervisor)       # harmless
    kernel.spawn(worker())
    kernel.run()
    assert turns == [0, 1, 2, 3]


def test_a_hook_that_fails_is_logged_and_detached_and_the_tasks_go_on(kernel, caplog):
    class Broken(Hooks):
        def turn_started(self, task):
            raise ValueError("broken hook")

    def main():
        yield
        task = yield Spawn(child())
        return (yield Wait(task))

    def child():
        yield
        return "fine"

    kernel.attach(Broken())
    assert kernel.run(main()) == "fine"
    assert caplog.text.count("ValueError: broken hook") == 1


class Silent(Hooks):
    """Hears of nothing."""


def test_a_hook_that_overrides_nothing_is_asked_nothing(kernel, monkeypatch):
    for event in ("turn_started", "turn_ended", "call_made", "task_spawned", "batch_started"):
        monkeypatch.setattr(Hooks, event, lambda self, *arguments: 1 / 0)

    def main():
        yield GetTid()
        return len(kernel.hooks)

    kernel.attach(Silent())
    assert kernel.run(main()) == 1


def test_a_batch_is_reported_before_its_turns_with_all_who_are_ready(kernel):
    batches = []

    class Batches(Hooks):
        def batch_started(self, tasks):
            batches.append([task.tid for task in tasks])

        def turn_ended(self, task):
            batches.append(task.tid)

    def worker():
        yield

    kernel.attach(Batches())
    for _ in range(3):
        kernel.spawn(worker())
    kernel.run()
    assert batches == [[1, 2, 3], 1, 2, 3, [1, 2, 3], 1, 2, 3]


def test_polls_are_reported_while_somebody_listens_and_bare_otherwise(kernel, pair):
    heard = []

    class Polls(Hooks):
        def poll_started(self):
            heard.append("started")

        def poll_ended(self):
            heard.append("ended")

    hooks = Polls()

    def main():
        assert "poll" not in vars(kernel.poller)
        kernel.attach(hooks)
        yield Sleep(1)
        kernel.attach(Silent())
        pair[1].send(b"x")
        yield Recv(pair[0], 1)
        kernel.detach(hooks)
        seen = len(heard)
        yield Sleep(1)
        assert "poll" not in vars(kernel.poller)
        return seen

    seen = kernel.run(main())
    assert len(heard) == seen >= 4
    assert heard == ["started", "ended"] * (seen // 2)


def test_a_hook_may_let_a_call_fail_instead_of_being_handled(kernel):
    class Faults(Hooks):
        def fault(self, task, call):
            return OSError(5, "injected") if isinstance(call, Spawn) else None

    def child():
        yield

    def main():
        kernel.attach(Faults())
        assert (yield GetTid()) == 1
        try:
            yield Spawn(child())
        except OSError as error:
            return str(error), len(kernel.tasks)

    assert kernel.run(main()) == ("[Errno 5] injected", 1)


def test_an_injected_fault_in_a_native_task_is_raised_where_it_awaits():
    from minios.aio import EventLoop

    class Faults(Hooks):
        def fault(self, task, call):
            return OSError(5, "injected")

    loop = EventLoop(native_tasks=True)
    loop.kernel.attach(Faults())

    async def main():
        try:
            await Sleep(1)
        except OSError as error:
            return error.errno

    try:
        assert loop.run_until_complete(main()) == 5
    finally:
        loop.close()


def test_one_that_detaches_itself_or_another_in_the_middle_of_an_event_harms_nobody(kernel):
    heard = []

    class Leaving(Hooks):
        def turn_started(self, task):
            heard.append("leaving")
            kernel.detach(self)
            kernel.detach(other)

        def turn_ended(self, task):
            heard.append("never")

    class Other(Hooks):
        def turn_ended(self, task):
            heard.append("never")

        def detached(self, kernel):
            heard.append("detached")

    other = Other()

    def main():
        yield GetTid()
        yield
        return "fine"

    kernel.attach(Leaving())
    kernel.attach(other)
    assert kernel.run(main()) == "fine"
    assert heard == ["leaving", "detached"]


def test_one_that_fails_while_it_is_let_go_is_logged(kernel, caplog):
    class Broken(Hooks):
        def detached(self, kernel):
            raise ValueError("broken at the end")

    hooks = Broken()
    kernel.attach(hooks)
    kernel.detach(hooks)
    assert not kernel.hooks and "broken at the end" in caplog.text


def test_one_that_is_attached_in_the_middle_of_a_batch_hears_the_next_one(kernel):
    recorder = Recorder()

    def first():
        kernel.attach(recorder)
        yield
        yield

    def second():
        yield GetTid()
        yield

    kernel.spawn(first())
    kernel.spawn(second())
    kernel.run()
    assert recorder.events[0] == ("call", 2, "GetTid()")
    assert ("turn", 1, None) in recorder.events and ("turn", 2, 2) in recorder.events


def test_no_task_is_lost_when_an_interrupt_cuts_an_observed_batch_short(kernel):
    class Cutting(Hooks):
        def turn_started(self, task):
            if task.tid == 2:
                kernel.detach(self)
                raise KeyboardInterrupt

    ended = []

    def worker():
        try:
            yield
            yield
        finally:
            ended.append("ended")

    for _ in range(4):
        kernel.spawn(worker())
    kernel.attach(Cutting())
    batch = kernel._take_ready()
    try:
        kernel.run_batch(batch, kernel.ready.append)
    except KeyboardInterrupt:
        pass
    assert sorted(task.tid for task in kernel.ready) == [1, 2, 3, 4]
    assert [task.tid for task in kernel.ready][:3] == [2, 3, 4]
    kernel.run()
    assert len(ended) == 4


def test_signals_are_reported_once_with_who_sent_them(kernel):
    heard = []

    class Signals(Hooks):
        def signalled(self, task, signum, killer, place):
            heard.append((task.tid, signum, killer))

    def victim():
        yield Sleep(100)

    def main():
        task = yield Spawn(victim())
        yield
        yield Kill(task, 19)
        yield Kill(task, 0)
        yield Kill(task)
        yield Kill(task, 18)
        try:
            kernel.current.kill(2)      # itself: it comes when the turn is over
            yield Sleep(1)
        except KeyboardInterrupt:
            pass

    kernel.attach(Signals())
    kernel.run(main())
    assert heard[:4] == [(2, 19, 1), (2, 15, 1), (2, 18, 1), (1, 2, 1)]
