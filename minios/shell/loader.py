"""The loader: runs a Python file as a program of the shell.

The file runs unmodified, in a thread of its own that the shell's kernel hosts: what it says at
top level (a loop, input(), even an endless one) holds up nobody, and when it comes to
`minios.run(...)`, `kernel.run()` or `Scheduler().mainloop()`, its tasks run on the shell's
kernel, where ps lists them. sys.argv belongs to the whole process: a program that reads it
late may see that of the program started after it.
"""

import contextvars
import ctypes
import signal
import sys
import threading
import traceback
import types
from pathlib import Path

from syscalls.log import log

from ..errors import TaskKilledError
from ..kernel.hosting import hosted_by
from ..kernel.interrupts import kernel_in
from .running import exit_status
from .tty.redirect import current_threads, is_broken

__all__ = ["Loader"]

_LOOK = 0.1     # seconds after which who waits for a thread hears that he is interrupted


class Loader:
    """One program, for the task `leader`: `start` it; `tell()` is called, in the kernel's thread,
    when it has ended and `status` is there."""

    def __init__(self, kernel, leader, path, arguments, tell):
        self.status = None
        self._tell = tell
        self._kernel, self._leader = kernel, leader
        self._path, self._arguments = path, arguments
        self._interrupted = None        # the kernel of the program's own that has been
        # In the caller's context, which says where its output goes: see redirect.py.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=run, args=(self._load,), name=f"minios {path}", daemon=True
        )

    def start(self):
        """Begin to run. Raises OSError if the file cannot be read, SyntaxError if it is none."""
        self._code = compile(Path(self._path).read_bytes(), self._path, "exec")
        self._thread.start()
        self._kernel.hold()     # in time: the thread reports through the kernel's inbox

    def interrupt(self):
        """Raise KeyboardInterrupt in the program: in the kernel of its own that it runs, if it
        does, as Ctrl-C would; else, or if that did not help, at its next bytecode."""
        own = kernel_in(self._thread.ident)
        if own is not None and own is not self._interrupted:
            self._interrupted = own
            own.call_from_thread(own.interrupt_main, KeyboardInterrupt())
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
        )

    def __repr__(self):
        return f"program {self._path}"

    def _load(self):
        status = 1
        try:
            threads = []
            current_threads.set(threads)
            # So that its threads are none by inheritance: this is the main thread to the program.
            threading.current_thread()._daemonic = False
            with hosted_by(self._kernel, self._leader):
                status = self._run()
            for thread in threads:      # as at the end of Python; it may start others
                while thread.is_alive():
                    thread.join(_LOOK)
            for stream in (sys.stdout, sys.stderr):
                if stream is not None and not stream.closed:
                    stream.flush()
        except KeyboardInterrupt:
            status = 130        # before the program had begun, or behind its end
        except OSError as error:
            log("ERROR", "%s: %s", self._path, error)      # the stream is full
        finally:
            # Whatever happens: the shell waits for it.
            self._kernel.call_from_thread(self._ended, status)

    def _ended(self, status):
        self.status = status
        self._kernel.release()
        self._tell()

    def _run(self):
        """Run the file's top level; the exit status that a process would have."""
        module = types.ModuleType("__main__")
        module.__file__ = self._path
        folder = str(Path(self._path).resolve().parent)
        sys.argv = [self._path, *self._arguments]
        sys.path.insert(0, folder)
        try:
            exec(self._code, module.__dict__)
            return 0
        except SystemExit as leave:
            status, text = exit_status(leave.code)
            sys.stderr.write(text)
            return status
        except KeyboardInterrupt:
            return 130
        except TaskKilledError as killed:
            return 128 + killed.signum
        except BrokenPipeError as error:
            if is_broken(error):
                return 128 + signal.SIGPIPE     # as it ends who writes to a pipe without a reader
            self._show(error)
            return 1
        except BaseException as error:
            self._show(error)
            return 1
        finally:
            sys.path.remove(folder)

    def _show(self, error):
        # The first frame is this one's caller.
        traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))
