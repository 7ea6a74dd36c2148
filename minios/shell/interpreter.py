"""The interpreter: carries out command lines. Each program is a task of its own, and those of a
pipeline are joined by pipes.

A command is carried out in its own task, redirections and expansion too, so that what fails
there is its failure and nobody else's.
"""

import os
import signal

from syscalls import GetTask, Spawn

from ..errors import TaskLimitError
from ..lib.pipes import Pipe
from .expansion import expand, expand_one
from .jobs import Job, Jobs
from .parser import ParseError, parse
from .process import Process
from .programs import find_program
from .running import run_program, status_of
from .streams import PipeInput, PipeOutput, TerminalInput, TerminalOutput

__all__ = ["INTERRUPTED", "Interpreter"]

INTERRUPTED = 128 + signal.SIGINT
_NO_TASK = 254      # as bash has it where fork(2) fails

# The names that aiomonitor's users know.
_ALIASES = {"w": ["where"], "ca": ["kill"], "st": ["where"], "p": ["ps"]}


class Interpreter:
    """Variables, a folder, jobs, and the standard streams of the programs that it starts.

    `kernel` runs its tasks; `system` is what they look at, a System; `terminal` is where output
    goes that is not redirected. `arguments` are $0, $1 and so on. `streams`: standard input,
    output and error of the programs, in place of the terminal.
    """

    def __init__(self, kernel, system, terminal, folder=None, arguments=("minios",), streams=None):
        self.kernel, self.system, self.terminal = kernel, system, terminal
        self.folder = os.getcwd() if folder is None else folder
        self.arguments = list(arguments)
        self.variables = dict(os.environ)
        self.aliases = dict(_ALIASES)
        self.jobs = Jobs()
        self.status = 0             # of the last command: $?
        self.leaving = False        # `exit` was said
        self.history = []           # the lines that were read
        self.task = None            # the one that reads them
        self._streams = streams
        self._last_background = None        # the group of the last background job: $!

    # --- Lists -------------------------------------------------------------------------------

    def run_commands(self, text, arguments):
        """Carry out the commands of a file, with `arguments` as $0, $1 ...; the last status. Raises
        ParseError; a generator."""
        before, self.arguments = self.arguments, list(arguments)
        try:
            return (yield from self.execute(text))
        finally:
            self.arguments = before

    def subshell(self, process):
        """An Interpreter for the commands of `process`, which change nothing of this one's."""
        streams = process.stdin, process.stdout, process.stderr
        inner = Interpreter(self.kernel, self.system, self.terminal, self.folder, streams=streams)
        inner.variables, inner.aliases = dict(process.variables), dict(self.aliases)
        return inner

    def execute(self, text):
        """Carry out the commands of a text. Returns the last status; raises ParseError; a
        generator."""
        for and_or in parse(text):
            try:
                if and_or.background:
                    yield from self._start_in_background(and_or)
                    self.status = 0
                else:
                    yield from self._execute_and_or(and_or)
            except TaskLimitError as error:
                yield from self.complain(f"{and_or.text}: {error} (`ulimit -u` sets it)")
                self.status = _NO_TASK
            if self.leaving:
                break
        return self.status

    def _execute_and_or(self, and_or):
        for operator, pipeline in and_or.pipelines:
            if (operator == "&&" and self.status) or (operator == "||" and not self.status):
                continue
            status = yield from self._execute_pipeline(pipeline)
            self.status = int(not status) if pipeline.negated else status
            if self.leaving or self.status == INTERRUPTED:
                break

    def _execute_pipeline(self, pipeline):
        first = pipeline.commands[0]
        if len(pipeline.commands) == 1 and not first.words and not first.redirections:
            for name, word in first.assignments:
                self.variables[name] = expand_one(word, self.lookup)
            return 0
        job = Job(pipeline.text)
        try:
            yield from self._start_pipeline(job, pipeline)
        except TaskLimitError:
            if len(pipeline.commands) > 1:
                raise
            # In our own task, or nobody could say `kill` and `ulimit` any more.
            return (yield from self._run(job, first, self._standard_streams(job), ()))
        return (yield from self.wait_in_foreground(job))

    def wait_in_foreground(self, job):
        """Wait for a job; its status, that of its last program. A generator."""
        try:
            return (yield from self.wait_for(job))
        finally:
            for task in job.tasks:
                task.kill()     # who waits for them has been killed

    def wait_for(self, job):
        """The same, of a job in the background."""
        status = 0
        for task in list(job.tasks):
            status = yield from status_of(task, self)
        return status

    # --- Starting ----------------------------------------------------------------------------

    def _start_in_background(self, and_or):
        job = Job(and_or.text, background=True)
        if len(and_or.pipelines) == 1:
            yield from self._start_pipeline(job, and_or.pipelines[0][1])
        else:
            yield from self._start(job, self._run_list(and_or), and_or.text)
        self.jobs.add(job)
        self._last_background = job.group
        if self.terminal.interactive and self.task is not None:
            yield from self.say(f"[{job.number}] {job.group}")

    def _run_list(self, and_or):
        """The pipelines of a list in the background, one after the other, as a task."""
        inner = Interpreter(self.kernel, self.system, self.terminal, self.folder, self.arguments,
                            self._streams)
        inner.variables = dict(self.variables)
        yield from inner._execute_and_or(and_or)
        return inner.status

    def _start_pipeline(self, job, pipeline):
        """Start a task for each command, joined by pipes; they are in `job.tasks` then."""
        source, out, error = self._standard_streams(job)
        owned = []      # the ends of pipes, which are the command's to close
        try:
            for command in pipeline.commands[:-1]:
                pipe = Pipe()
                end = PipeOutput(pipe)
                routine = self._run(job, command, (source, end, error), [*owned, end])
                yield from self._start(job, routine, command.text)
                source = PipeInput(pipe)
                owned = [source]
            last = pipeline.commands[-1]
            routine = self._run(job, last, (source, out, error), owned)
            yield from self._start(job, routine, last.text)
        except BaseException:
            for task in job.tasks:      # half a pipeline is of no use
                task.kill()
            raise

    def _start(self, job, routine, name):
        """Start a task of a job. The session's own tasks are of a group of their own for each job;
        those of a program, such as `sh`, are of that program's."""
        caller = yield GetTask()
        task = yield Spawn(routine, name=name)
        job.tasks.append(task)
        if caller is self.task:
            task.group = job.group

    def _standard_streams(self, job):
        if self._streams is not None:
            return self._streams
        terminal = self.terminal
        return (TerminalInput(self, job), TerminalOutput(terminal),
                TerminalOutput(terminal, error=True))

    # --- One command -------------------------------------------------------------------------

    def _run(self, job, command, streams, owned):
        """One command, as a task: its redirections, its words, its program."""
        owned = list(owned)
        try:
            streams = yield from self._redirected(command, streams, owned)
            variables = {name: expand_one(word, self.lookup)
                         for name, word in command.assignments}
            words = expand(command.words, self.lookup, self.folder)
            if not words:
                return 0
            process = Process(self, words[0], *streams, job=job, variables=variables)
            return (yield from self.run_words(process, words))
        except ParseError as error:
            yield from self.complain(str(error))
            return 2
        except OSError as error:
            where = error.filename or command.text
            yield from self.complain(f"{where}: {error.strerror or error}")
            return 1
        finally:
            for stream in owned:
                stream.close()

    def _redirected(self, command, streams, owned):
        """The streams after the redirections of a command, in their order; those that were opened
        are among `owned`. Raises OSError."""
        found = list(streams)
        opener = Process(self, "minios", *streams)
        for fd, operator, word in command.redirections:
            target = expand_one(word, self.lookup)
            if operator == ">&":
                if target not in ("1", "2"):
                    raise OSError(0, "behind >& stands a descriptor, 1 or 2", target)
                found[fd] = found[int(target)]
                continue
            if operator == "<":
                new = yield from opener.open_input(target)
            else:
                new = yield from opener.open_output(target, append=operator == ">>")
            owned.append(new)
            found[fd] = new
        return found

    def run_words(self, process, words):
        """Run the program that `words` name, in the calling task; its status. A generator."""
        name, arguments = words[0], list(words[1:])
        if name in self.aliases:
            name, *first = self.aliases[name]
            arguments[:0] = first
        if name.endswith(".py"):
            name, arguments = "run", [name, *arguments]
        process.name = name
        try:
            program = find_program(name)
        except ImportError as error:
            yield from process.stderr.write(f"minios: {name}: cannot be loaded: {error}\n")
            return 126
        if program is None:
            yield from process.stderr.write(
                f"minios: {name}: no such program; `help` lists those there are\n"
            )
            return 127
        return (yield from run_program(program, process, arguments))

    def lookup(self, name):
        """The value of `$name`, None where there is none."""
        arguments = self.arguments
        if name.isdigit():
            return arguments[int(name)] if int(name) < len(arguments) else None
        special = {
            "?": self.status, "$": os.getpid(), "#": len(arguments) - 1,
            "!": self._last_background, "@": " ".join(arguments[1:]), "*": " ".join(arguments[1:]),
        }
        value = special[name] if name in special else self.variables.get(name)
        return None if value is None else str(value)

    def may_leave(self):
        """Whether it may be left now; a generator."""
        return True
        yield

    # --- For the shell -----------------------------------------------------------------------

    def say(self, text):
        """Show a line; a generator."""
        yield from self._standard_streams(None)[1].write(f"{text}\n")

    def complain(self, text):
        """Show a line on standard error, under the shell's name; a generator."""
        yield from self._standard_streams(None)[2].write(f"minios: {text}\n")
