"""The paper's cells as a campaign sees them."""

import pytest

from datasets.cells import henkel2025
from experiments.campaign_file import Campaign
from experiments.proposals.drafting import searched, standing
from screening.model_options import ModelOptions


@pytest.fixture(scope="session")
def campaign(small_space):
    return Campaign(name="paper", space=small_space)


@pytest.fixture(scope="session")
def now(campaign, cache_dir):
    return standing(campaign, henkel2025(), ModelOptions(), [], cache_dir)


@pytest.fixture(scope="session")
def pool(campaign, now):
    return searched(campaign, now, [], seed=0)
