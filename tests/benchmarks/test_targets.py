"""The targets: what is promised, and how it is judged."""

import pytest
from minios.benchmarks import targets
from minios.benchmarks.report import as_data
from minios.benchmarks.targets import (
    TARGETS,
    AtMost,
    Faster,
    Growth,
    Less,
    LessThanAll,
    verdict_table,
    verdicts,
)
from minios.benchmarks.works import NAMES, Work


@pytest.fixture
def judged(monkeypatch, result):
    """(measured, met) of one target, for the medians of contenders, or of (size, contender)."""

    def judged(promise, medians, work="switch", size=(100,)):
        monkeypatch.setattr(targets, "TARGETS", [(work, size, promise)])
        results = [
            result(work, *(key if isinstance(key, tuple) else (size, key)), value)
            for key, value in medians.items()
        ]
        (verdict,) = verdicts(as_data(results, {}))
        return verdict.measured, verdict.met

    return judged


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"{target[0]} {target[2]}")
def test_a_target_is_about_a_work_a_size_and_contenders_that_there_are(target):
    name, size, promise = target
    assert name in NAMES
    work = Work(name)
    assert size is None or size in work.sizes
    assert getattr(promise, "smaller", work.sizes[0]) in work.sizes
    assert getattr(promise, "by", "minios") in work.contenders()
    assert promise.promised(work)


def test_at_most_is_met_up_to_its_factor(judged):
    assert judged(AtMost(1.5, "bare"), {"minios": 3.0, "bare": 2.0}) == ("1.50 x", True)
    assert judged(AtMost(1.5, "bare"), {"minios": 3.1, "bare": 2.0}) == ("1.55 x", False)


def test_faster_counts_what_the_other_needs(judged):
    assert judged(Faster(8, "trio"), {"minios": 1.0, "trio": 8.0}) == ("8.00 x", True)
    assert judged(Faster(8, "trio"), {"minios": 1.0, "trio": 7.0}) == ("7.00 x", False)


def test_less_is_not_met_by_as_much(judged):
    assert judged(Less("uvloop"), {"minios": 1.0, "uvloop": 2.0}) == ("0.50 x", True)
    assert judged(Less("uvloop"), {"minios": 1.0, "uvloop": 1.0}) == ("1.00 x", False)


def test_less_than_all_is_judged_by_the_peer_that_comes_closest(judged):
    peers = dict.fromkeys(("asyncio", "uvloop", "curio", "trio", "gevent"), 4.0)
    assert judged(LessThanAll(), {"minios": 1.0, **peers, "curio": 2.0}) == ("0.50 x curio", True)
    assert judged(LessThanAll(), {"minios": 1.0, **peers, "trio": 0.5}) == ("2.00 x trio", False)


def test_less_than_all_does_not_count_the_bare_loop_and_names_who_is_missing(judged):
    measured, met = judged(LessThanAll(), {"minios": 2.0, "bare": 1.0, "asyncio": 4.0})
    assert met and measured == "0.50 x asyncio, without uvloop, curio, trio, gevent"


def test_growth_compares_two_sizes_of_minios(judged):
    growth = Growth((100,), 2)
    medians = {((100,), "minios"): 1.0, ((1000,), "minios"): 1.5, ((1000,), "trio"): 9.0}
    assert judged(growth, medians, size=(1000,)) == ("1.50 x", True)
    assert judged(growth, {**medians, ((1000,), "minios"): 2.0}, size=(1000,)) == ("2.00 x", False)


@pytest.mark.parametrize("promise", [
    AtMost(1, "trio"), Faster(1, "trio"), Less("trio"), LessThanAll(), Growth((10,), 2)
])
@pytest.mark.parametrize("medians", [{}, {"minios": 1.0}, {"trio": 1.0, "asyncio": 1.0}])
def test_what_was_not_measured_is_neither_met_nor_missed(judged, promise, medians):
    assert judged(promise, medians) == ("not measured", None)


def test_one_that_has_failed_was_not_measured(monkeypatch, result):
    monkeypatch.setattr(targets, "TARGETS", [("switch", (100,), Less("trio"))])
    results = [result("switch", (100,), "minios", 1.0),
               result("switch", (100,), "trio", 2.0, problem="no luck")]
    assert verdicts(as_data(results, {}))[0].met is None


def test_a_target_for_every_size_has_a_verdict_for_each(monkeypatch):
    monkeypatch.setattr(targets, "TARGETS", [("switch", None, Less("trio"))])
    assert [each.size for each in verdicts({"results": []})] == list(Work("switch").sizes)


def test_the_table_has_a_line_a_target_and_says_which_are_met(monkeypatch, result):
    monkeypatch.setattr(targets, "TARGETS", [
        ("switch", (100,), AtMost(1.4, "bare")), ("switch", (100,), Faster(8, "asyncio")),
        ("switch", (100,), Less("trio")),
    ])
    results = [result("switch", (100,), "minios", 1.0), result("switch", (100,), "bare", 1.0),
               result("switch", (100,), "asyncio", 2.0)]
    met, missed, neither = verdict_table(as_data(results, {})).splitlines()[2:]
    assert "at most 1.4 x deque + send" in met and met.endswith("met")
    assert "at least 8 x as fast as asyncio  2.00 x" in missed and missed.endswith("MISSED")
    assert neither.endswith("not measured")
