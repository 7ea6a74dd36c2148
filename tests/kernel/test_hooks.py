"""Hooks see everything, and cost nothing and break nothing when they fail."""

from minios import Hooks
from syscalls import GetTid, Sleep, Spawn, Wait


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
