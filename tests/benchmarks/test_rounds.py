"""The rounds: who is measured when, and what becomes of what was measured."""

import signal
import sys

import pytest
from minios.benchmarks.effort import VARIABLE
from minios.benchmarks.rounds import Result, measure_all
from minios.benchmarks.serving import Figure


class Job:
    """A job that does what a program says."""

    def __init__(self, name, program="print('[1, null]')", place="switch:1"):
        self.name = name
        self._program, self._place = program, place

    def command(self):
        return [sys.executable, "-c", self._program]

    def place(self):
        return self._place


def measured(*jobs, rounds=2, quick=False, **options):
    """([Result], [name of who had a turn], what measure_all returns)."""
    results, turns = [Result(job) for job in jobs], []
    ended = measure_all(
        results, rounds, quick, lambda done, of, job: turns.append((done, of, job.name)), **options
    )
    return results, turns, ended


def test_the_contenders_of_one_place_take_turns_and_the_next_place_follows():
    jobs = [Job("a"), Job("b"), Job("c", place="switch:10"), Job("d", place="switch:10")]
    results, turns, ended = measured(*jobs)
    assert "".join(name for _, _, name in turns) == "ababcdcd"
    assert [done for done, _, _ in turns] == list(range(8)) and {of for _, of, _ in turns} == {8}
    assert all(len(each.figures) == 2 and each.counts() for each in results) and ended is None


def test_a_figure_is_the_last_line_that_was_printed():
    (one,), _, _ = measured(Job("a", "print('hello'); print('[0.5, 2000]')"), rounds=1)
    assert one.figures == [Figure(0.5, 2000)]


@pytest.mark.parametrize(
    "output", ["", "hello", "7", "[]", "[NaN, null]", '["x", null]', "[1, 2, 3]"]
)
def test_what_is_no_figure_is_a_problem(output):
    (one,), _, _ = measured(Job("a", f"print({output!r})"), rounds=1)
    assert one.figures == [] and "no figure" in one.problem


def test_a_contender_that_fails_is_not_tried_again_and_the_others_go_on():
    (bad, good), _, ended = measured(Job("bad", "raise OSError('no luck')"), Job("good"), rounds=3)
    assert bad.problem == "OSError: no luck" and not bad.counts()
    assert len(good.figures) == 3 and good.problem is None and ended is None


def test_one_that_failed_in_a_later_round_does_not_count(tmp_path):
    program = f"open({str(tmp_path / 'once')!r}, 'x'); print('[1, null]')"
    (one,), _, _ = measured(Job("a", program), rounds=2)
    assert len(one.figures) == 1 and "FileExistsError" in one.problem and not one.counts()


def test_one_that_hangs_is_given_up_after_its_time():
    (slow, good), _, _ = measured(
        Job("slow", "import time; time.sleep(600)"), Job("good"), rounds=1, limit=2
    )
    assert slow.problem == "it was ended after 2 s" and good.counts()


def test_a_command_that_cannot_be_started_is_a_problem():
    job = Job("a")
    job.command = lambda: ["/nowhere/python"]
    (one,), _, _ = measured(job, rounds=1)
    assert "/nowhere/python" in one.problem


def test_a_signal_ends_the_rounds_and_keeps_what_was_measured():
    suicidal = "import os, time; os.kill(os.getppid(), 2); time.sleep(600)"
    results, turns, ended = measured(Job("a"), Job("b", suicidal), Job("c"))
    assert ended == signal.SIGINT and len(turns) == 2
    assert [len(each.figures) for each in results] == [1, 0, 0]
    assert [each.problem for each in results] == [None] * 3


def test_a_quick_look_is_said_in_the_environment():
    program = f"import os; print([float(os.environ.get({VARIABLE!r}, 1)), 0])"
    (whole,), _, _ = measured(Job("a", program), rounds=1)
    (quick,), _, _ = measured(Job("a", program), rounds=1, quick=True)
    assert quick.figures[0].value < whole.figures[0].value == 1


def test_of_several_figures_the_middle_one_counts_and_how_far_they_are_spread():
    one = Result(Job("a"))
    one.figures += [Figure(3.0, 10), Figure(1.0, 30), Figure(2.0, 20)]
    assert (one.median(), one.spread(), one.rate()) == (2.0, 0.5, 20)


def test_where_no_messages_are_counted_there_is_no_rate():
    one = Result(Job("a"))
    one.figures.append(Figure(0.0))
    assert one.rate() is None and one.spread() == 0
