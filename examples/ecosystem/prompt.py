"""A prompt at which you may take your time: prompt_toolkit edits the line, others go on printing.

Type `5 the tea is ready`, and go on typing: a task of its own prints that line in five seconds,
above the one that you are in. Ctrl-C throws away what you have typed, Ctrl-D leaves.

    pip install "minios[ecosystem]"                 (prompt_toolkit)
    python examples/ecosystem/prompt.py
"""

import sys
from math import isfinite

import minios
from minios import TaskGroup
from minios.aio import aio
from syscalls import Sleep

try:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.patch_stdout import patch_stdout
except ImportError:
    sys.exit('prompt needs prompt_toolkit: pip install "minios[ecosystem]"')


def alarm(seconds, text):
    """A task: say something, later."""
    yield Sleep(seconds)
    print(f"* {text}")


def parse(line):
    """The seconds and the text of an alarm. Raises ValueError."""
    seconds, text = line.split(maxsplit=1)
    if not (isfinite(seconds := float(seconds)) and seconds >= 0):
        raise ValueError(seconds)
    return seconds, text


def main():
    """Read lines until the end, and start a task for each."""
    session = PromptSession("alarm> ")
    with patch_stdout(), TaskGroup() as group:      # print() now writes above the prompt
        while True:
            try:
                line = yield from aio(session.prompt_async())
                if line.strip():
                    group.spawn(alarm(*parse(line)), daemon=True)
            except KeyboardInterrupt:
                print("(Ctrl-D leaves)")
            except ValueError:
                print("SECONDS TEXT, please")
            except EOFError:
                break
        waiting = len(group.tasks)
        yield from group.join()         # kills the daemons, when there is nobody but them
    print(f"bye; alarms that were still to come: {waiting}")


if __name__ == "__main__":
    minios.run(main())
