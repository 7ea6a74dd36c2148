"""Which blocking operations there are, and in which of them a victim has been suspended."""

import importlib
import inspect
import pkgutil
import sys

import minios.lib
from minios.kernel.hooks import Hooks

from .suspension_points import Assassin, play


class Observer(Hooks):
    """Sees in which operations the victim is suspended: the names of the functions of minios.lib,
    and of the calls. Those that it runs through, waiting or not, are in `entered`."""

    def __init__(self):
        self.suspended, self.entered, self.calls = set(), set(), set()

    def attached(self, kernel):
        self.kernel = kernel
        self.assassin = next(each for each in kernel.hooks if isinstance(each, Assassin))

    def turn_started(self, task):
        if task is self.assassin.victim:
            sys.setprofile(self._profile)

    def turn_ended(self, task):
        sys.setprofile(None)
        if task is self.assassin.victim:
            self.suspended |= {
                frame.f_code.co_qualname for frame in task.frames() if _is_of_library(frame)
            }
            if task.call is not None:
                self.calls.add(type(task.call).__name__)

    def call_made(self, task, call):
        if task is self.assassin.victim:
            self.calls.add(type(call).__name__)

    def _profile(self, frame, event, argument):
        if event == "call" and _is_of_library(frame):
            self.entered.add(frame.f_code.co_qualname)


def _is_of_library(frame):
    return frame.f_globals.get("__name__", "").startswith("minios.lib.")


def operations():
    """The public blocking functions and methods of minios.lib: their qualified names."""
    found = set()
    for info in pkgutil.iter_modules(minios.lib.__path__, "minios.lib."):
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            if name[0] != "_" and getattr(thing, "__module__", None) == module.__name__:
                members = vars(thing) if inspect.isclass(thing) else {name: thing}
                found |= {
                    member.__code__.co_qualname for name, member in members.items()
                    if inspect.isgeneratorfunction(member)
                    and (name[0] != "_" or name.endswith("__"))
                }
    return found


def observe(scenario):
    """Play `scenario` unharmed; the Observer, and the Case."""
    observer = Observer()
    case = play(scenario, observer=observer)
    return observer, case
