"""Offload on a dask cluster: a real scheduler and real worker processes, on loopback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import minios
from syscalls import Kill, Offload, Spawn, Wait

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

ROOT = Path(__file__).parent.parent.parent
LONG = 60       # seconds; what takes longer has failed


# --- What the workers run: they import this module ------------------------------------------


def wait_until(condition):
    deadline = time.monotonic() + LONG
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)


def meet(folder):
    """Return this process's id, once two processes have come to the same folder."""
    Path(folder, str(os.getpid())).touch()
    wait_until(lambda: len(os.listdir(folder)) >= 2)
    return os.getpid()


def work_until(begun, gate):
    Path(begun).write_text(str(os.getpid()))
    wait_until(Path(gate).exists)


def divide(a, b):
    return a / b


# --- The cluster ----------------------------------------------------------------------------


class Cluster:
    """A scheduler and its workers, each a process of its own that cannot outlive the test long."""

    def __init__(self, folder):
        self._folder = folder
        self._processes = []
        self._start("scheduler", "--port", "0", "--idle-timeout", "10 minutes")
        self.client = distributed.Client(
            scheduler_file=str(folder / "scheduler.json"), set_as_default=False, timeout=LONG
        )

    def add_worker(self, name):
        """Start a worker process with one thread, and wait until it is there."""
        process = self._start(
            "worker", "--name", name, "--nthreads", "1", "--no-nanny",
            "--local-directory", str(self._folder), "--lifetime", "10 minutes",
            "--death-timeout", str(LONG),
        )
        wait_until(lambda: name in self._workers())
        return process

    def executor(self, **options):
        # With `pure`, dask would take two calls with equal arguments for one and the same, and
        # killing one of the tasks would cancel what the other waits for.
        return self.client.get_executor(pure=False, **options)

    def keys(self):
        """What the scheduler knows of, as strings."""
        return self.client.run_on_scheduler(_keys)

    def close(self):
        self.client.close()
        for process in self._processes:
            process.kill()      # there is nothing to save; asked to end, they take their time
            process.wait()

    def _start(self, kind, *options):
        with open(self._folder / "log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1",
                 "--no-dashboard", "--scheduler-file", str(self._folder / "scheduler.json"),
                 *options],
                cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                # A worker that dies in the middle of a call fails it, the first time already.
                env={**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"},
            )
        self._processes.append(process)
        return process

    def _workers(self):
        return [worker["name"] for worker in self.client.scheduler_info(-1)["workers"].values()]


def _keys(dask_scheduler):
    return [str(key) for key in dask_scheduler.tasks]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.add_worker("first")
        cluster.add_worker("second")
        yield cluster
    finally:
        cluster.close()


def offload(*args, **kwargs):
    return (yield Offload(*args, **kwargs))


def begun_elsewhere(path):
    """Wait until a worker has written its process id to `path`; returns that."""
    yield Offload(wait_until, lambda: path.exists() and path.read_text())
    return int(path.read_text())


# --- The tests ------------------------------------------------------------------------------


def test_a_function_runs_in_another_process_and_comes_back(run, cluster):
    def main():
        with pytest.raises(ZeroDivisionError):
            yield Offload(divide, 1, 0, executor=cluster.executor())
        pid = yield Offload(os.getpid, executor=cluster.executor())
        return pid, (yield Offload(divide, 6, 3, executor=cluster.executor()))

    pid, quotient = run(main())
    assert pid != os.getpid() and quotient == 2


def test_tasks_in_parallel_use_all_workers(run, cluster, tmp_path):
    def main():
        executor, tasks, pids = cluster.executor(), [], []
        for _ in range(20):
            tasks.append((yield Spawn(offload(meet, str(tmp_path), executor=executor))))
        for task in tasks:
            pids.append((yield Wait(task)))
        return pids

    pids = run(main())
    assert len(pids) == 20 and len(set(pids)) == 2


def test_killing_a_task_cancels_what_the_cluster_does_for_it(run, cluster, tmp_path):
    gate, begun = tmp_path / "gate", [tmp_path / "begun 1", tmp_path / "begun 2"]
    called = tmp_path / "called"

    def main():
        executor = cluster.executor()
        busy = []
        for path in begun:
            call = Offload(work_until, str(path), str(gate), executor=executor)
            busy.append((yield Spawn(iter(call))))
            yield from begun_elsewhere(path)
        queued = yield Spawn(offload(work_until, str(called), str(gate), executor=executor))
        yield Offload(wait_until, lambda: len(keys_of(work_until)) == 3)
        for left, task in ((2, queued), (1, busy[0])):
            yield Kill(task)
            with pytest.raises(minios.TaskKilledError):
                yield Wait(task)
            yield Offload(wait_until, lambda left=left: len(keys_of(work_until)) == left)
        gate.touch()
        yield Wait(busy[1])
        # Each worker goes on to something younger, so the third would have had its turn.
        for name in ("first", "second"):
            yield Offload(os.getpid, executor=cluster.executor(workers=[name]))

    def keys_of(function):
        return [key for key in cluster.keys() if key.startswith(function.__name__)]

    run(main())
    assert not called.exists()


def test_a_worker_that_is_killed_is_an_error_in_the_task_and_others_go_on(
    run, cluster, tmp_path
):
    gate, begun, other_begun = tmp_path / "gate", tmp_path / "begun", tmp_path / "other"

    def main():
        there = cluster.executor(workers=["victim"], allow_other_workers=False)
        waiting = yield Spawn(offload(work_until, str(begun), str(gate), executor=there))
        other = yield Spawn(
            offload(work_until, str(other_begun), str(gate),
                    executor=cluster.executor(workers=["first"]))
        )
        assert (yield from begun_elsewhere(begun)) == victim.pid
        assert (yield from begun_elsewhere(other_begun)) != victim.pid
        os.kill(victim.pid, signal.SIGKILL)
        with pytest.raises(distributed.KilledWorker):
            yield Wait(waiting)
        gate.touch()
        yield Wait(other)
        return (yield Offload(divide, 6, 3, executor=cluster.executor()))

    victim = cluster.add_worker("victim")
    assert run(main()) == 2


def test_a_client_in_the_place_of_its_executor_is_refused(cluster):
    with pytest.raises(TypeError, match=r"client\.get_executor\(pure=False\)"):
        Offload(divide, 6, 3, executor=cluster.client)


def test_an_executor_that_was_shut_down_is_an_error_in_the_task(run, cluster):
    executor = cluster.executor()
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        run(offload(divide, 6, 3, executor=executor))


def test_a_kernel_ends_while_the_cluster_still_works_for_it(run, cluster, tmp_path):
    gate, begun = tmp_path / "gate", tmp_path / "begun"

    def main():
        call = Offload(work_until, str(begun), str(gate), executor=cluster.executor())
        yield Spawn(iter(call))
        yield from begun_elsewhere(begun)
        return "ended"

    assert run(main()) == "ended"
    gate.touch()
