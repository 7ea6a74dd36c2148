"""Bounded shutdown: SIGTERM to all, a grace period, then SIGKILL; children before parents.

A tid is always higher than that of the parent, so "children before parents" is "from the
highest tid down". Daemons are the services that the others may still need while they clean
up, so they are asked to end when the others have.
"""

from syscalls import signums

__all__ = ["ask_to_end", "kill_all", "shut_down"]

_ROUNDS = 10_000    # as much patience as a clock that jumps allows


def shut_down(kernel, at_once=False):
    """End every task of `kernel`, within `kernel.grace` seconds of its clock.

    `at_once` leaves out the grace period; so does a Ctrl-C that arrives during it.
    """
    if not at_once:
        for _ in ask_to_end(kernel):
            kernel.turn_round()
    kill_all(kernel)


def ask_to_end(kernel):
    """SIGTERM to all, and patience: a generator, which wants a round turned for each None."""
    # The timer is what the kernel sleeps on while the last tasks clean up.
    deadline = kernel.now() + kernel.grace
    alarm = kernel.call_at(deadline, lambda: None)
    asked = [task for task in kernel.tasks.values() if not task.daemon]
    _ask(kernel, asked)
    kernel.lodger.ask_to_end()
    yield from _while(kernel.is_busy, kernel, deadline, alarm)
    asked = set(asked)
    _ask(kernel, [task for task in kernel.tasks.values() if task not in asked])
    yield from _while(lambda: kernel.tasks, kernel, deadline, alarm)
    kernel.asyncgens.close_all()
    yield from _while(lambda: kernel.tasks, kernel, deadline, alarm)
    alarm.cancel()


def kill_all(kernel):
    """SIGKILL to all."""
    interrupt = None
    # A task that is closed may have spawned another in its last words.
    while kernel.tasks:
        for task in reversed(list(kernel.tasks.values())):
            try:
                kernel.send_signal(task, signums.SIGKILL)
            except KeyboardInterrupt as error:
                interrupt = error       # the others have their last words all the same
    if interrupt is not None:
        raise interrupt


def _ask(kernel, tasks):
    for task in reversed(tasks):
        kernel.send_signal(task, signums.SIGCONT)
        kernel.send_signal(task, signums.SIGTERM)


def _while(any_left, kernel, deadline, alarm):
    """Let tasks clean up until none is left, nothing can happen any more, or it is too late."""
    rounds = 0
    while any_left() and not kernel.impatient and kernel.now() < deadline:
        if not kernel.can_go_on(besides=alarm):
            break
        yield
        # Virtual time stands still while anybody runs, so it alone would bound nothing.
        rounds += 1
        if kernel.clock.jumps and rounds > _ROUNDS:
            break
