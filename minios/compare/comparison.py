"""A comparison: both programs of a pair were run; do they print the same?"""

import re
from itertools import zip_longest

from .measure import run_program

__all__ = ["SIDES", "Comparison"]

SIDES = ("generators", "async")


class Comparison:
    """Two Runs of one pair. `run(pair)` makes it."""

    __slots__ = ("pair", "runs")

    def __init__(self, pair, runs):
        self.pair = pair
        self.runs = runs        # one for each of SIDES

    @classmethod
    def run(cls, pair):
        """Run both programs of `pair`, one after the other so that neither disturbs the other."""
        return cls(pair, (run_program(pair.generators), run_program(pair.coroutines)))

    def failed(self):
        """The Runs of the programs that failed."""
        return [run for run in self.runs if run.problem]

    def agrees(self):
        """Whether both printed the very same."""
        return self.runs[0].output == self.runs[1].output

    def passed(self):
        """Whether both ran well and printed the same."""
        return self.agrees() and not self.failed()

    def first_difference(self):
        """(line number, the one's line, the other's) where the outputs part; None if nowhere.

        Lines come with the newline at their ends; None stands for one that is not there.
        """
        lines = [re.findall(r".*\n|.+", run.output) for run in self.runs]
        for number, (left, right) in enumerate(zip_longest(*lines), start=1):
            if left != right:
                return number, left, right
        return None

    def as_data(self, with_source=True):
        """All of it in what JSON can express; times in milliseconds."""
        difference = self.first_difference()
        return {
            "name": self.pair.name,
            "about": self.pair.about,
            "passed": self.passed(),
            "agree": difference is None,
            "first_difference": difference and dict(zip(("line", *SIDES), difference, strict=True)),
            "programs": {
                side: run.as_data(with_source)
                for side, run in zip(SIDES, self.runs, strict=True)
            },
        }
