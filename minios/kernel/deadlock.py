"""The report of a deadlock: every task, what it waits on, where, and the circle if there is one."""

__all__ = ["deadlock_report", "find_cycle"]

# Where nobody looks for his mistake.
_OURS = ("minios.lib", "minios.kernel", "minios.aio", "syscalls", "asyncio")


def find_cycle(kernel):
    """The tasks that wait for each other in a circle, in order; an empty list if none do.

    Follows the edges that the calls name in `waits_for`; iterative, since a chain of waiting
    tasks may be longer than Python's recursion limit.
    """
    finished = set()
    for start in kernel.all_tasks():
        path, on_path = [start], {start}
        edges = [iter(_waits_for(start))]
        while path:
            target = next(edges[-1], None)
            if target is None:
                finished.add(path[-1])
                on_path.discard(path.pop())
                edges.pop()
            elif target in on_path:
                return path[path.index(target):]
            elif target not in finished:
                path.append(target)
                on_path.add(target)
                edges.append(iter(_waits_for(target)))
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


def _waits_for(task):
    return [each for each in task.waits_for() if not each.done()]


def _users_frame(frames):
    """The innermost of `frames` that is not the library's, or the innermost of all."""
    for frame in reversed(frames):
        if frame.f_globals.get("__package__") not in _OURS:
            return frame
    return frames[-1] if frames else None


def _line(task):
    doing = "is stopped" if task.stopped else f"waits in {task.wait_text()}"
    import linecache

    frame = _users_frame(task.frames())
    where = ""
    if frame is not None:
        code, line = frame.f_code, frame.f_lineno
        source = linecache.getline(code.co_filename, line).strip()
        where = f", at {code.co_filename}:{line}" + (f": {source}" if source else "")
    return f"  task {task.tid} ({task.name}) {doing}{where}"
