import math

import pytest

from featurizers.impurities import IMPURITIES, ImpurityScore, Line, rank_impurities, score_impurity, verdict


def line(two_theta_deg, intensity_pct=100.0, hkl="(100)"):
    return Line(hkl, two_theta_deg, 2.0, intensity_pct)


WIDE = (5.0, 60.0)


def test_a_phase_whose_every_line_is_seen_scores_one():
    score = score_impurity("A", [line(20.0), line(30.2, 40)], [], [20.1, 30.0], WIDE)
    assert score.score == score.seen_pct / 100 == 1
    assert score.explained == (20.1, 30.0)
    assert score.misfit_deg == pytest.approx(0.15)
    assert score.look_for is None


def test_a_strong_absent_line_counts_twice_and_a_weak_one_once():
    strong = score_impurity("A", [line(20.0), line(30.0, 100)], [], [20.0], WIDE)
    weak = score_impurity("A", [line(20.0), line(30.0, 10)], [], [20.0], WIDE)
    assert strong.score == pytest.approx(0.5 - 0.5)
    assert weak.score == pytest.approx(100 / 110)


def test_a_line_hidden_by_the_main_phase_is_not_expected():
    lines, peaks = [line(20.0), line(30.0)], [20.0]
    assert score_impurity("A", lines, [line(30.3)], peaks, WIDE).score == 1
    assert score_impurity("A", lines, [line(30.3, 4)], peaks, WIDE).score == 0
    assert score_impurity("A", lines, [line(30.4)], peaks, WIDE).score == 0


def test_a_line_outside_the_measured_range_is_where_to_look():
    score = score_impurity("A", [line(20.0), line(10.0, 90), line(40.0, 30)], [], [20.0], (19.0, 21.0))
    assert score.score == 1
    assert score.look_for == line(10.0, 90)


def test_a_phase_that_explains_half_of_the_peaks_scores_half():
    assert score_impurity("A", [line(20.0)], [], [20.0, 33.0], WIDE).score == 0.5


def test_a_phase_without_any_line_there_scores_nothing():
    score = score_impurity("A", [], [], [20.0], WIDE)
    assert (score.score, score.explained, score.misfit_deg) == (0, (), math.inf)


def test_faint_lines_are_not_expected():
    assert score_impurity("A", [line(20.0), line(30.0, 4.9)], [], [20.0], WIDE).score == 1


def test_the_smaller_misfit_decides_between_equals():
    ranked = rank_impurities({"far": [line(20.3)], "near": [line(20.1)]}, [], [20.0], WIDE)
    assert [impurity.name for impurity in ranked] == ["near", "far"]


def scored(name, score, explained=(20.0,), look_for=None):
    return ImpurityScore(name, score, 0.0, 0.0, explained, 0.1, look_for)


@pytest.mark.parametrize(
    ("scores", "peaks", "sentence"),
    [
        ((0.9, 0.2), [20.0], "A explains the extra peak: it scores 0.90, the next, B, 0.20."),
        ((0.9, 0.2), [20.0, 30.0], "A explains 1 of the 2 extra peaks: it scores 0.90, the next, B, 0.20."),
        ((0.9, 0.85), [20.0], "A and B explain the extra peak about equally well: they score 0.90 and 0.85."),
        (
            (0.3, 0.2),
            [20.0],
            f"None of {', '.join(IMPURITIES)} explains the extra peak; A comes nearest: it scores 0.30",
        ),
        ((0.0, -0.2), [20.0], f"None of {', '.join(IMPURITIES)} explains the extra peak."),
    ],
)
def test_the_verdict_is_said_in_words(scores, peaks, sentence):
    first, second = scores
    assert verdict([scored("A", first), scored("B", second)], peaks).startswith(sentence)


def test_the_verdict_says_where_to_look():
    best = scored("A", 1.0, look_for=line(13.78, hkl="(111)"))
    assert verdict([best, scored("B", 0.0)], [20.0]).endswith("To be sure, look for A (111) at 13.8 deg.")
