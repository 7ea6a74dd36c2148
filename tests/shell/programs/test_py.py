"""py: a Python prompt inside the kernel."""

import pytest

import minios
from minios.shell.system import System
from syscalls import Sleep

from ..elsewhere import elsewhere, hogged
from ..programs_harness import TypedTerminal, run


def py(*arguments, stdin="", status=0, **options):
    """What py prints, to standard output and error."""
    options.setdefault("kernel", minios.Kernel())
    got, out, err = run("py", *arguments, stdin=stdin.encode(), **options)
    assert got == status
    return out, err


def test_the_value_of_an_expression_is_shown():
    assert py("-c", "6 * 7") == ("42\n", "")
    assert py("-c", "x = 3; x + 1") == ("4\n", "")
    assert py("-c", "None") == ("", "")


def test_the_names_of_the_kernel_are_there():
    out, _ = py("-c", "print(kernel.find_task(1) is task(1) is tasks()[0]); minios.Lock, syscalls")
    assert out.startswith("True\n(<class 'minios.lib.locks.Lock'>, <module 'syscalls'")


def test_what_is_printed_goes_to_the_output_of_the_program():
    assert py("-c", "print('a', 'b', sep='-'); print('c', end='')") == ("a-b\nc", "")


def test_it_runs_in_the_thread_of_the_kernel():
    def sleeper():
        yield Sleep(1000)

    with elsewhere(sleeper()) as system:
        thread = system.kernel.thread
        out, _ = py("-c", "from _thread import get_ident; get_ident(), len(tasks())", system=system)
        assert out == f"({thread}, 2)\n"
        assert py("-c", "kernel.kill(2)", system=system)[0] == "True\n"
        code = "await syscalls.Sleep(0); print('later'); (await syscalls.GetTask()).name"
        out, _ = py("-c", code, system=system)
    assert out == "later\n'py'\n"


def test_an_error_is_a_traceback_of_the_statement_and_what_it_called():
    out, err = py("-c", "def f():\n    return 1 / 0\nprint('before')\nf()", status=1)
    assert out == "before\n"
    lines = err.splitlines()
    assert lines[0] == "Traceback (most recent call last):" and "line 4, in <module>" in lines[1]
    assert "    return 1 / 0" in lines and lines[-1] == "ZeroDivisionError: division by zero"
    assert "evaluation.py" not in err


def test_a_syntax_error_is_shown_and_does_no_harm():
    out, err = py("-c", "1 +", status=1)
    assert out == "" and err.rstrip().endswith("SyntaxError: invalid syntax")


def test_await_works_at_the_top_level_and_its_errors_are_the_prompts(caplog):
    assert py("-c", "await syscalls.GetTid()\n'done'") == ("'done'\n", "")
    out, err = py("-c", "await syscalls.Sleep(0)\nraise ValueError('no')", status=1)
    assert err.endswith("ValueError: no\n") and "in <module>" in err
    assert not caplog.records


def test_a_repr_that_fails_does_no_harm():
    out, err = py("-c", "class A:\n  def __repr__(self): 1 / 0\nA()")
    assert out == "<A, whose repr failed: ZeroDivisionError>\n" and err == ""


def test_statements_are_read_from_standard_input_until_the_first_that_fails():
    text = "x = 2\nfor n in range(2):\n    print(n)\n\nx\n_ + 1\n1 / 0\nprint('never')\n"
    out, err = py(stdin=text, status=1)
    assert out == "0\n1\n2\n3\n" and err.endswith("ZeroDivisionError: division by zero\n")


def test_the_last_statement_may_lack_its_newline():
    assert py(stdin="def f():\n    return 5\n\nf()") == ("5\n", "")


@pytest.mark.parametrize(("code", "status"), [
    ("exit()", 0), ("exit(3)", 3), ("raise SystemExit", 0), ("import sys; sys.exit(4)", 4),
    ("quit('sorry')", 1),
])
def test_exit_leaves_the_prompt_and_not_the_kernel(code, status):
    assert py(stdin=f"{code}\nprint('never')\n", status=status) == (
        "", "sorry\n" if "sorry" in code else "")


def test_it_is_not_for_everybody():
    kernel = minios.Kernel()
    out, err = py("-c", "1", kernel=kernel, system=System(kernel, rights=("rw",)), status=1)
    assert out == "" and "minios run --py FILE" in err


class Typing(TypedTerminal):
    """A terminal at which lines are typed; an exception among them is raised: ^C."""

    def __init__(self, *lines):
        super().__init__()
        self._lines, self.prompts = list(lines), []

    def read_line(self, prompt):
        self.prompts.append(prompt)
        line = self._lines.pop(0) if self._lines else None
        if isinstance(line, type):
            raise line
        return line
        yield


def at_prompt(*lines, status=0):
    """Type lines; the terminal."""
    from minios.shell.programs import py as program
    from minios.shell.streams import TerminalInput, TerminalOutput

    from ..programs_harness import Process, Shell

    terminal, kernel = Typing(*lines), minios.Kernel()
    shell = Shell(kernel, System(kernel), terminal, ".")
    output = TerminalOutput(terminal)
    process = Process(shell, "py", TerminalInput(shell, None), output, output)

    def main():
        return (yield from program.main(process, program.parser().parse_args([])))

    assert kernel.run(main()) == status
    return terminal


def test_the_prompt_goes_on_for_a_statement_of_several_lines():
    terminal = at_prompt("if 1:", "    print('yes')", "", "2", "", None)
    assert terminal.prompts == [">>> ", "... ", "... ", ">>> ", ">>> ", ">>> "]
    assert terminal.text.endswith("yes\n2\n")


def test_ctrl_c_drops_a_statement_that_is_typed_and_leaves_an_empty_prompt():
    lines = ["if 1:", KeyboardInterrupt, "1 + 1", KeyboardInterrupt, "never"]
    terminal = at_prompt(*lines, status=130)
    assert terminal.prompts == [">>> ", "... ", ">>> ", ">>> "]
    assert "2\n" in terminal.text and terminal.text.count("KeyboardInterrupt") == 2


def test_an_error_does_not_end_the_prompt():
    assert at_prompt("1 / 0", "'still here'").text.endswith("'still here'\n")


def test_ctrl_c_kills_the_task_of_a_statement_that_awaits():
    kernel, log = minios.Kernel(), []

    def interrupts():
        while not any(task.name == "waits" for task in kernel.all_tasks()):
            yield
        yield Sleep(0.02)
        kernel.kill(1, 2)

    code = ("async def waits():\n  try: await syscalls.Sleep(1000)\n  finally: log.append('over')\n"
            "await syscalls.SetName('waits'); await waits()")
    from minios.shell.inspection import evaluation

    original = evaluation.Evaluation.__init__

    def with_log(self, system):
        original(self, system)
        self.names["log"] = log

    evaluation.Evaluation.__init__ = with_log
    try:
        out, err = py("-c", code, kernel=kernel, background=[interrupts()], status=1)
    finally:
        evaluation.Evaluation.__init__ = original
    assert err == "KeyboardInterrupt\n" and log == ["over"]


def test_a_kernel_whose_cpu_is_held_is_given_up_and_the_statement_never_runs():
    ran = []
    with hogged() as (system, hog):
        system.kernel.ran = ran
        out, err = py("-c", "kernel.ran.append(1)", system=system, status=1)
        assert out == "" and "holds the CPU" in err
    assert ran == []
