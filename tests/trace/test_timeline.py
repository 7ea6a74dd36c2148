"""The timeline: a file that Perfetto opens, whatever happens to the program."""

import io
import json
import os
import subprocess
import sys

import pytest

import minios
from minios.sim import VirtualClock
from minios.trace import Timeline
from minios.trace.command import main as trace
from minios.trace.events import EventFile
from syscalls import Kill, Park, Sleep, Spawn, Wait, Wake

ROOT = os.path.dirname(os.path.dirname(minios.__file__))


class Text(io.StringIO):
    """A file that can be read when it has been closed."""

    def close(self):
        self.closed_once = True


def record(main, clock=None, max_events=None, max_bytes=None, wanted=None):
    """Run `main(kernel)` with a timeline; the text of the file."""
    text = Text()
    file = EventFile(text, max_events, max_bytes)
    kernel = minios.Kernel(clock=VirtualClock() if clock is None else clock)
    kernel.attach(Timeline(file, wanted=wanted))
    kernel.run(main(kernel))
    file.close()
    return text.getvalue()


def check(events):
    """What makes a file of events a good one: see the module."""
    times = [event["ts"] for event in events if "ts" in event]
    assert times == sorted(times)
    started = set()
    for event in events:
        if event["ph"] == "s":
            started.add(event["id"])
        elif event["ph"] == "f":
            assert event["id"] in started
    for spans in slices(events).values():
        for (_, end, _), (start, _, _) in zip(spans, spans[1:], strict=False):
            assert end <= start + 0.002     # the fraction of a microsecond that is rounded


def slices(events):
    """{(pid, tid): [(start, end, name)]}, of turns and waits."""
    found, begun = {}, {}
    for event in events:
        track = event.get("pid"), event.get("tid")
        if event["ph"] == "X":
            span = event["ts"], event["ts"] + event["dur"], event["name"]
            found.setdefault(track, []).append(span)
        elif event["ph"] == "B":
            assert track not in begun
            begun[track] = event
        elif event["ph"] == "E":
            start = begun.pop(track)
            found.setdefault(track, []).append((start["ts"], event["ts"], start["name"]))
    return {track: sorted(spans) for track, spans in found.items()}


def mixture(kernel):
    """Tasks that spawn, wake, sleep, wait, are killed, and end with errors."""
    def waiter():
        yield Park("door")

    def sleeper():
        yield Sleep(100)

    def failing():
        yield Sleep(0.5)
        raise ValueError('with "quotes"')

    tasks = [kernel.spawn(waiter()) for _ in range(3)]
    victims = [kernel.spawn(sleeper()) for _ in range(2)]
    failed = yield Spawn(failing(), name='odd "name" \u2713')
    yield Sleep(1)
    yield Wake("door", 3)
    yield Kill(victims[0])
    yield Kill(victims[1], 9)
    for task in tasks:
        yield Wait(task)
    try:
        yield Wait(failed)
    except ValueError:
        pass


def test_the_file_is_json_in_order_with_arrows_that_have_a_beginning_and_no_overlap():
    events = json.loads(record(mixture))
    check(events)
    names = [event["args"]["name"] for event in events if event.get("name") == "thread_name"]
    assert names[:3] == ["kernel", "mixture", "waiter"] and 'odd "name" \u2713' in names


def test_in_real_time_it_is_as_good():
    def main(kernel):
        def worker():
            for _ in range(5):
                yield Sleep(0.001)
                yield

        tasks = [kernel.spawn(worker()) for _ in range(3)]
        for task in tasks:
            yield Wait(task)

    check(json.loads(record(main, clock=minios.Kernel().clock)))


def test_in_virtual_time_the_same_program_gives_the_same_file():
    assert record(mixture) == record(mixture)


def test_a_turn_is_named_by_its_call_and_knows_its_line_and_the_wait_is_behind_it():
    def main(kernel):
        yield Sleep(2)

    events = json.loads(record(main))
    turn = next(event for event in events if event["ph"] == "X")
    line = main.__code__.co_firstlineno + 1
    assert turn["name"] == "sleep"
    assert turn["args"] == {"at": f"{__file__}:{line}", "call": "Sleep(2)"}
    [(start, end, name)] = [span for span in slices(events)[1, 1] if span[2] == "Sleep(2)"]
    assert end - start == pytest.approx(2e6, abs=10)


def test_an_arrow_leads_from_the_waker_to_the_woken():
    def main(kernel):
        def waiter():
            yield Park("door")

        task = yield Spawn(waiter())
        yield
        yield Wake("door")
        yield Wait(task)

    events = json.loads(record(main))
    wake = next(event for event in events if event["ph"] == "X" and event["name"] == "wake")
    arrow = next(event for event in events if event["ph"] == "s" and event["ts"] == wake["ts"])
    head = next(event for event in events if event["ph"] == "f" and event["id"] == arrow["id"])
    assert (arrow["tid"], head["tid"]) == (1, 2)


def test_native_tasks_of_an_event_loop_have_tracks_and_arrows():
    import asyncio

    from minios.aio import EventLoop

    text = Text()
    file = EventFile(text)
    loop = EventLoop(native_tasks=True)
    loop.kernel.attach(Timeline(file))

    async def child(future):
        return await future

    async def main():
        future = loop.create_future()
        task = loop.create_task(child(future), name="child")
        await asyncio.sleep(0.001)
        future.set_result(None)
        await task
        return task.tid

    try:
        tid = loop.run_until_complete(main())
    finally:
        loop.close()
    file.close()
    events = json.loads(text.getvalue())
    check(events)
    assert ("Future" in {event.get("name") for event in events}
            or any(event.get("tid") == tid and event["ph"] == "B" for event in events))
    assert any(event["ph"] == "f" and event["tid"] == tid for event in events)


def test_only_wanted_tasks_and_their_children_are_shown():
    def main(kernel):
        def family(depth):
            if depth:
                yield Wait((yield Spawn(family(depth - 1), name="mine")))

        yield Wait((yield Spawn(family(2), name="mine")))

    text = record(main, wanted=lambda task: task.tid == 2)
    tids = {event["tid"] for event in json.loads(text) if event["ph"] == "X"}
    assert tids == {2, 3, 4}


@pytest.mark.parametrize("limits", [{"max_events": 50}, {"max_bytes": 4000}])
def test_at_its_limit_the_file_ends_with_a_note_and_the_program_goes_on(limits):
    ended = []

    def main(kernel):
        for _ in range(5000):
            yield
        ended.append(len(kernel.hooks))

    text = record(main, **limits)
    events = json.loads(text)
    assert events[-1]["name"].startswith("trace cut off")
    assert len(events) <= 51 and len(text) < 100_000
    assert ended == [0]         # nobody observes any more
    times = [event["ts"] for event in events if "ts" in event]
    assert times == sorted(times)


def test_a_disk_that_is_full_ends_the_timeline_and_not_the_program():
    class Full(Text):
        def write(self, text):
            if len(text) > 1:
                raise OSError(28, "No space left on device")
            return super().write(text)

    kernel = minios.Kernel(clock=VirtualClock())
    file = EventFile(Full())
    kernel.attach(Timeline(file))

    def main():
        for _ in range(1000):
            yield
        return "fine"

    assert kernel.run(main()) == "fine"
    assert file.over
    with pytest.raises(OSError, match="No space left"):
        file.close()


# --- minios trace FILE -----------------------------------------------------------------------


PROGRAM = """\
import sys
import minios
from syscalls import Sleep, Spawn, Wait

def worker():
    yield Sleep(0.01)

def main():
    yield Wait((yield Spawn(worker())))
    if "boom" in sys.argv:
        raise ValueError("boom")
    if "exit" in sys.argv:
        sys.exit(3)
    if "spin" in sys.argv:
        print("spinning", flush=True)
        while True:
            yield Sleep(0.01)
    return sys.argv[1:]

print(minios.run(main()))
minios.run(main())
"""


def run_trace(folder, *arguments, **options):
    (folder / "program.py").write_text(PROGRAM)
    code = "import sys; from minios.trace.command import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, "program.py", *arguments], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, *sys.path])},
    )


def events_of(folder, name="trace.json"):
    return json.loads((folder / name).read_text())


def test_each_kernel_of_a_program_is_recorded_and_its_arguments_are_its_own(tmp_path):
    process = run_trace(tmp_path, "a", "-o", "x.json", "--", "-o", "b")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "['a', '-o', 'b']\n", "")
    events = events_of(tmp_path, "x.json")
    check(events)
    assert {event["pid"] for event in events} == {1, 2}


@pytest.mark.parametrize(("word", "status"), [("boom", 1), ("exit", 3)])
def test_a_program_that_fails_or_leaves_does_so_and_the_file_is_whole(tmp_path, word, status):
    process = run_trace(tmp_path, word)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert ("ValueError: boom" in err) == (word == "boom")
    check(events_of(tmp_path))


def test_after_ctrl_c_the_file_is_whole(tmp_path):
    process = run_trace(tmp_path, "spin")
    assert process.stdout.readline() == "spinning\n"
    process.send_signal(2)
    process.communicate(timeout=60)
    assert process.returncode != 0
    check(events_of(tmp_path))


def test_a_limit_is_told_on_standard_error(tmp_path):
    process = run_trace(tmp_path, "--max-events", "12")
    _, err = process.communicate(timeout=60)
    assert err == "minios trace: trace.json: cut off at 12 events\n"
    assert len(events_of(tmp_path)) == 13


@pytest.mark.parametrize("arguments", [
    [], ["-o"], ["x.py", "-o"], ["x.py", "--max-events", "0"], ["x.py", "--max-size", "nan"],
    ["--what", "x.py"], ["/no/such/file.py"],
])
def test_bad_arguments_are_told_and_nothing_is_written(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert trace(arguments) == 2
    assert capsys.readouterr().err.startswith("minios")
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "program.py").write_text(PROGRAM)
    assert trace([str(tmp_path / "program.py"), "-o", str(tmp_path / "no" / "x.json")]) == 1
    assert "No such file" in capsys.readouterr().err
