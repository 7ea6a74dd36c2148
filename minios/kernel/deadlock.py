"""Who waits for whom, the circles in that graph, and the report of a deadlock.

An edge leads from a task to each that could end its wait, as the call says it is blocked on. Most
waits end by a timer, a descriptor or a wakeup, and have none. A task is stuck when those that it
waits for are: so tasks are peeled off the graph that wait for nobody, then those that waited for
them alone, and what stays is circles and whoever waits behind one. A call that any of several
tasks may end (its `any_will_do` is true) is peeled off with the first of them.

Nothing here recurses, since a chain of waiting tasks may be longer than Python's recursion limit.
The graph may be taken in another thread, while the tasks run.
"""

from collections import deque

from syscalls.base import SystemCall
from syscalls.process import WaitAny

from .task import BaseTask

__all__ = ["deadlock_report", "find_cycle", "find_cycles", "search_cycles", "users_frame",
           "wait_edges"]

# Where nobody looks for his mistake.
_OURS = ("minios.lib", "minios.kernel", "minios.aio", "syscalls", "asyncio")

_NOBODY = SystemCall.waits_for


def wait_edges(task):
    """The live tasks that could end the wait of `task`, as a list; empty if there are none.

    Raises nothing: the task may run or end meanwhile, in another thread.
    """
    call = task.call
    if call is None and isinstance(task, BaseTask):
        return []
    if call is not None and getattr(type(call), "waits_for", _NOBODY) is _NOBODY:
        return []
    try:
        found = [each for each in task.waits_for() if not each.done()]
    except Exception:
        return []
    return found if task.call is call else []


def find_cycles(edges):
    """The circles in `edges`, a dict of tasks and the lists of those that they wait for.

    Each is a list of tasks, the lowest tid first, each waiting for the next, and the last for the
    first; where circles share tasks they are one list, and the tasks that are off the shortest
    come behind it.
    """
    search = search_cycles(edges)
    while True:
        try:
            next(search)
        except StopIteration as found:
            return found.value


def search_cycles(edges):
    """`find_cycles` as a generator: it yields now and then, for who works in slices."""
    stuck = yield from _peeled(edges)
    components = yield from _components(stuck)
    circles = []
    for component in components:
        circle = _circle_through(min(component, key=_tid), stuck)
        circles.append(circle + sorted(set(component).difference(circle), key=_tid))
        yield
    return sorted(circles, key=lambda circle: circle[0].tid)


def find_cycle(kernel):
    """The tasks that wait for each other in a circle, in order; an empty list if none do."""
    edges = _graph(kernel)
    cycles = find_cycles(edges)
    return _circle_through(cycles[0][0], edges) if cycles else []


def _graph(kernel):
    edges = {}
    for task in kernel.all_tasks():
        targets = wait_edges(task)
        if targets:
            edges[task] = targets
    return edges


def _tid(task):
    return task.tid


def _peeled(edges):
    """`edges` without the tasks that could still go on; a generator."""
    waiters, missing = {}, {}
    for task, targets in edges.items():
        missing[task] = 1 if isinstance(task.call, WaitAny) else len(targets)
        for target in targets:
            waiters.setdefault(target, []).append(task)
        yield
    free = deque(task for task in waiters if not edges.get(task))
    peeled = set(free)
    while free:
        for waiter in waiters.get(free.popleft(), ()):
            missing[waiter] -= 1
            if not missing[waiter] and waiter not in peeled:
                peeled.add(waiter)
                free.append(waiter)
            yield
    stuck = {}
    for task, targets in edges.items():
        if task not in peeled:
            stuck[task] = [target for target in targets if target not in peeled]
        yield
    return stuck


def _components(edges):
    """The strongly connected components that have a circle (Tarjan 1972); a generator."""
    number, lowest = {}, {}         # in which order they were found; the first that they reach
    trail, on_trail, found = [], set(), []

    def enter(task):
        number[task] = lowest[task] = len(number)
        trail.append(task)
        on_trail.add(task)
        return task, iter(edges[task])

    for start in edges:
        path = [enter(start)] if start not in number else []
        while path:
            task, targets = path[-1]
            target = next(targets, None)
            if target is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[task])
                if lowest[task] == number[task]:
                    component = _cut(trail, task)
                    on_trail.difference_update(component)
                    if len(component) > 1 or task in edges[task]:
                        found.append(component)
                yield
            elif target in on_trail:
                lowest[task] = min(lowest[task], number[target])
            elif target not in number:
                path.append(enter(target))
    return found


def _cut(trail, task):
    """Take off the end of `trail` that begins with `task`."""
    index = len(trail) - 1
    while trail[index] is not task:
        index -= 1
    cut = trail[index:]
    del trail[index:]
    return cut


def _circle_through(start, edges):
    """The shortest way from `start` back to it, as a list of tasks; breadth first."""
    came_from, queue = {}, deque([start])
    while queue:
        task = queue.popleft()
        for target in edges.get(task, ()):
            if target is start:
                circle = [task]
                while circle[-1] is not start:
                    circle.append(came_from[circle[-1]])
                return circle[::-1]
            if target not in came_from:
                came_from[target] = task
                queue.append(target)
    return []


def deadlock_report(kernel, limit=50):
    """The text of a DeadlockError and the cycle in it, as (report, tids)."""
    cycle = find_cycle(kernel)
    lines = ["deadlock: nothing can ever run again"]
    if cycle:
        circle = " -> ".join(str(task.tid) for task in [*cycle, cycle[0]])
        lines.append(f"  cycle: {circle}")
    tasks = cycle + [task for task in kernel.all_tasks() if task not in cycle]
    lines += [_line(task) for task in tasks[:limit]]
    if len(tasks) > limit:
        lines.append(f"  and {len(tasks) - limit} tasks more")
    return "\n".join(lines), [task.tid for task in cycle]


def users_frame(frames):
    """The innermost of `frames` that is not the library's, or the innermost of all."""
    for frame in reversed(frames):
        if frame.f_globals.get("__package__") not in _OURS:
            return frame
    return frames[-1] if frames else None


def _line(task):
    doing = "is stopped" if task.stopped else f"waits in {task.wait_text()}"
    import linecache

    frame = users_frame(task.frames())
    where = ""
    if frame is not None:
        code, line = frame.f_code, frame.f_lineno
        source = linecache.getline(code.co_filename, line).strip()
        where = f", at {code.co_filename}:{line}" + (f": {source}" if source else "")
    return f"  task {task.tid} ({task.name}) {doing}{where}"
