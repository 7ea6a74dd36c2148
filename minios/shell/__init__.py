"""The shell: a task that reads command lines, and programs that look at the other tasks.

Reading order: boot, shell, interpreter, parser, expansion, jobs; process, streams, running,
programs; system, pace; terminal, prompt, completion, keyboard, redirect; loader; console.
"""
