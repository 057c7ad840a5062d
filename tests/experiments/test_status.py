"""Where a campaign stands, as partial, wrong and late results come in."""

from datetime import UTC, datetime, timedelta

import pytest

from datasets.errors import InputError
from datasets.recipe import Recipe
from experiments import campaign as campaigns
from experiments.campaign_file import Campaign
from experiments.ledger import LedgerCell, LedgerRecipe, Proposal
from experiments.status import standing_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TARGETS = ("q_discharge_first_mAh_g", "retention_pct")
COATED = Recipe(antiperovskite_wt_pct=1, halide_cl=0.5, melt_temperature_C=350, cooling="quench")


def recipe(state="proposed", cells=(), days=50, **more):
    proposed_at = NOW - timedelta(days=days)
    return LedgerRecipe("R1", COATED, 1, state, list(cells), {}, "", [], proposed_at, **more)


def cell(number, days, retracted=False, **values):
    return LedgerCell(f"R1-{number}", values, NOW - timedelta(days=days), retracted)


def test_overdue_counts_from_the_last_sign_of_life():
    late = standing_of(recipe(), TARGETS, NOW, overdue_days=45)
    assert late.is_overdue
    assert late.days == 50
    running = recipe("running", [cell(1, days=10, q_discharge_first_mAh_g=190.0)])
    assert not standing_of(running, TARGETS, NOW, overdue_days=45).is_overdue
    assert not standing_of(recipe("rejected"), TARGETS, NOW, overdue_days=45).is_overdue
    assert not standing_of(recipe("measured"), TARGETS, NOW, overdue_days=45).is_overdue


def test_results_are_means_over_the_cells_that_count():
    cells = [cell(1, 9, retention_pct=80.0), cell(2, 8, retention_pct=84.0), cell(3, 7, True, retention_pct=10.0)]
    found = standing_of(recipe("running", cells), TARGETS, NOW, overdue_days=45)
    assert found.measured == {"q_discharge_first_mAh_g": None, "retention_pct": 82.0}
    assert found.cells == ["R1-1", "R1-2"]


@pytest.fixture
def started(small_space, tmp_path, cache_dir):
    """A campaign with one round of two recipes, written down without a model."""
    campaign = Campaign(name="small", space=small_space, folder=tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "cache").symlink_to(cache_dir)
    other = COATED.model_copy(update={"halide_cl": 0.75})
    ledger = campaigns.campaign_ledger(campaign)
    summary = {"cells": 6, "front": [], "prospects": {"reached": [], "chance": 0.5, "sentence": "Go on."}}
    ledger.add_round(
        [Proposal(one, False, {}, "why", []) for one in (COATED, other)],
        options={}, summary=summary, cells_digest="d", space=campaign.space.model_dump(mode="json"),
    )  # fmt: skip
    return campaign


def test_before_the_first_round_the_way_to_it_is_told(small_space, tmp_path):
    found = campaigns.status(Campaign(space=small_space, folder=tmp_path))
    assert "lirap propose" in found.sentence
    assert found.recipes == []
    assert not (tmp_path / "runs").exists()


def test_what_came_in_since_the_round_is_said(started):
    campaigns.campaign_ledger(started).record("R1", {"q_discharge_first_mAh_g": 199})
    found = campaigns.status(started)
    assert "1 running, 1 proposed" in found.notes[0]
    assert "1 cell came in since round 1" in found.notes[1]
    assert found.chance == 0.5


def test_a_space_that_changed_is_recognised_and_nothing_is_dropped(started):
    narrow = started.space.model_copy(update={"halide_cl": started.space.halide_cl.model_copy(update={"high": 0.5})})
    found = campaigns.status(started.model_copy(update={"space": narrow}))
    assert "outside of it now, and kept all the same: R2" in found.notes[-1]
    assert [one.id for one in found.recipes] == ["R1", "R2"]


@pytest.mark.slow
def test_refreshing_learns_from_what_came_in(started):
    campaigns.campaign_ledger(started).record("R1", {"q_discharge_first_mAh_g": 212, "ce_first_pct": 88})
    found = campaigns.status(started, refresh=True)
    assert [one["round"] for one in found.reached] == [0, 1]
    assert found.as_of == "as of now"
    later = next(one for one in found.recipes if one.id == "R1").later["retention_pct"]
    assert later["low"] < later["mean"] < later["high"]


def test_lineage_leads_to_the_cells(started):
    campaigns.campaign_ledger(started).record("R1", {"retention_pct": 81})
    found = campaigns.lineage(started, "r1")
    assert found["digest_of_those_cells"] == "d"
    assert found["cells_since"] == ["R1-1: retention_pct 81.0"]
    with pytest.raises(InputError, match="expected one of R1, R2"):
        campaigns.lineage(started, "R9")
