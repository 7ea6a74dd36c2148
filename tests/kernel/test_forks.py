"""fork(2) in a task: the child is free of the parent's kernel, and does the parent no harm."""

import subprocess
import sys

import pytest

HEAD = """
import os, signal, socket, sys, time
from concurrent.futures import ProcessPoolExecutor
import minios
from minios import gather
from syscalls import Offload, Recv, SigWait, Sleep, Spawn, Wait
"""


def run(tmp_path, body):
    file = tmp_path / "program.py"
    file.write_text(HEAD + body)
    return subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)


def test_a_worker_process_may_run_a_kernel_of_its_own(tmp_path):
    done = run(tmp_path, """
def inner(n):
    yield Sleep(0)
    return n * n

def square(n):
    return minios.run(inner(n))

def main():
    with ProcessPoolExecutor(2) as pool:
        print((yield from gather(*[Offload(square, n, executor=pool) for n in range(4)])))

if __name__ == "__main__":
    minios.run(main())
""")
    assert done.stdout == "[0, 1, 4, 9]\n", done.stderr


def test_a_child_has_the_signal_handlers_of_before(tmp_path):
    done = run(tmp_path, """
def main():
    pid = os.fork()
    if pid == 0:
        own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        os._exit(7 if own and signal.set_wakeup_fd(-1) == -1 else 1)
    yield
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

minios.run(main())
""")
    assert done.stdout == "7\n", done.stderr


@pytest.mark.parametrize("ending", ["os._exit(3)", "sys.exit(3)", "return"])
def test_a_child_that_ends_takes_nothing_from_the_parent(tmp_path, ending):
    done = run(tmp_path, f"""
def reader(sock):
    print("parent got", (yield Recv(sock, 10)), flush=True)

def main():
    left, right = socket.socketpair()
    task = yield Spawn(reader(left))
    yield Sleep(0.01)
    pid = os.fork()
    if pid == 0:
        {ending}
    os.waitpid(pid, 0)
    right.send(b"data")
    yield Wait(task)
    print("parent done", flush=True)

minios.run(main())
""")
    assert "parent got b'data'\nparent done\n" in done.stdout, done.stderr
    assert done.stdout.count("parent done") == 1


def test_a_child_that_comes_back_to_the_kernel_is_told_so(tmp_path):
    done = run(tmp_path, """
def main():
    pid = os.fork()
    yield Sleep(0.01)
    if pid:
        os.waitpid(pid, 0)
        print("parent done")

minios.run(main())
""")
    assert done.stdout == "parent done\n" and "a task has forked" in done.stderr
