"""How does a group look at what was tracked?"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.tracking.labels import VERDICT
from experiments.tracking.moved import ARTIFACTS
from experiments.tracking.runs import existing_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from experiments.campaign_file import Campaign
    from experiments.tracking.store import Store

LOOPBACK = "127.0.0.1"
PORT = 5000
_PORTS_TRIED = 20
_LONGEST_GOODBYE_SECONDS = 2
_ANSWER_SECONDS = 60

CLOSED = (
    "/mlflow/assistant",
    "/gateway/",
    "/gateway-proxy",
    "/mlflow-artifacts/",
    "/experiments/create",
    "/jobs",
    "/mcp",
)
"""Parts of the addresses of what a review does not need: a coding assistant that runs programs, a gateway to language
models, uploads, and experiments whose files lie outside the home."""


_RUNS_PAGE = {
    "searchFilter": "", "orderByKey": "attributes.start_time", "orderByAsc": False, "startTime": "ALL",
    "lifecycleFilter": "Active", "datasetsFilter": [], "modelVersionFilter": "All Runs", "columnOrder": [],
    "columnWidths": {}, "runsExpanded": {}, "runsPinned": [], "runsHidden": [], "runsVisibilityMap": {},
    "runsHiddenMode": "FIRST_10_RUNS", "viewMaximized": False, "runListHidden": False, "isAccordionReordered": False,
    "useGroupedValuesInCharts": True, "hideEmptyCharts": True, "groupBy": None, "groupsExpanded": {},
    "autoRefreshEnabled": True,
    "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
}  # fmt: skip
"""MLflow's own first view of a list of runs, as its UI keeps it."""


class Address(NamedTuple):
    """Where the runs of a campaign can be looked at.

    Attributes
    ----------
    server : str
        The address of the MLflow server, without any user or password in it.
    page : str
        The list of runs of the campaign there.
    remote : bool
        Whether the server is one that MLFLOW_TRACKING_URI names, and not started here.
    """

    server: str
    page: str
    remote: bool


def review(
    campaign: Campaign,
    *,
    home: str | Path | None = None,
    port: int = PORT,
    ready: Callable[[Address], object],
) -> None:
    """Serve the MLflow UI over the runs of a campaign, to this machine only, until stopped by Ctrl-C or SIGTERM.

    One process, which starts no other. When MLFLOW_TRACKING_URI names a tracking server, nothing is started: `ready`
    is called with its address. MLflow reads its settings once, so a process can serve one home only.

    Parameters
    ----------
    campaign : Campaign
    home : path, optional
        See `experiments.home.home_folder`.
    port : int
        The next ones are tried while it is taken.
    ready : callable
        Called with the `Address` as soon as the server answers.

    Raises
    ------
    datasets.errors.InputError
        When nothing was tracked in the home yet.
    OSError
        When no port is free, or the server that MLFLOW_TRACKING_URI names does not answer.
    """
    from experiments.tracking.store import whereabouts

    store = existing_store(campaign, home)
    if store.is_remote:
        ready(_address(whereabouts(store.home), store))
        return
    with loopback_socket(port) as bound, suppress(KeyboardInterrupt):
        _serve(bound, store, first_view(store.experiment_id, [goal.target for goal in campaign.targets]), ready)


def _address(server: str, store: Store) -> Address:
    # Without the last part, MLflow opens the page that it made for language models.
    page = f"{server}/#/experiments/{store.experiment_id}/runs?workflowType=machine_learning"
    return Address(server, page, store.is_remote)


def loopback_socket(port: int) -> socket.socket:
    """Listen on a port of this machine that no other machine can reach, or on one of the next if it is taken.

    Parameters
    ----------
    port : int

    Returns
    -------
    socket.socket

    Raises
    ------
    OSError
        When none of the next ports is free either.
    """
    for tried in range(port, min(port + _PORTS_TRIED, 65536)):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((LOOPBACK, tried))
            bound.listen()
        except OSError as error:
            bound.close()
            refused = error
        else:
            return bound
    raise OSError(f"No port from {port} to {tried} can be listened on ({refused.strerror}); name another by --port")


def first_view(experiment_id: str, targets: Sequence[str]) -> dict[str, Any]:
    """Choose how the runs are shown at first: with what compares, and without what is there for language models.

    Parameters
    ----------
    experiment_id : str
    targets : sequence of str

    Returns
    -------
    dict
        Values of MLflow's UI in the browser's local storage, by key.
    """
    metrics = ["cells", "front_hypervolume", "best_expected_gain"]
    metrics += [f"{target}.{name}" for target in targets for name in ("skill", "coverage")]
    columns = [f"metrics.`{name}`" for name in metrics] + [f"tags.`{VERDICT}.{target}`" for target in targets]
    page = f'MLflowLocalStorage-1.1-ExperimentPage-["{experiment_id}"]-ReactComponentState'
    return {
        "mlflow.workflowType_v1": "machine_learning",
        "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
        page: _RUNS_PAGE | {"selectedColumns": columns},
    }


def _serve(bound: socket.socket, store: Store, view: Mapping[str, Any], ready: Callable[[Address], object]) -> None:
    port = bound.getsockname()[1]
    app = Guarded(_mlflow_app(store, port), view)
    import uvicorn

    settings = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=_LONGEST_GOODBYE_SECONDS)
    server = uvicorn.Server(settings)
    address = _address(f"http://{LOOPBACK}:{port}", store)
    Thread(target=_announce, args=(server, address, ready), daemon=True).start()
    server.run(sockets=[bound])


def _announce(server: Any, address: Address, ready: Callable[[Address], object]) -> None:
    from urllib.request import ProxyHandler, build_opener

    while not server.started and not server.should_exit:
        time.sleep(0.05)
    # Not by way of a proxy: this server is on this machine.
    with build_opener(ProxyHandler({})).open(f"{address.server}/health", timeout=_ANSWER_SECONDS):
        ready(address)


def _mlflow_app(store: Store, port: int) -> Any:
    """Give MLflow's server as an application for the web, which reads its settings from the environment on import."""
    from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR, REGISTRY_STORE_URI_ENV_VAR

    hosts = [f"{host}:{port}" for host in (LOOPBACK, "localhost")]
    os.environ |= {
        BACKEND_STORE_URI_ENV_VAR: store.uri,
        REGISTRY_STORE_URI_ENV_VAR: store.uri,
        ARTIFACT_ROOT_ENV_VAR: (store.home / ARTIFACTS).as_uri(),
        # A name that another site made to lead here would let its pages read the runs.
        "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(hosts),
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{host}" for host in hosts),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what MLflow itself imports
        from mlflow.server.fastapi_app import app
    return app


class Guarded:
    """MLflow's server without what a review does not need, and with a first view of the runs that compares them.

    Parameters
    ----------
    app : ASGI application
    view : mapping
        See `first_view`.
    """

    def __init__(self, app: Any, view: Mapping[str, Any]) -> None:
        self.app = app
        self.script = _script(view)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if any(part in path for part in CLOSED):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"Not part of lirap review."})
        elif path == "/":
            await self._first_page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _first_page(self, scope: Any, receive: Any, send: Any) -> None:
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts).replace(b"<head>", b"<head>" + self.script, 1)
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await send({**start, "headers": [*headers, length] if body else headers})
        await send({"type": "http.response.body", "body": body})


def _script(view: Mapping[str, Any]) -> bytes:
    """Write the script that puts a view into a browser once, so that what its user then chooses stays."""
    import json

    # Names of campaigns and targets may hold anything: nothing in a string may end the script.
    wanted = json.dumps(dict(view)).replace("<", "\\u003c")
    return f"""<script>
const wanted = {wanted}, mark = JSON.stringify(wanted);
if (localStorage.getItem("lirap.view") !== mark) {{
  for (const [key, value] of Object.entries(wanted)) localStorage.setItem(key, JSON.stringify(value));
  localStorage.setItem("lirap.view", mark);
}}
</script>""".encode()
