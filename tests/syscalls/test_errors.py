"""The errors that tell of a signal are as any others: they can be read, copied and sent on."""

import asyncio
import copy
import pickle

import pytest

import minios
import minios.aio  # noqa: F401    (which exchanges a base of Cancelled)
from minios import Cancelled, TaskKilledError
from syscalls import Kill, Sleep, Spawn, Wait


def victim():
    yield Sleep(100)


def killed(run):
    def main():
        task = yield Spawn(victim())
        yield
        yield Kill(task)
        try:
            yield Wait(task)
        except TaskKilledError as error:
            return error

    return run(main())


def test_the_place_a_kill_came_from_is_text_in_all_that_is_shown(run):
    error = killed(run)
    file, line = error.place.rsplit(":", 1)
    assert file == __file__ and int(line) > 0
    assert error.args == (2, "victim", 15, 1, error.place)
    assert error.place in str(error) and error.place in repr(error)
    error.place = "elsewhere"
    assert "elsewhere" in str(error)


@pytest.mark.parametrize("twin", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_has_all_that_was_added(run, twin):
    for error in killed(run), Cancelled(9, 3, "here.py:1"):
        error.add_note("a note")
        error.more = "more"
        other = twin(error)
        assert type(other) is type(error) and other.args == error.args
        assert other.__notes__ == ["a note"] and other.more == "more" and str(other) == str(error)


def test_the_arguments_that_were_not_given_are_there_as_well():
    assert Cancelled().args == (15, None, "") and Cancelled(signum=9).args == (9, None, "")


def test_a_kill_is_a_cancellation_for_asyncio():
    assert isinstance(Cancelled(), asyncio.CancelledError)
    assert not isinstance(TaskKilledError(1, "a", 15, None, ""), asyncio.CancelledError)
    assert isinstance(TaskKilledError(1, "a", 15, None, ""), minios.KernelError)
