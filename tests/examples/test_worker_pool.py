"""11_worker_pool.py: sha256sum of a directory, by workers that share a queue."""

import hashlib
import os
import signal

from .conftest import wait_until

PROGRAM = "11_worker_pool.py"


def make_files(folder, n):
    expected = []
    for number in range(n):
        path = folder / f"sub{number % 3}" / f"file{number:03}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%d" % number * 1000)
        expected.append((str(path), hashlib.sha256(path.read_bytes()).hexdigest()))
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(expected))


def test_every_file_is_listed_with_its_checksum(start, tmp_path):
    expected = make_files(tmp_path, 100)
    program = start(PROGRAM, "--workers", 3, tmp_path)
    assert program.finish() == (0, expected)


def test_an_empty_directory_is_no_error(start, tmp_path):
    assert start(PROGRAM, tmp_path).finish() == (0, "")


def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_not_held_up(start, tmp_path):
    expected = make_files(tmp_path, 5)
    os.symlink(tmp_path / "nowhere", tmp_path / "dangling")
    program = start(PROGRAM, tmp_path)
    assert program.finish() == (0, expected)
    assert "dangling: No such file" in program.errors()


def test_the_time_limit_ends_it_while_a_reader_is_stuck(start, tmp_path):
    make_files(tmp_path, 5)
    os.mkfifo(tmp_path / "sub0" / "fifo")        # whoever opens it waits for a writer
    program = start(PROGRAM, "--timeout", 0.3, tmp_path)
    assert program.finish()[0] == 1
    assert "stopped after 0.3 s" in program.errors()


def test_ctrl_c_ends_it_while_a_reader_is_stuck(start, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program = start(PROGRAM, tmp_path)
    writers = []

    def has_a_reader():
        try:
            writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(has_a_reader)
    program.process.send_signal(signal.SIGINT)
    assert program.finish() == (130, "")
    os.close(writers[0])
