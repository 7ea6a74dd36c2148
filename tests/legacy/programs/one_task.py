"""A task without an operating system: whoever holds it says when it runs."""
# ruff: noqa: F403, F405

from minios.legacy.pyos import *


def recipe():
    print("boil the water")
    yield
    print("add the tea")
    yield
    print("wait")


task = Task(recipe())
print("task", task.tid)
task.run()
print("-- the telephone rings --")
task.run()
try:
    task.run()
except StopIteration:
    print("nothing is left to do")
