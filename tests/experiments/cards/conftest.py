"""Cards to look at."""

from functools import partial

import pytest

from tests.experiments.cards.example_cards import example


@pytest.fixture
def make(cache_dir):
    """Make a card: `make("R7", recipe(...), reason=...)`."""
    return partial(example, cache_dir=cache_dir)
