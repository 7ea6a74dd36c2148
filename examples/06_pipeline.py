"""Adds pipelines, as in `tail -f FILE | grep WORD`: coroutines that are sent line after line.

The source is a task, which looks into its file now and then; what it finds goes from stage to
stage by plain send(). A stage that returns is a reader that has gone away: whoever sends to it
gets BrokenPipeError, and so on back to the source. Without a FILE it writes a log of its own.

    python examples/06_pipeline.py --grep python --grep bees --lines 10 [FILE ...]
"""

import argparse
import sys
import tempfile
from contextlib import suppress

import minios
from syscalls import Sleep, Spawn, WaitAny

POLL = 0.1      # seconds between two looks at the end of a file


def coroutine(function):
    """Run it to its first `yield`: before that nobody is there to take what is sent."""
    def start(*args):
        routine = function(*args)
        next(routine, None)
        return routine
    return start


def feed(target, line):
    """Send a line to a stage. Raises BrokenPipeError if that has ended, or ends now."""
    try:
        target.send(line)
    except StopIteration:
        raise BrokenPipeError("nobody reads any more") from None


@coroutine
def grep(word, target):
    while True:
        line = yield
        if word in line:
            feed(target, f"[{word}] {line}")


@coroutine
def broadcast(targets):
    """Send every line to all of `targets`: tee(1)."""
    while True:
        line = yield
        for target in targets:
            feed(target, line)


@coroutine
def show(limit):
    """Print lines; `limit` is how many (None: without end)."""
    shown = 0
    while shown != limit:
        print((yield), flush=True)
        shown += 1


def tail(file, target):
    """A task: send every line that `file` gains."""
    line = b""
    with file, suppress(BrokenPipeError):
        while True:
            line += file.readline()
            if line.endswith(b"\n"):
                feed(target, line.decode(errors="replace").rstrip())
                line = b""
                yield                   # a long file is no reason to hold up the others
            else:
                yield Sleep(POLL)       # the rest of the line is still to be written


def follow(paths, pipeline):
    """Tail all the files at once, until nobody reads the pipeline any more."""
    tails = []
    for path in paths:
        file = open(path, "rb")
        file.seek(0, 2)        # from its end on
        print(f"following {path}", flush=True)
        tails.append((yield Spawn(tail(file, pipeline), name=f"tail {path}")))
    first = yield WaitAny(tails)
    first.result()              # raises what has ended it, if anything did


def write_log(log):
    """A task: somebody has to write what is to be read."""
    while True:
        for line in "ants march by", "a python sleeps", "bees hum", "the python wakes":
            yield Sleep(POLL)
            print(line, file=log, flush=True)


def main():
    parser = argparse.ArgumentParser(description="Print the lines with a WORD that files gain.")
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--grep", action="append", metavar="WORD", help="may be given repeatedly")
    parser.add_argument("--lines", type=int, metavar="N", help="stop after N lines")
    options = parser.parse_args()
    kernel = minios.Kernel()
    if not options.files:
        log = tempfile.NamedTemporaryFile("w", suffix=".log")
        kernel.spawn(write_log(log))
        options.files.append(log.name)
    screen = show(options.lines)
    pipeline = broadcast([grep(word, screen) for word in options.grep or ["python"]])
    try:
        kernel.run(follow(options.files, pipeline))
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    except OSError as error:
        return f"06_pipeline: {error}"


if __name__ == "__main__":
    sys.exit(main())
