"""The kernel's invariants, as DESIGN and the docstrings of task.py and poller.py state them."""

from syscalls import Park, Sleep, SleepUntil, Wait, WaitAny
from syscalls.readiness import _DescriptorCall


def check_invariants(kernel):
    """Assert that every task is in exactly one place, and that nothing is left of the ended."""
    queued = {}
    for task in kernel.ready:
        queued[task] = queued.get(task, 0) + 1
    for task in kernel.tasks.values():
        assert not task.done(), f"{task!r} has ended and is still in the table"
        if task is not kernel.current:
            _check_place(kernel, task, queued.get(task, 0))
    _check_timers(kernel)
    _check_descriptors(kernel)
    _check_parking(kernel)


def _check_place(kernel, task, times_queued):
    blocked = task.call is not None
    assert times_queued + blocked + task.halted == 1, (
        f"{task!r}: {times_queued} times ready, blocked on {task.call!r}, halted {task.halted}"
    )
    if task.halted:
        assert task.stopped, f"{task!r} is out of the queue and not stopped"
    if blocked:
        _check_wait(kernel, task)


def _check_wait(kernel, task):
    call = task.call
    if isinstance(call, (Sleep, SleepUntil)):
        assert task in kernel.timers.owners(), f"{task!r} sleeps without a timer"
    elif isinstance(call, Wait):
        assert task in task.token._waiters, f"{task!r} waits for one that does not know it"
    elif isinstance(call, WaitAny):
        assert all(task in target._waiters for target in task.token)
    elif isinstance(call, Park):
        assert task in kernel.parking.parked(call.channel), f"{task!r} is parked nowhere"
    elif isinstance(call, _DescriptorCall):
        assert task.token in kernel.poller.descriptors()
        assert task in (task.token.reader, task.token.writer)


def _check_timers(kernel):
    owners = [owner for owner in kernel.timers.owners() if hasattr(owner, "tid")]
    assert len(owners) == len(set(owners)), "a task has two timers"
    for owner in owners:
        assert kernel.tasks.get(owner.tid) is owner, f"a timer outlives {owner!r}"
        assert isinstance(owner.call, (Sleep, SleepUntil)), f"{owner!r} has a timer and is awake"


def _check_descriptors(kernel):
    poller = kernel.poller
    registered = {key.fd: key for key in poller._selector.get_map().values()}
    registered.pop(kernel._inbox.fileno())
    watched = set(poller._watches)      # by an event loop, which may forget what it has closed
    known = {descriptor.fd for descriptor in poller.descriptors()}
    assert known <= set(registered) <= known | watched
    for descriptor in poller.descriptors():
        key = registered[descriptor.fd]
        assert key.data is descriptor and key.events == descriptor.mask
        for direction, task in ((1, descriptor.reader), (2, descriptor.writer)):
            if task is not None:
                assert task.token is descriptor and kernel.tasks.get(task.tid) is task
                assert descriptor.mask & direction
        assert descriptor.has_waiters() or descriptor.identity() is not None, (
            f"fd {descriptor.fd} is kept for nobody"
        )


def _check_parking(kernel):
    for channel in kernel.parking._channels:
        parked = kernel.parking.parked(channel)
        assert parked, f"channel {channel!r} is kept for nobody"
        for task in parked:
            assert isinstance(task.call, Park) and task.call.channel == channel
            assert task.token[0] is task and kernel.tasks.get(task.tid) is task
