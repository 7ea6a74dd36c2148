"""Signal numbers: which there are, and their names.

They come from `_signal`, the C half of the standard `signal`: the enums that `signal` wraps
around them take longer to import than the whole kernel. They compare equal.
"""

from _signal import (
    SIGALRM,
    SIGCHLD,
    SIGCONT,
    SIGINT,
    SIGKILL,
    SIGQUIT,
    SIGSTOP,
    SIGTERM,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    SIGURG,
    SIGWINCH,
    valid_signals,
)

__all__ = [
    "SIGALRM", "SIGCHLD", "SIGCONT", "SIGINT", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGTERM",
    "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH", "check_signum", "signal_name",
]

_VALID = frozenset(valid_signals())


def check_signum(signum, zero_too=False):
    """`signum` as an int. Raises ValueError for what is no signal; 0 is one if `zero_too`."""
    if isinstance(signum, int) and not isinstance(signum, bool):
        if signum in _VALID or (zero_too and signum == 0):
            return int(signum)
    raise ValueError(f"{signum!r} is no signal: give a number as of the module signal")


def signal_name(signum):
    """`SIGTERM` for 15; the number where it has no name."""
    import signal  # late: see above

    try:
        return signal.Signals(signum).name
    except ValueError:
        return str(signum)
