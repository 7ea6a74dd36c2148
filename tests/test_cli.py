"""The command line."""

import signal
import subprocess
import sys

import minios


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "minios", *arguments], capture_output=True, text=True, timeout=60,
        **{"input": "", **options},
    )


def test_help_and_version_are_printed():
    assert command("--help").stdout.startswith("usage: minios")
    assert command("--version").stdout == f"minios {minios.__version__}\n"


def test_a_usage_error_is_status_two_and_says_what_there_is():
    for arguments in (["frobnicate"], ["run"], ["run", "nowhere.py"], ["run", "--loud"]):
        done = command(*arguments)
        assert done.returncode == 2 and "minios: " in done.stderr and done.stdout == ""


def test_run_runs_a_file_with_its_arguments_and_gives_back_its_status(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(
        "import sys, minios\nfrom helper import answer\n"
        "def main():\n    yield\n    sys.exit(answer + len(sys.argv))\nminios.run(main())\n"
    )
    (tmp_path / "helper.py").write_text("answer = 40\n")
    assert command("run", str(file), "--one").returncode == 42


def test_an_uncaught_exception_is_status_one_with_its_traceback(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("1 / 0\n")
    done = command("run", str(file))
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr


def test_ctrl_c_ends_a_program_as_it_ends_one_of_python_s(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(
        "import minios\nfrom syscalls import Sleep\n"
        "def main():\n    print('ready', flush=True)\n    yield Sleep(1000)\nminios.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "minios", "run", str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT


def test_compare_is_a_command():
    assert command("compare", "hello", "--no-source").returncode == 0
    assert command("compare", "nonsense").returncode == 2


def test_a_reader_that_leaves_early_is_no_traceback():
    done = subprocess.run(
        f"{sys.executable} -m minios compare crawler | head -1", shell=True, capture_output=True,
        text=True, timeout=60,
    )
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
