import os

from minios.compare.measure import run_program


def test_what_a_program_prints_and_what_it_says_on_stderr_are_kept_apart(program):
    run = run_program(program("""
        import sys
        print("out")
        print("err", file=sys.stderr)
    """))
    assert (run.output, run.errors, run.problem) == ("out\n", "err\n", "")


def test_an_exception_is_a_problem_and_its_traceback_is_kept(program):
    run = run_program(program("""
        print("before")
        raise LookupError("nothing there")
    """))
    assert (run.output, run.problem) == ("before\n", "failed with exit status 1")
    assert 'program.py", line 3' in run.errors
    assert run.errors.endswith("LookupError: nothing there\n")
    assert run.wall is not None


def test_an_exit_status_is_a_problem_unless_it_is_zero(program):
    assert run_program(program("raise SystemExit(3)")).problem == "failed with exit status 3"
    assert run_program(program("raise SystemExit(0)")).problem == ""


def test_a_program_that_is_killed_has_no_figures(program):
    run = run_program(program("""
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    """))
    assert run.problem == "was killed by SIGKILL"
    assert (run.turns, run.wall, run.cpu) == (None, None, None)


def test_a_program_that_does_not_end_is_killed(program):
    run = run_program(program("""
        import time
        time.sleep(60)
    """), timeout=0.2)
    assert run.problem == "did not end within 0.2 seconds, and was killed"
    assert run.wall is None


def test_a_program_that_forks_is_measured_once(program):
    run = run_program(program("""
        import os
        if not os.fork():
            raise SystemExit(0)
        os.wait()
    """))
    assert run.problem == "" and run.wall is not None


def test_a_program_gets_no_input(program):
    assert run_program(program("import sys; print(repr(sys.stdin.read()))")).output == "''\n"


def test_output_that_is_no_text_stays_visible(program):
    run = run_program(program(r"""
        import sys
        sys.stdout.buffer.write(b"\xff caf\xc3\xa9\r\n")
    """))
    assert run.output == "\\xff caf\u00e9\r\n"


def test_text_is_utf_8_whatever_the_locale(program, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    assert run_program(program(r"print('\u6f22')")).output == "\u6f22\n"


def test_a_process_that_a_program_leaves_behind_is_not_waited_for(program, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    run = run_program(program(f"""
        import os
        if not os.fork():
            os.close(1)
            os.close(2)
            open({str(tmp_path / "fifo")!r}).read()
            os._exit(0)
    """))
    assert run.problem == "" and run.wall is not None
    (tmp_path / "fifo").write_text("it may go now")
