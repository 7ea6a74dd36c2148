"""pyos, the operating system of generators, on the minios kernel.

David Beazley grew it in eight steps in "A Curious Course on Coroutines and Concurrency"
(PyCon 2009, https://www.dabeaz.com/coroutines/). A program written against any of them runs:

    from minios.legacy.pyos import *

    def foo():
        mytid = yield GetTid()
        print("I'm foo", mytid)

    sched = Scheduler()
    sched.new(foo())
    sched.mainloop()

Each of its tasks is a task of the kernel, named after its generator: ps, strace and kill work
on it, and the calls of minios itself may be yielded beside those of pyos. `Queue`, `select`
and `types` come along, as they did, and `Socket`, which was in a module of its own, sockwrap.

What pyos did that a program may depend on, or have suffered from:

- kept: tids count from 1 for the whole program, over all Schedulers. They are pyos' own: ps
  shows the kernel's.
- kept: a plain value, or a bare yield, in a subroutine is its result, and the subroutine is
  let go, for code is written that way. Its generator is not closed by force: yielded again,
  it goes on. `return value` and `yield from` work as well, everywhere.
- kept: KillTask and a generator closed by hand close at once, and a task that was ready is
  `terminated` when its turn comes. SystemCall.handle() does nothing.
- kept: a program may schedule a task from another thread; while there are other threads, a
  task that its own call left blocked is expected to be scheduled by one.
- mended: `sendval` is None again after it was sent. A bare yield, ReadWait and WriteWait
  return None and not what an earlier call had returned.
- mended: mainloop() returns when no task is left, in the steps 7 and 8 too. The kernel polls:
  there is no iotask among the tasks, nor a tid spent on it. One that a subclass brings runs,
  without keeping the mainloop; the one here ends at once; iopoll() polls.
- mended: KillTask closes the whole stack, the innermost generator first, and leaves nothing
  in exit_waiting, read_waiting and write_waiting. A blocked task is `terminated` at once.
- mended: an exception in a subroutine is raised in its caller. One that nobody catches ends
  that task alone, and is logged; one in a call's handle() is raised where the call was
  yielded. SystemExit and KeyboardInterrupt leave the mainloop, as they did.
- mended: the second task to wait for one descriptor in one direction gets ResourceBusyError.
  The first was lost in silence.
- mended: a task that is scheduled twice before its turn has one turn, and a task that has
  ended is not scheduled.
- mended: where nothing can ever go on, mainloop() raises DeadlockError. It hung, or spun.
- mended: Send never blocks the other tasks, and the library functions return their result.
"""

import select
import types
from queue import Queue

from ._pyos_calls import GetTid, KillTask, NewTask, ReadWait, SystemCall, WaitTask, WriteWait
from ._pyos_scheduler import Scheduler
from ._pyos_sockets import Accept, Recv, Send, Socket
from ._pyos_task import Task

__all__ = [
    "Accept", "GetTid", "KillTask", "NewTask", "Queue", "ReadWait", "Recv", "Scheduler", "Send",
    "Socket", "SystemCall", "Task", "WaitTask", "WriteWait", "select", "types",
]
