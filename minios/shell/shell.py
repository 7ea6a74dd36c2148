"""The shell: a task that reads command lines, and waits for the job in the foreground.

^C sends SIGINT to the programs of that job, and a third one kills them; ^Z stops them. What is
stopped, or runs in the background, is a job that `fg`, `bg` and `kill` know.
"""

import signal

from .interpreter import INTERRUPTED, Interpreter
from .parser import Incomplete, ParseError, parse
from .tty.terminal import Suspended

__all__ = ["Shell"]

_SUSPENDED = 128 + signal.SIGTSTP
_BROKEN_PIPE = 128 + signal.SIGPIPE


class Shell(Interpreter):
    """One session at a terminal, or at whatever gives lines in its place."""

    def __init__(self, kernel, system, terminal, folder=None, arguments=("minios",)):
        super().__init__(kernel, system, terminal, folder, arguments)
        self._foreground = None         # the Job that is waited for
        self._next_foreground = None    # the one that `fg` has named
        self._warned_at = None          # how many lines had been read when `exit` was refused
        self._is_executing = False      # a line is being carried out
        self._suspended_early = False   # ^Z came before its job stood in the foreground

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
                    if (yield from self.may_leave()):
                        break
                    continue
                self._is_executing, self._suspended_early = True, False
                yield from self.execute(text)
            except Suspended:
                pass        # it came late: what was in the foreground has ended
            except KeyboardInterrupt:
                yield from self.say("" if self.interactive else "^C")
                self.status = INTERRUPTED
            except ValueError as error:     # a ParseError, or a line that is too long
                yield from self.complain(str(error))
                self.status = 2
            except BrokenPipeError:
                return _BROKEN_PIPE
            except OSError as error:
                yield from self.complain(error.strerror or str(error))
                self.status = 1
            finally:
                self._is_executing = False
        if self.interactive and not self.leaving:
            yield from self.say("exit")
        return self.status

    def run_script(self, task, text):
        """Carry out the commands of a text, as `task`, in place of a session. Returns the last exit
        status; a generator."""
        self.task = task
        try:
            return (yield from self.execute(text))
        except ParseError as error:
            yield from self.complain(str(error))
            return 2
        except KeyboardInterrupt:
            return INTERRUPTED

    def _read_command(self):
        """The next command, which may be of several lines; None at the end."""
        if self.interactive:
            for line in self.jobs.take_ended():
                yield from self.say(line)
        text, prompt = "", "minios$ "
        while True:
            line = yield from self.terminal.read_line(prompt)
            if line is None:
                if text:
                    parse(text)         # raises what says what is missing
                return None
            text += line
            try:
                parse(text)
            except Incomplete:
                text, prompt = text + "\n", "> "
                continue
            except ParseError:
                pass                    # `execute` says it
            if text.strip():
                self.history.append(text)
            return text

    def may_leave(self):
        """Whether to leave the shell: not, the first time, while jobs are stopped. A generator."""
        stopped = any(job.stopped and not job.done() for job in self.jobs)
        if not self.interactive or not stopped or self._warned_at == len(self.history) - 1:
            return True
        self._warned_at = len(self.history)
        yield from self.complain("there are stopped jobs; say it once more to leave")
        return False

    # --- Job control -----------------------------------------------------------------------

    def wait_in_foreground(self, job):
        status = yield from self._attend(job)
        while self._next_foreground is not None:        # it was `fg`
            job, self._next_foreground = self._next_foreground, None
            job.background = False
            self.continue_job(job)
            status = yield from self._attend(job)
        return status

    def _attend(self, job):
        """Wait for a job; ^C goes to it, a third one kills it, and ^Z stops it."""
        previous, self._foreground, interrupts = self._foreground, job, 0
        job.background = False
        try:
            while True:
                try:
                    if self._suspended_early:
                        self._suspended_early = False
                        raise Suspended
                    status = yield from self.wait_for(job)
                    self.jobs.remove(job)
                    return status
                except KeyboardInterrupt:
                    interrupts += 1
                    if self.interactive:
                        yield from self.say("")     # behind the ^C that the terminal shows
                    self.signal_job(job, signal.SIGINT if interrupts < 3 else signal.SIGKILL)
                except Suspended:
                    job.background = True
                    self.stop_job(job)
                    self.jobs.add(job)
                    yield from self.say(f"\n{self.jobs.line(job)}")
                    return _SUSPENDED
        except BaseException:
            for task in job.tasks:      # who waits for them is being killed
                task.kill()
            raise
        finally:
            self._foreground = previous

    def signal_job(self, job, signum):
        """Send a signal to the programs of a job; one that is stopped goes on, to hear it."""
        for task in job.programs():
            task.kill(signum)
        if job.stopped and signum:
            self.continue_job(job)

    def stop_job(self, job, signum=signal.SIGTSTP):
        """Stop a job, with all tasks of its programs."""
        job.stopped = True
        if job is self._foreground and self.terminal.has_keys:
            # None other may have taken them, unless it was stopped with them before.
            job.holds_keys = all(not each.holds_keys for each in self.jobs)
            if job.holds_keys:
                self.terminal.pause_keys()
        for task in self._family(job):
            task.kill(signum)

    def continue_job(self, job):
        """Let a stopped job go on."""
        job.stopped = False
        if job.holds_keys and not job.background:
            job.holds_keys = False
            self.terminal.resume_keys()
        for task in self._family(job):
            task.kill(signal.SIGCONT)

    def _family(self, job):
        """The tasks of a job, of whatever kernel, its programs' own last."""
        programs = job.programs()
        groups = {task.group for task in programs}
        tids = {str(task.tid) for task in programs}
        found = [task for prefix, kernel in self.system.programs.items() if prefix in tids
                 for task in kernel.all_tasks()]
        found += [task for task in self.kernel.all_tasks() if task.group in groups]
        return [*(task for task in found if task not in programs), *programs]

    def bring_to_foreground(self, job):
        """Let a job go on, and be waited for when the program that asks has ended: `fg`."""
        self._next_foreground = job
        self.jobs.touch(job)

    def interrupt(self):
        """^C: raise KeyboardInterrupt in the shell's task."""
        if self.task is not None and not self.task.done():
            self.kernel.interrupt(self.task, KeyboardInterrupt())

    def quit(self):
        """^\\: let what is in the foreground print its stack."""
        if self._foreground is not None:
            self.signal_job(self._foreground, signal.SIGQUIT)

    def suspend(self):
        """^Z: stop what is in the foreground."""
        if self._foreground is not None and not self.task.done():
            self.kernel.interrupt(self.task, Suspended())
        else:
            self._suspended_early = self._is_executing
