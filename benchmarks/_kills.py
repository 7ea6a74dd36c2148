"""Kills: the harness of tests/lib/test_kill_everywhere.py, counted."""

import json
import os
import sys

from _child import Row

NAME = "kills"
_TARGETS = ("tasks", "timers", "registrations", "descriptors", "items", "locks")
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def measure(quick):
    """Rows: how many cases, and what is left after them."""
    import subprocess

    if not os.path.exists(os.path.join(_ROOT, "tests", "lib", "suspension_points.py")):
        yield Row(NAME, "not run: its harness is in the tests, which are not here", "", "", None)
        return
    # In a process of its own: what is left there must not be looked for among our descriptors.
    done = subprocess.run(
        [sys.executable, __file__, *(["--quick"] if quick else [])], capture_output=True, text=True
    )
    if done.returncode:
        yield Row(NAME, f"not run: {done.stderr.strip().splitlines()[-1]}", "", "", None)
        return
    cases, skipped, found = json.loads(done.stdout)
    what = "each operation, suspension point and signal"
    if skipped:
        what += f" (without {', '.join(skipped)})"
    yield Row(NAME, what, f"{cases} cases", "", None)
    for kind in _TARGETS:
        yield Row(NAME, "", f"{found.get(kind, 0)} {kind} left or lost", "0", not found.get(kind))
    others = {kind: count for kind, count in found.items() if kind not in _TARGETS}
    yield Row(NAME, "", f"{sum(others.values())} other findings {others or ''}", "0", not others)


def main():
    """In the child: play everything, and print what was found as JSON."""
    sys.path.insert(0, _ROOT)
    from tests.lib import scenarios  # noqa: F401 - enters them
    from tests.lib.suspension_points import SCENARIOS, WAYS, strike_everywhere

    ways = WAYS[:4] if "--quick" in sys.argv else WAYS
    cases, skipped, found = 0, [], {}
    for scenario in SCENARIOS:
        if scenario.missing and scenario.missing():
            skipped.append(scenario.name)
            continue
        for how in ways:
            for _, findings in strike_everywhere(scenario, how):
                cases += 1
                for kind, texts in findings.items():
                    found[kind] = found.get(kind, 0) + len(texts)
                    print(scenario.name, how.name, kind, *texts, file=sys.stderr)
    print(json.dumps([cases, skipped, found]))


if __name__ == "__main__":
    main()
