"""Sorting in slices."""

import random

import minios
from minios.shell.listing.ordering import order_by, sortable


def ordered(values, *, descending=False, order=None):
    order = range(len(values)) if order is None else order
    return minios.run(order_by(values, order, descending))


def test_many_values_are_sorted_as_few_are_and_those_that_are_equal_keep_their_order():
    values = [random.Random(number).randrange(50) for number in range(10_000)]
    numbers = list(range(len(values)))
    assert ordered(values) == sorted(numbers, key=values.__getitem__)
    assert ordered(values, descending=True) == sorted(
        numbers, key=values.__getitem__, reverse=True)


def test_to_sort_by_the_second_key_first_is_to_sort_by_two_keys():
    first, second = [1, 0, 1, 0], ["b", "b", "a", "a"]
    assert ordered(first, order=ordered(second)) == [3, 1, 2, 0]


def test_nothing_sorts_to_nothing():
    assert ordered([]) == []


def test_what_is_unknown_comes_first_and_what_is_no_number_last():
    values = [sortable(value, left=False) for value in ("2/5", 3, None, -1.5)]
    assert ordered(values) == [2, 3, 1, 0]
    texts = [sortable(value, left=True) for value in ("b", None, "a")]
    assert ordered(texts) == [1, 2, 0]


def test_sorting_many_gives_up_the_turn_in_between():
    turns = sum(1 for _ in order_by(list(range(10_000)), range(10_000), False))
    assert turns >= 5
