"""The routes below /api: health, runs, findings, answers about photos, and their description."""

from functools import partial
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.routing import Route

from zapcls import __version__
from zapcls.api import OpenRun, list_findings
from zapcls.config.priors import LEARNED, PRIORS
from zapcls.errors import BadInput
from zapcls.evidence import Evidence
from zapcls.findings import FINDINGS
from zapcls.service.answers import NotFound, answer, list_rows
from zapcls.service.openapi import ASKED, build_document
from zapcls.service.photos import Desk, classify_all
from zapcls.service.similar import find_similar, read_question
from zapcls.workspace import permissions
from zapcls.workspace.layout import Stamp, Workspace, open_workspace, stamp_file
from zapcls.workspace.runs import Run, find_evaluated, list_runs
from zapcls.workspace.summaries import summarize_run


class Service:
    """What the routes share: the workspace, and the run asked last with its model in memory."""

    def __init__(self, workspace: Workspace, prefix: str) -> None:
        self._workspace = workspace
        self._prefix = prefix
        self._desk = Desk()
        self._opened: tuple[Stamp, OpenRun] | None = None

    async def tell_health(self, request: Request) -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "mode": permissions.read_mode()}

    async def list_runs(self, request: Request) -> list[dict[str, Any]]:
        return await to_thread.run_sync(
            lambda: [summarize_run(run) for run in self._list_evaluated()]
        )

    async def list_findings(self, request: Request) -> list[dict[str, str]]:
        return [{"name": name, "question": question} for name, question in list_findings()]

    async def find(self, request: Request) -> dict[str, Any]:
        name = request.path_params["name"]
        if name not in FINDINGS:
            raise NotFound(f"The findings are {', '.join(FINDINGS)}; got {name[:80]!r}.")
        asked = {key: request.query_params[key] for key in ASKED if key in request.query_params}

        def ask() -> dict[str, Any]:
            opened = self._open(request)
            tables = {key: list_rows(found) for key, found in opened.find(name, **asked).items()}
            said = opened.describe(name, **asked).splitlines()
            return {"run": opened.run.run_id, "name": name, "sentences": said, "tables": tables}

        return await to_thread.run_sync(ask)

    async def classify(self, request: Request) -> dict[str, Any]:
        permissions.require("classify")
        prior = request.query_params.get("prior", LEARNED)
        if prior not in PRIORS:
            raise BadInput(f"prior must be one of {', '.join(PRIORS)}, got {prior[:80]!r}.")
        opened = await to_thread.run_sync(self._open, request)
        answers = await self._desk.ask(request, partial(classify_all, opened, prior))
        return {"run": opened.run.run_id, "answers": answers}

    async def find_similar(self, request: Request) -> dict[str, Any]:
        permissions.require("classify")
        asked = read_question(request.query_params)
        opened = await to_thread.run_sync(self._open, request)
        answer = await self._desk.ask(request, partial(find_similar, opened, asked), most=1)
        return {"run": opened.run.run_id, **answer}

    async def describe(self, request: Request) -> dict[str, Any]:
        return build_document(self._prefix)

    async def refuse(self, request: Request) -> None:
        raise NotFound(
            f"There is no {request.method} {request.url.path[:200]}. /api/openapi.json lists what "
            "there is."
        )

    def _list_evaluated(self) -> list[Run]:
        permissions.require("look")
        return [run for run in list_runs(self._workspace) if run.is_evaluated]

    def _open(self, request: Request) -> OpenRun:
        """Open the run that the URL names by its id, the newest evaluated one without.

        `target` names one of its targets, the first without.
        """
        runs, named = self._list_evaluated(), request.query_params.get("run")
        run = next((run for run in runs if named in (None, run.run_id)), None)
        if run is None:
            asked = (named or "")[:80]
            raise NotFound(f"There is no evaluated run {asked!r}. /api/runs lists them.")
        target = request.query_params.get("target", "")
        stamp = (*stamp_file(run.onnx_path), target)
        if self._opened is None or self._opened[0] != stamp:
            found = find_evaluated(self._workspace, run.run_id, target)
            self._opened = stamp, OpenRun(Evidence(found, self._workspace))
        return self._opened[1]


def build_routes(
    workspace: Workspace | None = None, base: str = "", is_open: bool = True
) -> list[Route]:
    """Build the routes of a workspace, that of the environment unless given.

    `base` is the path that the app is served below, "" for none. Of a service that is not open
    only its health can be asked.
    """
    prefix = f"/{base.strip('/')}".rstrip("/")
    service = Service(workspace or open_workspace(), prefix)
    gets = {
        "/api/health": service.tell_health,
        "/api/runs": service.list_runs,
        "/api/findings": service.list_findings,
        "/api/findings/{name}": service.find,
        "/api/openapi.json": service.describe,
    }
    posts = {"/api/classify": service.classify, "/api/similar": service.find_similar}
    routes = [Route(prefix + path, answer(call), methods=["GET"]) for path, call in gets.items()]
    routes += [Route(prefix + path, answer(call), methods=["POST"]) for path, call in posts.items()]
    # The app's own pages would answer every other address below /api.
    rest = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    shown = routes if is_open else routes[:1]
    return [*shown, Route(f"{prefix}/api/{{rest:path}}", answer(service.refuse), methods=rest)]
