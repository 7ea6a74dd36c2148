"""The examples without devices: what they print is all that there is to know of them."""

import re
from textwrap import dedent

from .conftest import EXAMPLES

PROGRAMS = sorted(path.name for path in EXAMPLES.glob("[0-9]*.py"))


def test_the_readme_lists_every_example_in_reading_order():
    readme = (EXAMPLES / "README.md").read_text()
    listed = re.findall(r"\[`(\d\d_\w+\.py)`\]\((\d\d_\w+\.py)\)", readme)
    assert listed == [(name, name) for name in PROGRAMS]


def test_every_example_says_how_to_run_it():
    for name in PROGRAMS:
        assert f"python examples/{name}" in (EXAMPLES / name).read_text().split('"""')[1]


def test_generators_are_driven_by_hand(output_of):
    assert output_of("01_generators_as_tasks.py") == dedent("""\
        next() runs a generator up to its next yield:
          2
          1
          StopIteration: it has returned
        send() also hands it a value, which its yield returns:
          (looking for 'python')
          a python in the grass
        what it returns comes with the StopIteration:
          so far 20
          so far 42
          in the end 42
        throw() raises an exception at its yield, close() ends it there:
          working
          (cleaned up)
          it did not catch: not like this
          working
          (cleaned up)
        whoever calls next() decides which one goes on, so two can run side by side:
          left 3
          right 3
          left 2
          right 2
          left 1
          right 1
        """)


def test_tasks_take_turns_at_every_bare_yield(output_of):
    assert output_of("02_taking_turns.py") == dedent("""\
        two tasks:
          ping 1
          pong 1
          ping 2
          pong 2
          ping 3
          pong 3
        three tasks; one that ends leaves its turns to the others:
          one 1
          two 1
          three 1
          two 2
          three 2
          three 3
        a task that does not yield:
          polite 1
          greedy 1, and I am not done
          greedy 2, and I am not done
          greedy 3, and I am not done
          patient 1
          polite 2
          patient 2
        """)


def test_both_ways_of_calling_return_and_raise_and_one_of_them_has_no_depth(output_of):
    assert output_of("03_trampoline.py") == dedent("""\
        yield from add(2, 3) gives 5
        yield add(2, 3) gives 5
        yield from divide(1, 0) raises: division by zero
        yield divide(1, 0) raises: division by zero
        yield from, 100,000 deep: RecursionError
        yield, 100,000 deep: fine
        done
        """)


def test_tasks_are_spawned_waited_for_and_killed(output_of):
    assert output_of("04_spawn_wait_kill.py") == dedent("""\
        main is task 1
        Spawn starts tasks that run side by side, Wait collects what they return:
          task 2 returned 4
          task 3 returned 9
          task 4 returned 16
        Wait raises what the task has raised:
          something went wrong
        Kill raises Cancelled in the task, and TaskKilledError in who waits for it:
          the worker puts its tools away
          work_forever was killed by task 1, signal 15
        a task may refuse SIGTERM (15), but not SIGKILL (9):
          the stubborn one says: signal 15 from task 1? Not now
          work_stubbornly was killed by task 1, signal 9
        """)


def test_sleeping_tasks_wake_in_order_on_the_virtual_clock(output_of):
    assert output_of("05_sleeping.py", "--virtual") == dedent("""\
         0.0 s  laundry begins
         0.0 s  bread begins
         0.0 s  tea begins
         0.4 s  tick
         0.5 s  tea is done
         0.8 s  tick
         1.0 s  bread is done
         1.2 s  tick
         1.5 s  laundry is done
         1.5 s  all is done
        """)


def test_sleeping_tasks_do_the_same_on_the_real_clock(output_of):
    lines = output_of("05_sleeping.py").splitlines()
    said = {line.split("  ", 1)[1] for line in lines}
    assert said == {
        "laundry begins", "bread begins", "tea begins", "tick",
        "tea is done", "bread is done", "laundry is done", "all is done",
    }
    assert lines[-1].endswith("all is done")
