"""The console's thread in the program, from the first kernel that wants one to the last that ends.

Policy. A console must never harm its program: where none can be had, the log says why and the
program goes on. There is one a process, however many kernels have asked; it shows the first, and
the others under a prefix (`2/7` is task 7 of the second). It has a thread with a kernel of its own,
in which each connection is a task and whatever that one runs are others: so it answers while a task
of the program holds the CPU. With nobody attached, the thread sleeps.

Who connects has to be the user that the program runs as (SO_PEERCRED, unix(7)). Others are told
so and get nothing, not even root, who needs no console to look into a process.

A child that is forked has no such thread: it closes its copies of the sockets and removes none.
"""

import os
import socket
import sys
import threading
from weakref import WeakSet

from syscalls.log import log
from syscalls.parking import wake

from ...kernel import Kernel
from . import rendezvous

__all__ = ["Console", "importing", "open_console", "rights_of"]

_GRACE = 0.3        # seconds that what clients have started has to clean up at the program's end
_HEAD_START = 0.02  # seconds that the program has before the thread begins
_RETRY = 1.0        # seconds until the thread tries again to begin
_PATIENCE = 1.0     # seconds that the program's end waits for the thread

_lock = threading.Lock()
_open = None        # the Console of this process
_own: WeakSet = WeakSet()   # the kernels of consoles
_abandoned: list = []       # the consoles of the parents, in a forked child


def open_console(kernel, rights=None):
    """Open a console on `kernel`, which is about to run in this thread; it is to be closed when
    that ends: returns what has a `close()`.

    `rights` is what all clients may do besides looking: see rights_of; None: what the kernel says
    (`Kernel(console=...)`). Those of the first kernel that opens it count. Where there can be no
    console, the log says why. Raises ValueError for other rights.
    """
    global _open
    rights = rights_of(kernel.console or True if rights is None else rights)
    kernel.interrupts.allow_force()     # for SIGKILL to end a task that never yields
    if kernel in _own:
        return _Place(None, kernel)     # who opens one for every kernel comes across a console's
    with _lock:
        if _open is None:
            try:
                _open = Console(kernel, rights)
            except (OSError, RuntimeError) as error:    # RuntimeError: no more threads
                why = getattr(error, "strerror", None) or error
                log("WARNING", "there is no console for other terminals: %s", why)
                return _Place(None, kernel)
        elif not _open.add(kernel):
            return _Place(None, kernel)
        return _Place(_open, kernel)


def rights_of(value):
    """The frozenset of rights that a value means: True (to look), "rw", "py", "rw,py", or such a
    set. Raises ValueError."""
    if value is True:
        return frozenset()
    words = value if isinstance(value, (set, frozenset)) else frozenset(str(value).split(","))
    if not words <= {"rw", "py"}:
        raise ValueError(f"console is True, 'rw', 'py' or 'rw,py', not {value!r}")
    return frozenset(words)


class _Place:
    """One kernel's place at the console."""

    def __init__(self, console, kernel):
        self._console, self._kernel = console, kernel
        kernel.consoles += console is not None

    def close(self):
        """The kernel has ended; with the last one, the console does."""
        global _open
        console, self._console = self._console, None
        if console is None:
            return
        self._kernel.consoles -= 1
        if console.pid != os.getpid():
            return
        with _lock:
            is_last = console.leave(self._kernel)
            if is_last:
                _open = None
        if is_last:
            console.close()


class Console:
    """A listening socket, and the thread that serves whoever connects. Raises OSError."""

    def __init__(self, kernel, rights):
        self.first, self.rights = kernel, rights
        self.programs = {}          # prefix -> Kernel, for System
        self.started_at = kernel.booted_at
        self.pid = os.getpid()
        self.argv = [str(word) for word in getattr(sys, "argv", ())]    # a shell's programs set it
        self.sockets = set()        # of the connections
        self._closing = threading.Event()
        self._users = [kernel]
        self._count = 1
        if not hasattr(socket, "SO_PEERCRED"):
            raise OSError(None, "this system does not tell who connects (SO_PEERCRED)")
        # It is nobody's fault here if the program leaves the thread no CPU.
        self.kernel = Kernel(slow_turn=float("inf"), grace=_GRACE)
        _own.add(self.kernel)
        self.listener, self.path, self._inode = rendezvous.listen()
        try:
            self.kernel.power_on()
            self._thread = threading.Thread(target=self._main, name="minios-console", daemon=True)
            self._thread.start()
        except BaseException:
            rendezvous.remove(self.path, self._inode)
            self.listener.close()
            self.kernel.power_off()
            raise

    # --- The kernels that it shows -------------------------------------------------------

    def add(self, kernel):
        """Show another kernel, under the next prefix; False if it is shown already."""
        if kernel in self._users:
            return False
        self._count += 1
        self._users.append(kernel)
        self.programs[str(self._count)] = kernel
        return True

    def leave(self, kernel):
        """A kernel has ended; returns whether it was the last."""
        self._users.remove(kernel)
        for prefix, each in list(self.programs.items()):
            if each is kernel:
                del self.programs[prefix]
        return not self._users

    @property
    def is_closing(self):
        """Whether `close()` was said: the thread is to end."""
        return self._closing.is_set()

    # --- The thread ----------------------------------------------------------------------

    def _main(self):
        try:
            # A program that is over at once need not wait for what this thread would import.
            if not self._closing.wait(_HEAD_START):
                self.kernel.run(self._import_service()(self), name="console")
        except Exception as error:
            log("ERROR", "the console has failed; the program goes on", error=error)
        finally:
            self.listener.close()
            self.kernel.power_off()

    def _import_service(self):
        while True:
            try:
                with importing:
                    from .service import serve

                return serve
            except OSError:         # no descriptors are left: who connects meanwhile waits
                if self._closing.wait(_RETRY):
                    raise

    def close(self):
        """Hang up on everybody, and wait a moment for the thread to end. The socket goes first."""
        rendezvous.remove(self.path, self._inode)
        self._closing.set()
        self.kernel.call_from_thread(wake, self)
        self._thread.join(_PATIENCE)

    def abandon(self):
        """This is a forked child: let go of what the parent goes on using."""
        for sock in [self.listener, *self.sockets]:
            sock.close()
        self.kernel.poller.abandon()
        _abandoned.append(self)     # or else its tasks would be closed here, with all they do then


# --- fork(2) ---------------------------------------------------------------------------------
importing = threading.RLock()       # held while the console's thread imports a module


def _after_in_child():
    global _lock, _open
    importing.release()
    _lock = threading.Lock()
    console, _open = _open, None
    if console is not None:
        console.abandon()


# A child that is forked in the middle of an import would wait for that module for ever.
os.register_at_fork(
    before=importing.acquire, after_in_parent=importing.release, after_in_child=_after_in_child
)
