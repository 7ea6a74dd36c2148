"""Deferred and when: settled once, heard by callbacks in order and by any number of tasks."""

import gc
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minios
from minios import Deferred, when
from minios.sim import VirtualClock
from syscalls import Kill, Sleep, Spawn, Tasks, Wait


class Boom(Exception):
    pass


def settled(value):
    deferred = Deferred()
    deferred.resolve(value)
    return deferred


def rejected(error):
    deferred = Deferred()
    deferred.reject(error)
    return deferred


def returning(value, seconds=0):
    yield Sleep(seconds)
    return value


def failing(error, seconds=0):
    yield Sleep(seconds)
    raise error


def waiting(deferred):
    try:
        return (yield deferred)
    except Exception as error:
        return error


# --- Settled once --------------------------------------------------------------------------


def test_a_deferred_is_settled_once_and_says_what_it_is():
    deferred = Deferred()
    assert (deferred.state, repr(deferred)) == ("pending", "Deferred(pending)")
    assert deferred.resolve(1) is True
    assert (deferred.state, repr(deferred)) == ("resolved", "Deferred(resolved)")
    assert deferred.resolve(2) is False
    assert deferred.reject(Boom()) is False
    assert deferred.state == "resolved"


def test_a_rejected_deferred_stays_rejected():
    deferred = rejected(Boom()).fail(lambda error: None)
    assert deferred.resolve(1) is False
    assert repr(deferred) == "Deferred(rejected)"


@pytest.mark.parametrize("error", ["reason", Boom, None, 5])
def test_only_an_exception_can_be_a_reason(error):
    deferred = Deferred()
    with pytest.raises(TypeError, match="reject takes an exception such as"):
        deferred.reject(error)
    assert deferred.state == "pending"


# --- Callbacks -----------------------------------------------------------------------------


def test_callbacks_are_called_in_order_once_and_only_those_concerned():
    log = []
    deferred = Deferred()
    same = (
        deferred.done(lambda value: log.append(("done", value)))
        .fail(lambda error: log.append("fail"))
        .always(lambda outcome: log.append(("always", outcome)))
        .done(lambda value: log.append("last"))
    )
    assert same is deferred and log == []
    deferred.resolve(7)
    deferred.resolve(8)
    assert log == [("done", 7), ("always", 7), "last"]


def test_a_rejection_calls_fail_and_always_with_the_error():
    log, error = [], Boom()
    deferred = Deferred().done(log.append).fail(log.append).always(log.append)
    deferred.reject(error)
    assert log == [error, error]


def test_callbacks_of_a_settled_deferred_are_called_at_once():
    log, error = [], Boom()
    settled(1).done(log.append).fail(log.append).always(log.append)
    rejected(error).done(log.append).fail(log.append).always(log.append)
    assert log == [1, 1, error, error]


def test_a_callback_that_fails_is_logged_and_stops_nobody(caplog):
    log = []

    def fail(value):
        raise Boom("in the callback")

    deferred = Deferred().done(log.append).done(fail).done(log.append)
    assert deferred.resolve(1) is True
    assert log == [1, 1]
    (record,) = caplog.records
    assert record.name == "minios" and "a callback of Deferred(resolved) failed" in record.message
    assert "in the callback" in caplog.text


def exiting(value):
    raise SystemExit(3)


@pytest.mark.parametrize("add", [
    lambda deferred: deferred.done(exiting),
    lambda deferred: (deferred.then(exiting).fail(lambda error: None), deferred)[1],
])
def test_a_callback_that_exits_lets_the_others_be_called_first(run, add):
    log = []

    def main():
        deferred = Deferred()
        waiter = yield Spawn(waiting(deferred))
        yield
        add(deferred).done(log.append)
        with pytest.raises(SystemExit):
            deferred.resolve(1)
        log.append((yield Wait(waiter)))

    run(main())
    assert log == [1, 1]


def test_a_callback_that_is_added_by_a_callback_comes_after_those_that_were_there():
    log = []
    deferred = Deferred()
    deferred.done(lambda value: deferred.done(lambda value: log.append("added")))
    deferred.done(lambda value: log.append("there before"))
    deferred.resolve()
    assert log == ["there before", "added"]


def test_a_callback_may_settle_others_and_try_to_settle_the_same():
    log, other = [], Deferred()
    deferred = Deferred()
    deferred.done(lambda value: log.append(deferred.resolve(2)))
    deferred.done(other.resolve)
    deferred.resolve(1)
    assert log == [False] and other.state == "resolved"


@pytest.mark.parametrize("method", ["done", "fail", "always", "then"])
def test_what_cannot_be_called_is_refused(method):
    with pytest.raises(TypeError, match="function"):
        getattr(Deferred(), method)("no function")


# --- Tasks that wait -----------------------------------------------------------------------


def test_the_three_spellings_give_the_same(run):
    async def awaiting(deferred):
        return await deferred

    def delegating(deferred):
        return (yield from deferred)

    def main():
        deferred = Deferred()
        tasks = []
        for routine in (waiting(deferred), delegating(deferred), awaiting(deferred)):
            tasks.append((yield Spawn(routine)))
        yield Sleep(1)
        deferred.resolve("value")
        tasks.append((yield Spawn(waiting(deferred))))      # it is settled already
        results = []
        for task in tasks:
            results.append((yield Wait(task)))
        return results

    assert run(main()) == ["value"] * 4


def test_tasks_that_wait_go_on_in_the_order_they_came_after_the_callbacks(run):
    log = []

    def waiter(name, deferred):
        yield deferred
        log.append(name)

    def main():
        deferred = Deferred()
        for name in "abc":
            yield Spawn(waiter(name, deferred))
        yield
        deferred.done(lambda value: log.append("callback"))
        deferred.resolve()
        yield Sleep(1)

    run(main())
    assert log == ["callback", "a", "b", "c"]


def test_the_same_error_is_raised_in_every_task_that_waits(run):
    error = Boom()

    def main():
        deferred = Deferred()
        tasks = []
        for _ in range(3):
            tasks.append((yield Spawn(waiting(deferred))))
        yield
        deferred.reject(error)
        tasks.append((yield Spawn(waiting(deferred))))
        results = []
        for task in tasks:
            results.append((yield Wait(task)))
        return results

    assert run(main()) == [error] * 4


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_waiter_that_is_killed_leaves_and_the_others_hear(run, signum):
    def main():
        deferred = Deferred()
        killed = yield Spawn(waiting(deferred))
        other = yield Spawn(waiting(deferred))
        yield
        yield Kill(killed, signum)
        yield
        deferred.resolve(5)
        return killed.state, (yield Wait(other))

    assert run(main()) == ("Z", 5)


def test_ps_shows_who_waits_for_a_deferred(run):
    def main():
        yield Spawn(waiting(Deferred()), name="waiter", daemon=True)
        yield
        return {info.name: info.wait for info in (yield Tasks())}

    assert run(main())["waiter"] == "Deferred(pending)"


def test_waiting_for_what_nobody_settles_is_a_deadlock_that_names_it(run):
    with pytest.raises(minios.DeadlockError, match=r"waits in Deferred\(pending\)"):
        run(waiting(Deferred()))


def test_a_deadlock_over_when_shows_the_circle(run):
    def main():
        me = minios.current_task()
        yield when(1, iter(Wait(me))).then(None)

    with pytest.raises(minios.DeadlockError) as caught:
        run(main())
    assert len(caught.value.cycle) == 2


def test_yield_from_outside_a_kernel_says_what_is_missing():
    with pytest.raises(minios.KernelError, match="outside a kernel"):
        next(iter(Deferred()))


# --- then ----------------------------------------------------------------------------------


def outcome(deferred):
    found = []
    deferred.always(found.append)
    return found[0] if found else "pending"


def test_then_gives_what_the_function_makes_of_the_outcome():
    assert outcome(settled(2).then(lambda value: value * 2)) == 4
    assert outcome(rejected(Boom()).then(None, lambda error: type(error))) is Boom
    first = Deferred()
    chained = first.then(str).then(lambda text: text * 2)
    assert outcome(chained) == "pending"
    first.resolve(7)
    assert outcome(chained) == "77"


def test_without_a_function_then_passes_the_outcome_on():
    error = Boom()
    assert outcome(settled(2).then()) == 2
    assert outcome(settled(2).then(None, lambda error: 3)) == 2
    assert outcome(rejected(error).then(lambda value: 3)) is error


def test_a_function_that_fails_rejects_the_new_one():
    error = Boom()

    def fail(value):
        raise error

    assert outcome(settled(1).then(fail)) is error
    assert outcome(rejected(ValueError()).then(None, fail)) is error


def test_what_follows_a_deferred_is_settled_with_it():
    inner, error = Deferred(), Boom()
    chained = settled(1).then(lambda value: inner)
    assert outcome(chained) == "pending"
    inner.reject(error)
    assert outcome(chained) is error
    assert outcome(settled(1).then(lambda value: settled(2))) == 2


def test_what_would_follow_itself_is_rejected():
    first = Deferred()
    chained = first.then(lambda value: chained)
    first.resolve()
    assert isinstance(outcome(chained), TypeError)


def test_what_follows_a_routine_a_task_or_a_call_waits_for_it(run):
    async def coroutine(value):
        await Sleep(1)
        return value + 1

    def main():
        task = yield Spawn(returning("task", 1))
        done = yield Spawn(returning("ended"))
        yield Wait(done)
        return [
            (yield settled(1).then(lambda value: returning(value + 1, 1))),
            (yield settled(1).then(coroutine)),
            (yield settled(1).then(lambda value: task)),
            (yield settled(1).then(lambda value: done)),
            (yield settled(1).then(Sleep)),
        ]

    assert run(main()) == [2, 2, "task", "ended", None]


def test_a_routine_that_fails_rejects_the_one_that_follows_it_and_is_not_logged(run, caplog):
    error = Boom()

    def main():
        return (yield waiting(settled(1).then(lambda value: failing(error, 1))))

    assert run(main()) is error
    assert caplog.text == ""


def test_a_routine_without_a_kernel_to_run_it_rejects():
    error = outcome(settled(1).then(returning))
    assert isinstance(error, minios.KernelError) and "no kernel" in str(error)


def test_a_chain_may_be_longer_than_the_recursion_limit():
    first = Deferred()
    last = first
    for _ in range(20_000):
        last = last.then(lambda value: value + 1)
    following = first
    for _ in range(20_000):
        following = settled(0).then(lambda value, inner=following: inner)
    first.resolve(0)
    assert (outcome(last), outcome(following)) == (20_000, 0)


def test_a_new_one_that_is_settled_by_hand_stays_as_it_is():
    first = Deferred()
    chained = first.then(lambda value: value)
    chained.resolve("by hand")
    first.resolve("from the first")
    assert outcome(chained) == "by hand"


# --- when ----------------------------------------------------------------------------------


def test_when_gives_all_values_in_order(run):
    def main():
        later = Deferred()
        task = yield Spawn(returning("task", 3))
        minios.current_task().kernel.call_at(2, later.resolve, "later")
        x, y = yield when(1, settled(2))
        return [x, y, *(yield when(later, task, returning("routine", 1), Sleep(1), "value"))]

    assert run(main()) == [1, 2, "later", "task", "routine", None, "value"]


def test_when_of_nothing_is_an_empty_list(run):
    assert when().state == "resolved"
    assert run(waiting(when())) == []


def test_the_same_thing_may_be_given_twice():
    deferred = Deferred()
    both = when(deferred, deferred)
    deferred.resolve(1)
    assert outcome(both) == [1, 1]


def test_the_first_failure_rejects_and_the_others_go_on(run):
    error, log = Boom(), []

    def worker():
        yield Sleep(5)
        log.append("went on")

    def main():
        caught = yield waiting(when(worker(), failing(error, 1), Deferred()))
        log.append("rejected")
        yield Sleep(10)
        return caught

    assert run(main()) is error
    assert log == ["rejected", "went on"]


def test_a_task_that_is_killed_rejects_with_that(run, caplog):
    def main():
        task = yield Spawn(returning(1, 100))
        yield
        yield Kill(task)
        return (yield waiting(when(task, 2)))

    assert isinstance(run(main()), minios.TaskKilledError)
    assert caplog.text == ""


def test_a_failure_after_the_first_is_logged(run, caplog):
    def main():
        yield waiting(when(failing(Boom("first")), failing(Boom("second"), 1)))
        yield Sleep(2)

    run(main())
    (record,) = caplog.records
    assert "one more error" in record.message and "second" in caplog.text


def test_what_runs_already_rejects_the_whole_and_is_left_alone(run):
    def main():
        used = returning("went on", 1)
        task = yield Spawn(used)
        yield
        error = yield waiting(when(returning(2), used))
        return error, (yield Wait(task))

    error, result = run(main())
    assert isinstance(error, minios.KernelError) and "already running" in str(error)
    assert result == "went on"


# --- Nothing is lost in silence ------------------------------------------------------------


def forget(make):
    make()
    gc.collect()


def test_a_rejection_that_nobody_hears_of_is_logged_once_when_it_is_forgotten(caplog):
    deferred = rejected(Boom("unheard")).done(print)
    assert caplog.text == ""
    del deferred
    gc.collect()
    (record,) = caplog.records
    assert record.name == "minios" and record.levelname == "ERROR"
    assert "test_deferreds.py:" in record.message and "unheard" in caplog.text


@pytest.mark.parametrize("hear", [
    lambda deferred: deferred.fail(lambda error: None),
    lambda deferred: deferred.always(lambda outcome: None),
    lambda deferred: deferred.then(None, lambda error: None),
    lambda deferred: when(deferred).fail(lambda error: None),
    lambda deferred: settled(1).then(lambda value: deferred).fail(lambda error: None),
])
@pytest.mark.parametrize("before", [True, False])
def test_a_rejection_that_somebody_hears_of_is_not_logged(caplog, hear, before):
    def make():
        deferred = Deferred()
        if before:
            hear(deferred)
        deferred.reject(Boom())
        if not before:
            hear(deferred)

    forget(make)
    assert caplog.text == ""


@pytest.mark.parametrize("make", [
    lambda: rejected(Boom()).then(print),
    lambda: when(1, rejected(Boom())),
])
def test_an_error_that_is_passed_on_to_nobody_is_logged_once(caplog, make):
    forget(make)
    assert len(caplog.records) == 1


def test_a_task_that_waits_has_heard(run, caplog):
    def main():
        deferred = Deferred()
        task = yield Spawn(waiting(deferred))
        yield
        deferred.reject(Boom())
        yield Wait(task)

    run(main())
    gc.collect()
    assert caplog.text == ""


def test_a_waiter_that_was_killed_before_has_not_heard(run, caplog):
    def main():
        deferred = Deferred()
        task = yield Spawn(waiting(deferred))
        yield
        yield Kill(task)
        yield
        deferred.reject(Boom())

    run(main())
    gc.collect()
    assert "nobody has heard" in caplog.text


def test_tasks_that_are_killed_at_the_end_make_no_noise(run, caplog):
    def main():
        when(returning(1, 100), returning(2, 100))
        yield Sleep(1)

    run(main())
    gc.collect()
    assert caplog.text == ""


# --- Threads -------------------------------------------------------------------------------


def in_thread(function):
    """What `function()` returns or raises in another thread."""
    found = []

    def work():
        try:
            found.append(function())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("callback", [True, False])
def test_settling_from_a_thread_where_somebody_waits_says_what_to_do(run, callback):
    def main():
        deferred = Deferred()
        if callback:
            deferred.done(print)
        else:
            yield Spawn(waiting(deferred), daemon=True)
        yield
        wrong = in_thread(lambda: deferred.resolve(1)), in_thread(lambda: deferred.reject(Boom()))
        return wrong, deferred.state

    (resolving, rejecting), state = run(main())
    assert isinstance(resolving, minios.KernelError)
    assert "kernel.call_from_thread(deferred.resolve, value)" in str(resolving)
    assert "kernel.call_from_thread(deferred.reject, error)" in str(rejecting)
    assert state == "pending"


def test_settling_from_a_thread_where_nobody_waits_yet_is_allowed(run):
    def main():
        deferred = Deferred()
        assert in_thread(lambda: deferred.resolve(1)) is True
        assert in_thread(lambda: deferred.resolve(1)) is False
        return (yield deferred)

    assert run(main()) == 1


def test_settling_from_a_thread_where_nobody_waits_any_more_is_allowed(run):
    def main():
        deferred = Deferred()
        task = yield Spawn(waiting(deferred))
        yield
        yield Kill(task)
        yield
        return in_thread(lambda: deferred.resolve(1))

    assert run(main()) is True


def test_a_thread_settles_through_the_kernel():
    def main():
        deferred = Deferred().done(lambda value: log.append(threading.get_ident()))
        kernel = minios.current_kernel()
        kernel.hold()
        threading.Timer(0.01, kernel.call_from_thread, (deferred.resolve, 5)).start()
        value = yield deferred
        kernel.release()
        return value

    log = []
    assert minios.run(main()) == 5
    assert log == [threading.get_ident()]


def test_a_consequence_in_a_kernel_is_told_there_whoever_settles_the_cause(run):
    def main():
        cause = Deferred()
        effect = in_thread(lambda: cause.then(lambda value: value + 1))
        effect.done(lambda value: told_in.append(threading.get_ident()))
        task = yield Spawn(waiting(effect))
        yield
        kernel = minios.current_kernel()
        kernel.hold()
        assert in_thread(lambda: cause.resolve(1)) is True
        value = yield Wait(task)
        kernel.release()
        return value

    told_in = []
    assert run(main()) == 2
    assert told_in == [threading.get_ident()]


def test_callbacks_without_a_kernel_are_called_in_any_thread():
    log = []
    deferred = Deferred().done(log.append)
    assert in_thread(lambda: deferred.resolve(1)) is True
    assert log == [1]


def test_a_deferred_outlives_the_kernel_that_it_was_used_in(run):
    log = []

    def main():
        yield
        return Deferred().done(log.append)

    run(main()).resolve(1)
    assert log == [1]


# --- Any order of events -------------------------------------------------------------------


@given(st.lists(st.tuples(
    st.sampled_from(["wait", "callback", "then", "kill", "settle", "turn"]), st.integers(0, 9),
), max_size=30), st.booleans())
def test_everybody_who_is_not_killed_hears_the_one_outcome_once(events, good):
    heard, killed, tasks = [], set(), {}
    outcome = "value" if good else Boom()

    def waiter(number, deferred):
        heard.append((number, (yield waiting(deferred))))

    def main():
        deferred = Deferred()
        for number, (event, which) in enumerate(events):
            if event == "wait":
                tasks[number] = yield Spawn(waiter(number, deferred))
            elif event == "callback":
                deferred.always(lambda value, number=number: heard.append((number, value)))
            elif event == "then":
                deferred.then().always(lambda value, number=number: heard.append((number, value)))
            elif event == "kill" and which in tasks and not tasks[which].done():
                killed.add(which)
                yield Kill(tasks[which], signal.SIGKILL)
            elif event == "settle":
                deferred.resolve(outcome) if good else deferred.reject(outcome)
            else:
                yield
        deferred.resolve(outcome) if good else deferred.reject(outcome)
        for task in tasks.values():
            if not task.done():
                yield Wait(task)
        assert not deferred._waiters and not deferred._callbacks
        deferred.fail(lambda error: None)

    minios.run(main(), clock=VirtualClock())
    interested = {n for n, (event, _) in enumerate(events) if event in ("wait", "callback", "then")}
    assert sorted(number for number, _ in heard) == sorted(interested - killed)
    assert all(value is outcome for _, value in heard)
