import numpy as np
import pytest

from datasets.materials import used_value
from datasets.recipe import COOLINGS
from featurizers.process import (
    BROMIDE_WINDOW_K,
    COOLING_RATE_K_MIN,
    MELTING_RANGE_TOP_C,
    bromide_dwell_log10,
    superheat_K,
)


def test_cooling_is_faster_in_the_order_of_its_names():
    rates = [COOLING_RATE_K_MIN[cooling] for cooling in COOLINGS]
    assert rates == sorted(rates, reverse=True)
    assert COOLING_RATE_K_MIN["slow"] == pytest.approx(2.7, abs=0.05)


def test_constants_are_those_of_the_table_of_facts():
    assert used_value("Li2OHX", "melting_range_high") == MELTING_RANGE_TOP_C
    window = used_value("Li3(OH)2Br", "stability_high") - used_value("Li3(OH)2Br", "stability_low")
    assert window == BROMIDE_WINDOW_K


def test_superheat_is_negative_below_the_melting_range():
    assert superheat_K([350, 300, 250]).tolist() == [50, 0, -50]


def test_slow_cooling_harms_bromide_most():
    dwell = bromide_dwell_log10([0, 0.5, 1], COOLING_RATE_K_MIN["slow"])
    assert dwell == pytest.approx(np.array([1, 0.5, 0]) * np.log10(1 + 120 * 50 / 325))
    assert bromide_dwell_log10(0, COOLING_RATE_K_MIN["quench"]) < 0.05
