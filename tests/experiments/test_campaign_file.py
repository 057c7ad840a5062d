"""The campaign file: its default, its template and everything a user can mistype in it."""

import pytest

from datasets.errors import InputError
from experiments.campaign_file import Campaign, campaign_template, init, read_campaign
from screening import Gates, RecipeSpace


def written(tmp_path, text):
    path = tmp_path / "campaign.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_is_the_default():
    campaign = read_campaign()
    assert campaign.space == RecipeSpace()
    assert campaign.gates == Gates()
    assert campaign.cells == ("henkel2025",)


def test_template_says_what_the_default_is(tmp_path):
    path = init(tmp_path)
    assert path == tmp_path / "campaign.toml"
    assert read_campaign(path).model_dump() == Campaign().model_dump()
    assert read_campaign(path).folder == tmp_path
    assert "retention_pct" in campaign_template()


def test_init_leaves_a_file_alone(tmp_path):
    path = written(tmp_path, "# mine")
    with pytest.raises(InputError, match="there already"):
        init(path)
    assert path.read_text() == "# mine"
    with pytest.raises(InputError, match="No such file or directory"):
        init(tmp_path / "nowhere" / "campaign.toml")


def test_false_lifts_a_gate(tmp_path):
    campaign = read_campaign(written(tmp_path, "[gates]\nlargest_total_wt_pct = false\ncoated_only = false"))
    assert campaign.gates.largest_total_wt_pct is None
    assert campaign.gates.coated_only is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('nmae = "x"', r"nmae: got 'nmae', expected one of the keys name.*did you mean name\?"),
        ("[gates]\nlargest_thickness = 3", "did you mean largest_thickness_nm"),
        ("[gates]\nlargest_total_wt_pct = -1", "gates.largest_total_wt_pct: got -1"),
        ("[space]\nhalide_cl = {low = 0, high = 1, stp = 0.1}", "did you mean step"),
        ("[space]\nhalide_cl = {low = 0, high = 1, step = 0.3}", "space.halide_cl: got .* set high to 0.9"),
        ('[space]\noxides = ["LiNbO2"]', "did you mean LiNbO3"),
        ('[[targets]]\ntarget = "retention"', "did you mean retention_pct"),
        ('[[targets]]\ntarget = "retention_pct"\n[[targets]]\ntarget = "retention_pct"', "each target once"),
        ("targets = []", "targets: got .*at least 1 item"),
        ("cells = []", "cells: got"),
        ("name = 3", "name: got 3, expected .*string"),
        ("random_state = -1", "random_state: got -1"),
        ("name = ", "expected TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read_campaign(path)
    assert str(caught.value).startswith(str(path))


def test_all_problems_come_at_once(tmp_path):
    path = written(tmp_path, 'nmae = "x"\nrandom_state = -1\n[gates]\nfurnace_limit_C = "hot"')
    with pytest.raises(InputError) as caught:
        read_campaign(path)
    assert [problem.where for problem in caught.value.problems] == ["random_state", "gates.furnace_limit_C", "nmae"]


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(InputError, match="lirap init"):
        read_campaign(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="UTF-8"):
        read_campaign(tmp_path / "binary.toml")
    with pytest.raises(InputError, match="text file"):
        read_campaign(tmp_path)


@pytest.mark.parametrize(
    "text", ["[gates]\nfurnace_limit_C = true", "[space.halide_cl]\nlow = 0\nhigh = true\nstep = 1"]
)
def test_true_is_no_number(tmp_path, text):
    with pytest.raises(InputError, match=r"got True, expected .*number"):
        read_campaign(written(tmp_path, text))


def test_what_is_wrong_is_said_once(tmp_path):
    path = written(tmp_path, '[[targets]]\ntarget = "retention"')
    with pytest.raises(InputError) as caught:
        read_campaign(path)
    (problem,) = caught.value.problems
    assert str(problem).startswith("targets.0: got {'target': 'retention'}, expected one of q_discharge_first_mAh_g")
