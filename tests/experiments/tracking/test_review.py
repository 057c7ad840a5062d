"""The review server, asked by programs that have nothing to do with it."""

import json
import signal
import socket
from http.client import HTTPConnection
from pathlib import Path

import mlflow
import pytest

from datasets.errors import InputError
from experiments.campaign_file import Campaign
from experiments.tracking.review import Guarded, first_view, loopback_socket, review
from experiments.tracking.store import open_store, tracked_run

SECRET = "what lies in another folder"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("review") / "runs"
    home.parent.joinpath("secret").write_text(SECRET)
    with tracked_run(open_store(home, "lirap"), "screen 2.7 k recipes, 6 cells", "screen"):
        mlflow.log_text("<p>words</p>", "report.html")
    return home


@pytest.fixture(scope="module")
def served(home, reviewing):
    with reviewing(home, "--port", "5600") as both:
        yield both


def asked(served, path, method="GET", body=None, **headers):
    """Ask the server for a path exactly as it is written here."""
    connection = HTTPConnection(served[0]["server"].removeprefix("http://"), timeout=20)
    headers = {"content-type": "application/json", **{name.capitalize(): value for name, value in headers.items()}}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    return response.status, text


@pytest.mark.slow
def test_runs_and_their_files_are_served(served, tmp_path):
    client = mlflow.MlflowClient(served[0]["server"])
    (run,) = client.search_runs([client.get_experiment_by_name("lirap").experiment_id], "tags.`lirap.kind` = 'screen'")
    assert run.info.run_name == "screen 2.7 k recipes, 6 cells"
    status, text = asked(served, f"/get-artifact?path=report.html&run_uuid={run.info.run_id}")
    assert (status, text) == (200, "<p>words</p>")
    assert f"#/experiments/{run.info.experiment_id}/runs?workflowType=machine_learning" in served[0]["page"]


@pytest.mark.slow
def test_it_is_one_process_that_only_this_machine_reaches(served):
    _, process = served
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("no /proc here")
    assert children.read_text() == ""
    port = int(served[0]["server"].rpartition(":")[2])
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    assert [line.split()[1] for line in listening.splitlines() if f":{port:04X} 0" in line and " 0A " in line] == [
        f"0100007F:{port:04X}"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["../../../../secret", "..%2F..%2F..%2F..%2Fsecret", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret", "file:///etc/hostname",
     "/etc/hostname", "..\\..\\..\\..\\secret", "report.html/../../../../../secret", "%252e%252e%252fmlflow.db"],
)  # fmt: skip
def test_no_name_of_an_artifact_leads_out_of_its_run(served, name):
    client = mlflow.MlflowClient(served[0]["server"])
    (run,) = client.search_runs([client.get_experiment_by_name("lirap").experiment_id])
    for path in (
        f"/get-artifact?run_uuid={run.info.run_id}&path={name}",
        f"/ajax-api/2.0/mlflow/get-artifact?run_uuid={run.info.run_id}&path={name}",
        f"/api/2.0/mlflow/artifacts/list?run_id={run.info.run_id}&path={name}",
        f"/static-files/{name}",
    ):
        status, text = asked(served, path)
        assert status >= 400 or '"files"' not in text, path
        assert SECRET not in text, path


@pytest.mark.slow
def test_other_sites_and_needless_parts_are_turned_away(served):
    search, body = "/api/2.0/mlflow/experiments/search", {"max_results": 1}
    assert asked(served, search, "POST", body)[0] == 200
    assert asked(served, search, "POST", body, host="evil.example")[0] == 403
    assert asked(served, search, "POST", body, origin="https://evil.example")[0] == 403
    create = {"name": "evil", "artifact_location": "file:///etc"}
    for path in ("/api/2.0/mlflow/experiments/create", "/ajax-api/3.0/mlflow/assistant/config"):
        assert asked(served, path, "POST", create) == (403, "Not part of lirap review.")


@pytest.mark.slow
def test_the_first_page_is_that_of_mlflow_with_a_first_view_that_no_name_can_break_out_of(served):
    status, page = asked(served, "/")
    assert status == 200
    assert page.count("<script>") == 1
    assert '"mlflow.workflowType_v1": "machine_learning"' in page
    assert "metrics.`retention_pct.skill`" in page
    hostile = Guarded(None, first_view("1", ["</script><script>alert(1)"])).script.decode()
    assert (hostile.count("<script>"), hostile.count("</script>")) == (1, 1)


@pytest.mark.slow
def test_the_next_port_is_taken_and_given_back(served, home, reviewing):
    port = int(served[0]["server"].rpartition(":")[2])
    with reviewing(home, "--port", str(port)) as (other, process):
        assert other["server"] == f"http://127.0.0.1:{port + 1}"
        process.send_signal(signal.SIGINT)
        assert (process.wait(timeout=20), process.stderr.read()) == (0, "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port + 1), timeout=2)


def test_no_free_port_is_told():
    with loopback_socket(65535) as bound:
        assert bound.getsockname() == ("127.0.0.1", 65535)
        with pytest.raises(OSError, match=r"No port from 65535 to 65535 .*--port"):
            loopback_socket(65535)


def test_a_home_without_runs_is_told_and_not_made(tmp_path):
    with pytest.raises(InputError, match="lirap screen makes one"):
        review(Campaign(), home=tmp_path / "runs", ready=print)
    assert not (tmp_path / "runs").exists()


def test_a_tracking_server_is_named_and_nothing_is_started(served, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", served[0]["server"].replace("//", "//anna:hunter2@"))
    told = []
    review(Campaign(), home=tmp_path / "runs", ready=told.append)
    assert told[0].remote
    assert told[0].page == served[0]["page"]
    assert "hunter2" not in str(told[0])


@pytest.mark.slow
def test_runs_are_recorded_on_a_tracking_server(served, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", served[0]["server"])
    store = open_store(tmp_path, "lirap")
    with tracked_run(store, "from afar", "screen") as run:
        mlflow.log_metric("cells", 6)
        other_machine = open_store(tmp_path / "other", "lirap")
        assert mlflow.get_run(run.info.run_id).info.status == "RUNNING", "not closed by one who cannot see its lock"
    assert other_machine.is_remote
    assert mlflow.get_run(run.info.run_id).data.metrics == {"cells": 6}
    assert not (tmp_path / "mlflow.db").exists()


def test_a_tracking_server_that_does_not_answer_is_told_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://anna:hunter2@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(OSError, match=r"MLFLOW_TRACKING_URI names http://127.0.0.1:9 as the tracking server") as caught:
        open_store(tmp_path, "lirap")
    assert "hunter2" not in str(caught.value)
