"""Adds the library: a queue, a group of tasks and a time limit, where there were Park and Kill.

Prints the checksum of every file below a directory, like sha256sum(1). A walker puts the paths
into a queue, which holds few, so that it never runs far ahead; workers take them out and let
threads read the files. Whatever goes wrong, nobody is left behind: a group is left when all its
tasks have ended, and the first that fails, Ctrl-C and the time limit end them all.

    python examples/11_worker_pool.py
    python examples/11_worker_pool.py --workers 8 --timeout 0.5 /usr/share
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

import minios
from minios import Queue, TaskGroup, timeout, to_thread


def walk(top, paths):
    """Put the path of every file below `top` into the queue, and close it."""
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            yield from paths.put(Path(folder, name))
    paths.close()


def worker(paths, sums):
    """Take paths out of the queue until it is closed and empty."""
    while (path := (yield from paths.get(None))) is not None:
        try:
            sums[path] = yield from to_thread(checksum, path)
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)


def checksum(path):
    """A plain function, which may block: it runs in a thread."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(top, workers, seconds):
    """The checksums of all files below `top`, and whether there was time for all."""
    paths, sums = Queue(maxsize=2 * workers), {}
    try:
        with timeout(seconds), TaskGroup() as group:
            group.spawn(walk(top, paths))
            for _ in range(workers):
                group.spawn(worker(paths, sums))
            yield from group.join()
    except TimeoutError:
        return sums, False
    return sums, True


def main(options):
    sums, complete = yield from checksums(options.directory, options.workers, options.timeout)
    for path in sorted(sums):
        print(f"{sums[path]}  {path}")
    if not complete:
        print(f"stopped after {options.timeout:g} s", file=sys.stderr)
    return 0 if complete else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Print the checksums of files.")
    here = Path(__file__).parent
    parser.add_argument("directory", nargs="?", default=here, type=Path)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--timeout", type=float, help="seconds, after which it stops")
    try:
        sys.exit(minios.run(main(parser.parse_args())))
    except KeyboardInterrupt:
        sys.exit(130)
