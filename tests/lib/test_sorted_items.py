"""SortedItems: sorted, stable, and unharmed by what cannot be compared."""

import random

import pytest

from minios.lib.sorted_items import SortedItems


def test_items_in_many_chunks_come_out_as_sorting_gives(monkeypatch):
    monkeypatch.setattr(SortedItems, "CHUNK", 8)
    dice, store, model = random.Random(5), SortedItems(), []
    for number in range(3000):
        if model and dice.random() < 0.45:
            assert store.pop() == model.pop(0)
        else:
            item = (dice.randrange(100), number)
            store.push(item)
            model.append(item)
            model.sort()
        assert len(store) == len(model)
    assert len(store._chunks) > 10
    assert [store.pop() for _ in model] == model
    assert store._chunks == [] and store._lasts == []


def test_what_cannot_be_compared_with_its_neighbours_does_not_come_in(monkeypatch):
    monkeypatch.setattr(SortedItems, "CHUNK", 4)
    store = SortedItems()
    items = [(number, {"number": number}) for number in range(20)]
    for item in reversed(items):
        store.push(item)
    for number in range(20):
        with pytest.raises(TypeError, match="cannot be compared"):
            store.push((number, {"another": number}))
    assert [store.pop() for _ in items] == items
