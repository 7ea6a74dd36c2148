"""Run one project's tests with one event loop, in child processes that may crash or hang.

A run goes on after a crash: the test that was under way has failed, and another process runs the
rest. pytest-timeout ends the process of a test that hangs (its `thread` method: a signal would have
to get through the loop that is on trial), and a total limit ends whatever escapes that.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Each restart is a test that took the process with it. A loop that does so this often has been
# judged; what is left over counts as failed.
_RESTARTS = 50


@dataclass
class Outcome:
    """What became of one test."""

    state: str
    """passed, failed or skipped"""
    why: str = ""
    loops: int = 0
    """loops of the class that is tried"""
    other_loops: int = 0
    flaky: bool = False
    """it failed at first and passed when it was repeated"""


@dataclass(frozen=True)
class Limits:
    """Seconds that one test, and one process with all its tests, may take."""

    test: float
    total: float


class Suite:
    """One project's tests with one loop: `loop` is "module:Class", or None for asyncio's own."""

    def __init__(self, project, environment, loop, paths, limits, keywords=""):
        self._project = project
        self._environment = environment
        self._loop = loop
        self._paths = paths
        self._limits = limits
        self._keywords = keywords

    def run(self):
        """Run every test, then repeat what failed; -> {test id: Outcome}.

        The failed ones are repeated without the rest first, and those that fail again each in a
        process of its own. A test that passes either time is flaky and counts as passed.
        """
        outcomes = self._run_all()
        for alone in (False, True):
            failed = [name for name, outcome in outcomes.items() if outcome.state == "failed"]
            for group in [[name] for name in failed] if alone else [failed]:
                if group:
                    self._repeat(outcomes, group)
        return outcomes

    def _repeat(self, outcomes, names):
        again = self._run_all(names)
        for name in names:
            if name in again and again[name].state == "passed":
                again[name].flaky = True
                again[name].why = outcomes[name].why
                outcomes[name] = again[name]

    def _run_all(self, only=None):
        outcomes = {}
        for _ in range(_RESTARTS):
            known = len(outcomes)
            end = self._run_process(outcomes, only)
            if not end:
                return outcomes
            if len(outcomes) == known:
                break
        outcomes["(the run)"] = Outcome("failed", end)
        return outcomes

    def _run_process(self, outcomes, only):
        """Run what is not in `outcomes` yet; -> "" at a proper end, else how the process ended."""
        # Not in the cache: sockets are made in here, whose paths may have 107 bytes.
        work = Path(tempfile.mkdtemp(prefix="eco-"))
        try:
            record, log = work / "record", work / "log"
            record.touch()
            plan = {
                "record": str(record), "only": only, "done": list(outcomes),
                "without": sorted(self._project.without_parameters),
            }
            (work / "plan").write_text(json.dumps(plan))
            (work / "tmp").mkdir()
            prefix = _become_unprivileged(work) if self._project.unprivileged else []
            with open(log, "wb") as output:
                status = self._supervise([*prefix, *self._command(only)], work, output)
            return _read_record(record, outcomes, status, log)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _command(self, only):
        plugins = ["-p", "_recorder"]
        if self._loop is not None:
            # First, so that the loop is in place before a plugin can keep the stock one.
            plugins = ["-p", "loopsub", *plugins]
        # To collect the files that are not asked for takes longer than most tests do.
        files = ["tests"] if only is None else sorted({_file_of(name) for name in only})
        return [
            self._environment.python, "-m", "pytest", *plugins, "--override-ini=addopts=",
            "--color=no", "-p", "no:cacheprovider", "--continue-on-collection-errors", "-q",
            "--timeout", str(self._limits.test), "--timeout-method=thread",
            "-k", self._keywords,
            *self._project.arguments, *files,
        ]

    def _variables(self, work):
        variables = dict(
            os.environ,
            PYTHONPATH=os.pathsep.join(str(path) for path in [HERE, *self._paths]),
            PYTHONPYCACHEPREFIX=str(self._environment.source.parent / "bytecode"),
            ECOSYSTEM_PLAN=str(work / "plan"),
            TMPDIR=str(work / "tmp"),
            HOME=str(work / "tmp"),
            **dict(self._project.environment),
        )
        for disturbing in ("PYTHONASYNCIODEBUG", "PYTEST_ADDOPTS", "LOOPSUB"):
            variables.pop(disturbing, None)
        if self._loop is not None:
            variables["LOOPSUB"] = self._loop
        return variables

    def _supervise(self, command, work, output):
        """Run pytest in a session of its own; -> its status, or "over N s in all"."""
        process = subprocess.Popen(
            command, cwd=self._environment.source, env=self._variables(work),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )
        try:
            return process.wait(self._limits.total)
        except subprocess.TimeoutExpired:
            return f"over {self._limits.total:g} s in all"
        finally:
            # Also what a crashed process left behind: servers, workers, a database.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def _file_of(name):
    """-> the file of a test, or the one that could not be collected"""
    file = name.partition("::")[0].removesuffix(" (collected)")
    return file if file.endswith(".py") else "tests"


def _read_record(record, outcomes, status, log):
    under_way = exit_status = None
    for line in record.read_text().splitlines():
        kind, *fields = json.loads(line)
        if kind == "start":
            under_way = fields[0]
        elif kind == "done":
            outcomes[fields[0]] = Outcome(*fields[1:])
            under_way = None
        else:
            exit_status = fields[0]
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-60:])
    end = f"the process ended with {status}:\n{tail}"
    if under_way is not None:
        outcomes[under_way] = Outcome("failed", f"crash, hang or interruption; {end}")
        return end
    # 0: all passed, 1: some failed, 5: none was collected. Anything else is no proper end, and
    # neither is a process that dies after it.
    return "" if exit_status in (0, 1, 5) and status == exit_status else end


def _become_unprivileged(work):
    """-> the command to put before another so that it does not run as root.

    The interpreter and the cache may stand in folders that only root may enter, so the right to
    read everything is kept: PostgreSQL looks at the user's number alone.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        sys.exit("run as another user than root, or install setpriv (Debian: util-linux)")
    user = "nobody"
    for path in [work, *work.iterdir()]:
        shutil.chown(path, user)
    return [
        "setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups",
        "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
    ]
