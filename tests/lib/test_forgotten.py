"""`python -X dev` warns of a blocking operation that nobody has waited for, and works as ever."""

import subprocess
import sys

PROGRAM = """
import minios
from minios import Lock, Queue, TaskGroup

def main():
    queue, lock = Queue(), Lock()
    queue.put(1)                        # line 7: forgotten
    assert queue.empty()
    yield from queue.put(2)
    yield queue.put(3)
    task = minios.current_kernel().spawn(queue.put(4))
    yield
    assert task.done() and queue.qsize() == 3
    with TaskGroup() as group:
        group.spawn(queue.get())
        yield from group.join()
    with (yield from lock):
        pass
    yield coroutine(queue, lock)

async def coroutine(queue, lock):
    queue.get()                         # line 22: forgotten
    async with lock:
        assert await queue.get() == 3
    queue.close()
    async for item in queue:
        assert item == 4

minios.run(main())
"""


def run(tmp_path, *options):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    return subprocess.run(
        [sys.executable, *options, file], capture_output=True, text=True, timeout=60
    )


def test_in_development_mode_what_was_forgotten_is_named(tmp_path):
    done = run(tmp_path, "-X", "dev")
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "never waited for" in line]
    assert len(warnings) == 2
    assert "Queue.put() of" in warnings[0] and "program.py:7 " in warnings[0]
    assert "Queue.get() of" in warnings[1] and "program.py:22 " in warnings[1]
    assert "write `yield from` before it" in warnings[0]


def test_otherwise_nothing_is_wrapped_and_nothing_said(tmp_path):
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
