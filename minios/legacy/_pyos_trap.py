"""A call of pyos on its way through the kernel, which takes calls of minios alone."""

from syscalls import SystemCall as KernelCall

from ._pyos_calls import ReadWait, WriteWait

__all__ = ["Trap"]


class Trap(KernelCall):
    """What the kernel sees of the call `request`, made by the pyos task of `adapter`.

    It is shown as the request itself. The task stays blocked on it until it is scheduled.
    """

    __slots__ = ("request", "adapter")

    def __init__(self, request, adapter):
        self.request, self.adapter = request, adapter

    def handle(self, kernel, process):
        request, adapter = self.request, self.adapter
        request.task, request.sched = adapter.task, adapter.sched
        request.handle()
        if process.call is self:
            adapter.waits.expect_other_threads()

    def ready(self, kernel, process):
        """The poller reports that the file which the request waits for is ready."""
        self.adapter.sched.schedule(self.adapter.task)

    def cancel(self, kernel, process):
        self.adapter.waits.undo()

    def waits_for(self, kernel, process):
        target = self.adapter.sched.taskmap.get(self.adapter.waits.tid)
        adapter = None if target is None else target._adapter
        return () if adapter is None else (adapter.process,)

    def file(self, fd):
        """The object behind `fd`, where the request knows it: the poller can keep it registered,
        while a number may be anybody's the next time."""
        request = self.request
        if isinstance(request, (ReadWait, WriteWait)) and request.f is not None:
            return request.f if request.fileno() == fd else fd
        return fd

    def __repr__(self):
        return repr(self.request)
