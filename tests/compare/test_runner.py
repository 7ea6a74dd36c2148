"""What runner.py measures, and that the program it runs does not notice."""

import subprocess
import sys

import pytest

from minios.compare.measure import run_program

COUNT_ON_ASYNCIO = """
    import asyncio

    async def main(times):
        for _ in range(times):
            await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main({}))
    loop.close()
"""

COUNT_ON_MINIOS = """
    import minios
    from syscalls import Sleep, Spawn

    def task(times):
        for _ in range(times):
            yield

    def main(times):
        yield from task(times - 1)
        yield Spawn(task(times))
        yield Sleep(0.001)

    minios.run(main({}))
"""


@pytest.mark.parametrize("times", [0, 1, 25])
def test_a_turn_on_asyncio_is_one_resumption_of_a_task(program, times):
    assert run_program(program(COUNT_ON_ASYNCIO.format(times))).turns == times + 1


@pytest.mark.parametrize("times", [1, 2, 25])
def test_the_turns_on_minios_are_those_of_all_tasks(program, times):
    assert run_program(program(COUNT_ON_MINIOS.format(times))).turns == 2 * times + 3


def test_a_turn_that_begins_with_an_exception_is_counted(program):
    run = run_program(program("""
        import asyncio

        async def stubborn():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                return "stayed"

        async def main():
            task = asyncio.ensure_future(stubborn())
            await asyncio.sleep(0)
            task.cancel()
            print(await task)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
    """))
    assert (run.output, run.turns) == ("stayed\n", 3 + 3)


def test_killed_tasks_are_counted_too(program):
    run = run_program(program("""
        import minios
        from syscalls import Kill, Sleep, Spawn

        def forever():
            while True:
                yield Sleep(60)

        def main():
            task = yield Spawn(forever())
            yield
            yield Kill(task, 9)

        minios.run(main())
    """))
    assert run.turns == 4 + 1


def test_a_program_of_neither_library_has_no_turns(program):
    run = run_program(program("print('hello')"))
    assert (run.output, run.turns, run.problem) == ("hello\n", None, "")
    assert run.wall >= 0 and run.cpu >= 0


def test_an_asyncio_program_runs_without_minios(program):
    run = run_program(program("""
        import asyncio, sys
        print([name for name in sys.modules if name.partition(".")[0] == "minios"])
    """))
    assert run.output == "[]\n"


def test_asyncio_behaves_as_it_does_without_the_runner(program):
    file = program("""
        import asyncio

        async def fail():
            await asyncio.sleep(0)
            raise ValueError("no")

        async def give(value):
            await asyncio.sleep(0)
            return value

        async def main():
            print(asyncio.run.__module__, asyncio.iscoroutine(asyncio.current_task().get_coro()))
            named = asyncio.create_task(give(1), name="the name")
            print(named.get_name(), named.get_coro().__name__, len(named.get_stack()))
            print(repr(named).partition(" coro=")[2].partition(" ")[0])
            print(await asyncio.gather(named, give(2), fail(), return_exceptions=True))
            print(await asyncio.wait_for(give([]), 5))
            forever = asyncio.create_task(asyncio.sleep(60))
            await asyncio.sleep(0)
            forever.cancel("enough")
            try:
                await forever
            except asyncio.CancelledError as error:
                print("cancelled", error)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(fail())
                    group.create_task(asyncio.sleep(60))
            except* ValueError as errors:
                print(errors.exceptions)
            try:
                asyncio.create_task("text")
            except TypeError as error:
                print(error)

        asyncio.run(main())
    """)
    plain = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=30)
    run = run_program(file)
    assert (run.output, run.errors) == (plain.stdout, plain.stderr)
    assert "no" in run.output and run.errors == ""


def test_a_program_finds_what_it_would_find_by_itself(program):
    program("FOUND = 'the neighbour'", "neighbour.py")
    run = run_program(file := program("""
        import pickle
        import sys

        import neighbour

        class Own:
            pass

        print(__name__, __file__, sys.argv, neighbour.FOUND)
        print(type(pickle.loads(pickle.dumps(Own()))) is Own)
    """))
    assert run.output == f"__main__ {file} ['{file}'] the neighbour\nTrue\n"


def test_an_error_is_reported_as_it_is_without_the_runner(program):
    file = program("""
        def fail():
            raise LookupError("nothing there")

        try:
            fail()
        except LookupError as error:
            raise ValueError("worse") from error
    """)
    plain = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=30)
    assert run_program(file).errors == plain.stderr != ""


def test_a_module_that_is_missing_is_reported_where_it_is_imported(program):
    run = run_program(program("""
        try:
            import no_such_module
        except ImportError as error:
            print(error)
        import no_such_module_either
    """))
    assert run.output == "No module named 'no_such_module'\n"
    assert "line 6" in run.errors and "no_such_module_either" in run.errors


def test_a_program_with_a_syntax_error_fails_with_its_place(program):
    run = run_program(program("def ("))
    assert run.problem == "failed with exit status 1"
    assert "program.py" in run.errors and "SyntaxError" in run.errors
