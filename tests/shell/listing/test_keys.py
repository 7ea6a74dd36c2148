"""The keys of `ps -o`, and what they tell of a task at a moment."""

import os
import socket
from types import SimpleNamespace

import pytest

import minios
from minios.shell.listing.keys import ALIASES, KEYS, find_key
from minios.shell.listing.moment import Moment
from minios.shell.system import System
from minios.sim import VirtualClock
from minios.trace import Accounting
from syscalls import Nice, Park, Recv, Sleep, Spawn, Wait

HERE = os.path.abspath(__file__)


def looked_at(routine, *names, real_time=False, accounting=False, before=None, **shell):
    """The texts of keys for a task of this routine that has had a few turns; `before` is called
    with it."""
    def main():
        kernel = minios.current_kernel()
        if accounting:
            kernel.attach(Accounting())
        task = kernel.spawn(routine, name="looked at")
        for _ in range(50):
            yield
        if before is not None:
            before(task)
        moment = Moment(System(kernel), SimpleNamespace(**shell))
        yield from moment.find_deadlocks()
        found = []
        for name in names:
            value = KEYS[name].value(task, moment)
            found.append("-" if value is None else KEYS[name].text(value))
        task.kill(9)
        return found

    return minios.run(main(), clock=None if real_time else VirtualClock())


def sleeper(seconds=100):
    yield Sleep(seconds)


def test_what_a_task_is():
    found = looked_at(sleeper(), "tid", "ptid", "pgid", "sid", "user", "kind", "stat", "s", "f",
                      "ni", "pri", "priority", "opri", "sw", "comm", "args", "cmd")
    assert found == ["2", "1", "1", "1", "1", "generator", "S", "S", "1", "0", "19", "20", "80",
                     "1", "looked at", "looked at", "looked at"]


def test_the_nice_value_lowers_the_priority():
    def nicer():
        yield Nice(5)
        yield Sleep(100)

    assert looked_at(nicer(), "ni", "pri", "priority", "opri", "stat") == (
        ["5", "14", "25", "85", "SN"])


def test_a_coroutine_is_one():
    async def coroutine():
        await Sleep(100)

    assert looked_at(coroutine(), "kind", "wait") == ["coroutine", "Sleep(100)"]


def test_what_nobody_counts_or_knows_is_unknown():
    assert looked_at(sleeper(), "time", "cputime", "pcpu", "c", "nsys", "%busy", "%sched", "%wait",
                     "delay", "longest", "vsz", "sz", "addr", "start") == ["-"] * 14


def test_times_are_counted_where_somebody_counts_them():
    found = looked_at(sleeper(), "nsys", "time", "cputime", "pcpu", "%busy", "delay",
                      accounting=True, real_time=True)
    assert found[0] == "1"
    assert found[1].startswith("0:00.") and found[2] == "00:00:00"
    assert 0 <= float(found[3]) <= 100 and 0 <= float(found[4]) <= 100
    assert found[5].endswith("ms")


def test_a_task_that_sleeps_waits_for_nothing_but_time():
    assert looked_at(sleeper(), "wait", "wchan", "wfor", "dl", "why", "nfd", "fd") == (
        ["Sleep(100)", "Sleep", "-", "100.0", "sleeps 100.0 s more", "0", "-"])


def test_a_task_at_a_lock_waits_for_its_owner():
    lock = minios.Lock()

    def owner():
        with (yield from lock):
            yield Sleep(100)

    def waiter():
        yield Spawn(owner())
        yield
        with minios.timeout(7):
            with (yield from lock):
                pass

    assert looked_at(waiter(), "wchan", "wfor", "dl", "why") == [
        "Park", "Lock held by task 3", "7.0", "waits for Lock held by task 3, 7.0 s left"]


def test_a_time_limit_of_the_parent_is_none_of_the_child_s():
    def parent():
        with minios.timeout(7):
            yield Wait((yield Spawn(sleeper(), name="child")))

    def main():
        kernel = minios.current_kernel()
        task = kernel.spawn(parent())
        yield Sleep(1)
        moment = Moment(System(kernel), None)
        found = [KEYS["dl"].value(each, moment) for each in (task, *task.children)]
        task.kill()
        return found

    assert minios.run(main(), clock=VirtualClock()) == [6.0, 99.0]


def test_tasks_that_wait_for_each_other_say_so():
    def first():
        other = yield Spawn(second())
        yield Wait(other)

    def second():
        yield
        yield Wait(2)

    assert looked_at(first(), "stat", "wfor", "why") == (
        ["S!", "task 3", "waits for task 3, deadlocked"])


def test_a_task_at_a_descriptor_waits_for_its_number():
    here, there = socket.socketpair()

    def reader():
        yield Recv(here, 10)

    with here, there:
        number = str(here.fileno())
        assert looked_at(reader(), "fd", "nfd", "wfor", "dl", "wchan", "why") == [
            number, "1", f"fd {number}", "-", "Recv", f"waits for fd {number}"]


def test_a_channel_that_says_nothing_of_itself_is_known_by_its_type():
    class Mailbox:
        pass

    def parker():
        yield Park(Mailbox())

    assert looked_at(parker(), "wfor") == ["Mailbox"]


def test_where_and_born_name_the_user_s_lines():
    queue = minios.Queue()

    def getter():
        yield from queue.get()      # the line

    where, born = looked_at(getter(), "where", "born")
    line = getter.__code__.co_firstlineno + 1
    assert where == f"{HERE}:{line}"
    assert born.startswith(f"{HERE}:") and born != where


def test_ages_and_starts_are_of_the_kernel_s_clock_and_of_the_wall_s():
    def wait(task):
        task.kernel.clock.advance(3 * 86_400 + 3725)

    assert looked_at(sleeper(1e9), "etime", "etimes", "lstart", before=wait) == (
        ["3-01:02:05", "262925", "-"])
    lstart, start = looked_at(sleeper(), "lstart", "stime", real_time=True)
    assert len(lstart.split()) == 5 and start in lstart


def test_a_task_that_has_ended_tells_how():
    def end(task):
        task.kill(15)

    def failing():
        yield
        raise ValueError("no")

    def caught():
        task = yield Spawn(failing())
        try:
            yield Wait(task)
        except ValueError:
            return

    assert looked_at(caught(), "stat", "why", "wait", "wfor") == ["Z", "ended", "-", "-"]
    assert looked_at(sleeper(), "stat", "why", before=lambda task: task.kill(9)) == (
        ["Z", "killed by task 1: SIGKILL"])


def test_the_foreground_is_that_of_the_shell_on_the_same_kernel():
    assert looked_at(sleeper(), "stat", foreground_group=1) == ["S+"]
    assert looked_at(sleeper(), "stat", foreground_group=7) == ["S"]


def test_a_task_of_a_program_is_named_by_it_and_its_first_task_has_it_for_a_parent():
    ours, theirs = minios.Kernel(), minios.Kernel()
    system = System(ours)
    system.programs["4"] = theirs
    task = theirs.spawn(sleeper())
    moment = Moment(system, None)
    assert [KEYS[name].value(task, moment) for name in ("tid", "ptid", "pgid")] == ["4/1", 4, "4/1"]


@pytest.mark.parametrize("seconds", [100, 0])
def test_every_key_has_a_text_for_a_task_that_waits_and_for_one_that_has_ended(seconds):
    assert all(isinstance(text, str) for text in looked_at(sleeper(seconds), *KEYS))


def test_aliases_lead_to_keys_and_hide_none():
    assert set(ALIASES.values()) <= set(KEYS)
    assert not set(ALIASES) & set(KEYS)


@pytest.mark.parametrize(("word", "name"), [
    ("pid", "tid"), ("PPID", "ptid"), ("%cpu", "pcpu"), ("busy", "%busy"), ("sw/s", "sw/s"),
    ("nice", "ni"), ("stime", "stime"), ("start_time", "stime"), ("wchan", "wchan"),
])
def test_habitual_names_are_known_in_any_case(word, name):
    assert find_key(word) == (name, KEYS[name])


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match="unknown key 'nonsense'; the keys are tid ptid"):
        find_key("nonsense")
