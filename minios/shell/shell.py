"""The shell: a task that reads command lines, and starts and waits for what they name.

Each program is a task of its own, those of a pipeline are joined by pipes, and all tasks of a
job are a group. The shell waits for the job in the foreground: ^C sends SIGINT to its programs, a
third one kills it, and ^Z stops it. A word that names no program but a file ending in `.py` is
run as `run FILE`.
"""

import os
import signal
import traceback

from syscalls import Spawn

from ..lib.pipes import Pipe
from .expansion import expand, expand_one
from .jobs import Job, Jobs
from .parser import Incomplete, parse
from .process import Process
from .programs import find_program
from .running import run_program, status_of
from .streams import PipeInput, PipeOutput, TerminalInput, TerminalOutput
from .terminal import Suspended

__all__ = ["Shell"]

_SUSPENDED = 128 + signal.SIGTSTP
_INTERRUPTED = 128 + signal.SIGINT


class Shell:
    """One session.

    `kernel` runs its tasks; `system` is what they look at, a System; `terminal` is where lines come
    from and output goes to. `folder` is its working directory.
    """

    def __init__(self, kernel, system, terminal, folder=None, arguments=("minios",)):
        self.kernel, self.system, self.terminal = kernel, system, terminal
        self.folder = os.getcwd() if folder is None else folder
        self.arguments = list(arguments)    # $0, $1 ...
        self.variables = dict(os.environ)
        self.jobs = Jobs()
        self.status = 0             # of the last command: $?
        self.leaving = False        # `exit` was said
        self.task = None            # the one that runs the session
        self.history = []           # the lines that were read
        self._last_background = None        # the group of the last background job: $!
        self._foreground = None     # the Job that is waited for
        self._next_foreground = None    # the one that `fg` has named

    @property
    def interactive(self):
        """Whether a person sits at the terminal."""
        return self.terminal.interactive

    @property
    def foreground_group(self):
        """The group of the job in the foreground; None where there is none."""
        return None if self._foreground is None else self._foreground.group

    # --- The session -----------------------------------------------------------------------

    def session(self, task):
        """Command lines until the end of input, as `task`. Returns the last exit status; a
        generator."""
        self.task = task
        while not self.leaving:
            try:
                text = yield from self._read_command()
                if text is None:
                    break
                yield from self.execute(text)
            except (KeyboardInterrupt, Suspended) as error:
                if isinstance(error, KeyboardInterrupt):
                    yield from self.say("^C" if not self.interactive else "")
                    self.status = _INTERRUPTED
            except ValueError as error:
                yield from self.complain(str(error))
                self.status = 2
            except BrokenPipeError:
                return 141
            except OSError as error:
                yield from self.complain(error.strerror or str(error))
                self.status = 1
        if self.interactive and not self.leaving:
            yield from self.say("exit")
        return self.status

    def _read_command(self):
        """The next command, which may be of several lines; None at the end."""
        if self.interactive:
            yield from self._report_ended_jobs()
        text, prompt = "", "minios$ "
        while True:
            line = yield from self.terminal.read_line(prompt)
            if line is None:
                if text:
                    parse(text)         # says what is missing
                return None
            text += line
            try:
                parse(text)
            except Incomplete:
                text, prompt = text + "\n", "> "
                continue
            if text.strip():
                self.history.append(text)
            return text

    def execute(self, text):
        """Carry out the commands of a text. Returns the last status; raises ParseError; a
        generator."""
        for and_or in parse(text):
            if and_or.background:
                yield from self._start_in_background(and_or)
                self.status = 0
            else:
                yield from self._execute_and_or(and_or)
            if self.leaving:
                break
        return self.status

    def _execute_and_or(self, and_or):
        for operator, pipeline in and_or.pipelines:
            if (operator == "&&" and self.status) or (operator == "||" and not self.status):
                continue
            status = yield from self._execute_pipeline(pipeline)
            self.status = int(not status) if pipeline.negated else status
            if self.leaving or self.status == _INTERRUPTED:
                break

    def _execute_pipeline(self, pipeline):
        job = Job(pipeline.text)
        if len(pipeline.commands) == 1 and not pipeline.commands[0].words:
            return (yield from self._assign(pipeline.commands[0]))
        yield from self._start_pipeline(job, pipeline)
        status = yield from self.wait_in_foreground(job)
        while self._next_foreground is not None:        # it was `fg`
            job, self._next_foreground = self._next_foreground, None
            status = yield from self.wait_in_foreground(job)
        return status

    def _assign(self, command):
        """A command of assignments and redirections alone."""
        streams = yield from self._redirected(command, self._standard_streams())
        self._close(streams)
        for name, word in command.assignments:
            self.variables[name] = expand_one(word, self.lookup)
        return 0

    # --- Starting --------------------------------------------------------------------------

    def _start_in_background(self, and_or):
        job = Job(and_or.text)
        if len(and_or.pipelines) == 1:
            yield from self._start_pipeline(job, and_or.pipelines[0][1])
        else:
            task = yield Spawn(self._background_list(and_or, job), name=and_or.text)
            task.group = task.tid
            job.tasks.append(task)
        self.jobs.add(job)
        self._last_background = job.group
        yield from self.say(f"[{job.number}] {job.group}")

    def _background_list(self, and_or, job):
        """The pipelines of a list in the background, one after the other, as a task."""
        status = 0
        for operator, pipeline in and_or.pipelines:
            if (operator == "&&" and status) or (operator == "||" and not status):
                continue
            part = Job(pipeline.text)
            yield from self._start_pipeline(part, pipeline, job.group)
            try:
                status = yield from self._status(part)
            finally:
                for task in part.tasks:
                    task.kill()
            status = int(not status) if pipeline.negated else status
        return status

    def _start_pipeline(self, job, pipeline, group=None):
        """Start a task for each command, joined by pipes; they are in `job.tasks` then."""
        source, out, error = self._standard_streams(job)
        for command in pipeline.commands[:-1]:
            pipe = Pipe()
            yield from self._start(job, command, (source, PipeOutput(pipe), error), group)
            source = PipeInput(pipe)
        yield from self._start(job, pipeline.commands[-1], (source, out, error), group)

    def _standard_streams(self, job=None):
        terminal = self.terminal
        return (TerminalInput(self, job), TerminalOutput(terminal),
                TerminalOutput(terminal, error=True))

    def _start(self, job, command, streams, group):
        routine = self._run(job, command, streams)
        task = yield Spawn(routine, name=command.text)
        job.tasks.append(task)
        task.group = job.group if group is None else group

    def _run(self, job, command, streams):
        """One command as a task: its redirections, its words, its program."""
        try:
            streams = yield from self._redirected(command, streams)
            words = expand(command.words, self.lookup, self.folder)
            variables = {name: expand_one(word, self.lookup)
                         for name, word in command.assignments}
            if not words:
                return 0
            process = Process(self, words[0], *streams, job=job, variables=variables)
            return (yield from self.run_words(process, words))
        except OSError as error:
            yield from streams[2].write(f"minios: {error.filename or command.text}: "
                                        f"{error.strerror or error}\n")
            return 1
        finally:
            self._close(streams)

    def run_words(self, process, words):
        """Run the program that `words` name, in the calling task; its status. A generator."""
        name, *arguments = words
        if name.endswith(".py"):
            name, arguments = "run", words
        process.name = name
        program = find_program(name)
        if program is None:
            yield from process.stderr.write(
                f"minios: {name}: no such program; `help` lists those there are\n"
            )
            return 127
        return (yield from run_program(program, process, arguments))

    def _redirected(self, command, streams):
        """The streams after the command's redirections, in their order. Raises OSError."""
        found = list(streams)
        opened = Process(self, "minios", *streams)
        try:
            for fd, operator, word in command.redirections:
                target = expand_one(word, self.lookup)
                if operator == ">&":
                    if target not in ("1", "2"):
                        raise OSError(0, "a number, 1 or 2, has to stand behind >&", target)
                    found[fd] = found[int(target)]
                    continue
                if operator == "<":
                    new = yield from opened.open_input(target)
                else:
                    new = yield from opened.open_output(target, append=operator == ">>")
                found[fd].close()
                found[fd] = new
        except BaseException:
            self._close(found)
            raise
        return tuple(found)

    def _close(self, streams):
        for stream in streams:
            stream.close()

    def lookup(self, name):
        """The value of `$name`, None where there is none."""
        special = {
            "?": str(self.status), "$": str(os.getpid()), "#": str(len(self.arguments) - 1),
            "!": str(self._last_background or ""), "@": " ".join(self.arguments[1:]),
            "*": " ".join(self.arguments[1:]),
        }
        if name in special:
            return special[name]
        if name.isdigit():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else None
        return self.variables.get(name)

    # --- Job control -----------------------------------------------------------------------

    def wait_in_foreground(self, job):
        """Wait for a job; ^C goes to it, a third one kills it, and ^Z stops it. Its status; a
        generator."""
        self._foreground, interrupts = job, 0
        try:
            while True:
                try:
                    status = yield from self._status(job)
                    self.jobs.remove(job)
                    return status
                except KeyboardInterrupt:
                    interrupts += 1
                    if self.interactive:
                        yield from self.say("")     # behind the ^C that the terminal shows
                    self.signal_job(job, signal.SIGINT if interrupts < 3 else signal.SIGKILL)
                except Suspended:
                    self.stop_job(job)
                    self.jobs.add(job)
                    yield from self.say(f"\n{self.jobs.line(job)}")
                    return _SUSPENDED
        finally:
            self._foreground = None

    def _status(self, job):
        """Wait for all programs of a job; the status of the last."""
        status = 0
        for task in job.tasks:
            status = yield from status_of(task, self)
        return status

    def signal_job(self, job, signum):
        """Send a signal to the programs of a job."""
        for task in job.tasks:
            task.kill(signum)

    def stop_job(self, job, signum=signal.SIGTSTP):
        """Stop a job: all tasks of its group."""
        job.stopped = True
        if job.holds_keys:
            self.terminal.pause_keys()
        self._signal_group(job, signum)

    def continue_job(self, job):
        """Let a stopped job go on."""
        job.stopped = False
        if job.holds_keys:
            self.terminal.resume_keys()
        self._signal_group(job, signal.SIGCONT)

    def _signal_group(self, job, signum):
        kernels = [self.kernel, *self.system.programs.values()]
        for kernel in kernels:
            for task in kernel.all_tasks():
                if kernel is not self.kernel or task.group == job.group:
                    task.kill(signum)

    def bring_to_foreground(self, job):
        """Let a job go on, and be waited for when the program that asks has ended: `fg`."""
        self._next_foreground = job
        self.jobs.touch(job)

    def is_in_foreground(self, job):
        """Whether the terminal is the job's."""
        return job is None or job is self._foreground

    def interrupt(self):
        """^C: raise KeyboardInterrupt in the shell's task."""
        if self.task is not None and not self.task.done():
            self.kernel.interrupt(self.task, KeyboardInterrupt())

    def suspend(self):
        """^Z: stop what is in the foreground."""
        if self._foreground is not None:
            self.kernel.interrupt(self.task, Suspended())

    def _report_ended_jobs(self):
        for line in self.jobs.take_ended():
            yield from self.say(line)

    # --- Output ----------------------------------------------------------------------------

    def say(self, text):
        """Show a line; a generator."""
        yield from self.terminal.write(f"{text}\n".encode())

    def complain(self, text):
        """Show a line on standard error, under the shell's name; a generator."""
        yield from self.terminal.write(f"minios: {text}\n".encode(), error=True)

    def show_error(self, error):
        """Show the traceback of what a program has raised; a generator."""
        text = "".join(traceback.format_exception(error))
        yield from self.terminal.write(text.encode(errors="replace"), error=True)
