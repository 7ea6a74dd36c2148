"""Bounded shutdown: SIGTERM to all, a grace period, then SIGKILL; children before parents.

A tid is always higher than that of the parent, so "children before parents" is "from the
highest tid down".
"""

from syscalls import signums

__all__ = ["shut_down"]


def shut_down(kernel, at_once=False):
    """End every task of `kernel`, within `kernel.grace` seconds of its clock.

    `at_once` leaves out the grace period; so does a Ctrl-C that arrives during it.
    """
    if not at_once:
        _ask_to_end(kernel)
    # A task that is closed may have spawned another in its last words.
    while kernel.tasks:
        for task in reversed(list(kernel.tasks.values())):
            if not task.done():
                kernel.send_signal(task, signums.SIGKILL)


def _ask_to_end(kernel):
    for task in reversed(list(kernel.tasks.values())):
        kernel.send_signal(task, signums.SIGCONT)
        kernel.send_signal(task, signums.SIGTERM)
    # The timer is what the kernel sleeps on while the last tasks clean up.
    deadline = kernel.now() + kernel.grace
    alarm = kernel.call_at(deadline, lambda: None)
    while kernel.tasks and not kernel.impatient and kernel.now() < deadline:
        kernel.turn_round()
        if not kernel.can_go_on(besides=alarm):
            break
    alarm.cancel()
