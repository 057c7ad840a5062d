from experiments.home import home_folder


def test_home_is_named_or_from_the_environment_or_beside_the_campaign_file(tmp_path, monkeypatch):
    monkeypatch.delenv("LIRAP_HOME", raising=False)
    assert home_folder(tmp_path) == tmp_path / "runs"
    monkeypatch.setenv("LIRAP_HOME", str(tmp_path / "there"))
    assert home_folder(tmp_path) == tmp_path / "there"
    assert home_folder(tmp_path, tmp_path / "named") == tmp_path / "named"
