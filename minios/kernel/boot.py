"""Who wants to hear of every kernel that runs in this process: a console, a trace, a shell.

A program may bring a kernel of its own, in whatever thread, so they cannot attach to it before it
is there. The kernel knows them only as functions to be called.
"""

__all__ = ["on_boot", "report_boot"]

_listeners: list = []


def on_boot(function):
    """Call `function(kernel)` whenever a kernel begins to run, in its thread and before the first
    turn; what that returns, if not None, is called without arguments when the kernel stops.

    What either raises is logged. Returns a function that undoes it.
    """
    _listeners.append(function)

    def undo():
        if function in _listeners:
            _listeners.remove(function)

    return undo


def report_boot(kernel):
    """`kernel` begins to run; returns what is to be called when it stops."""
    if not _listeners:      # nearly always
        return ()
    found = (kernel.run_callback(function, (kernel,)) for function in list(_listeners))
    return [function for function in found if function is not None]
