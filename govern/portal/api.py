"""The auditor's pages as JSON, under `/api`, with a description (OpenAPI) at `/api/openapi.json`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from attest.errors import StoreError
from govern.errors import GovernError
from govern.portal import filecheck, views

if TYPE_CHECKING:
    from govern.portal.desk import Desk
    from govern.portal.visit import Visit

    See = Callable[[Desk, Request], Visit]
    Run = Callable[[Callable[[Desk], Any]], Awaitable[Any]]

T = TypeVar("T")
PREFIX = "/api"
MAX_INDEX = 2**53


PROBLEM = "application/problem+json"


class Problem(BaseModel):
    """Why something was not answered (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Saved(BaseModel):
    """A checkpoint that the auditor saved: a signed note, as it was given out."""

    checkpoint: str = Field(max_length=16_384)


_PROBLEMS = {
    400: "what was sent cannot be used",
    401: "nobody is signed in",
    404: "it is not there, or not yours to see",
    422: "a parameter is not of its kind",
    503: "the log cannot be reached, or is in use",
}


def _described(status: int) -> dict[str, Any]:
    """Return how the description names an answer that tells a problem."""
    said = _PROBLEMS.get(status, HTTPStatus(status).phrase)
    return {"description": said, "content": {PROBLEM: {"schema": Problem.model_json_schema()}}}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer that tells a program why something was not done."""
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(told.model_dump(), status, headers, PROBLEM)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    # Where it is, and not what was sent: that may be about a person.
    assert isinstance(error, RequestValidationError)
    where = ", ".join(sorted({"/".join(str(part) for part in each["loc"]) for each in error.errors()}))
    return problem(422, f"not of its kind: {where}")


def add(app: FastAPI, run: Run, see: See) -> None:
    """Add the interface to the application.

    Args:
        app: The application.
        run: Runs a task at the desk.
        see: Returns the visit of a request.
    """
    routes = APIRouter(prefix=PREFIX, responses={status: _described(status) for status in _PROBLEMS})

    async def ask(request: Request, tell: Callable[[Visit], T]) -> T:
        def at_desk(desk: Desk) -> T:
            visit = see(desk, request)
            if visit.session is None:
                raise HTTPException(401, "sign in first")
            if visit.me.role != "auditor":
                raise HTTPException(404, "there is no such page")
            found = tell(visit)
            subject = None
            if isinstance(found, views.Proved):
                subject = views.subject_of(found.entry)
            elif isinstance(found, views.RunInFull):
                subject = found.run.subject
            visit.looked(request.scope["route"].path, subject)
            return found

        try:
            found: T = await run(at_desk)
        except StoreError:
            raise HTTPException(503, "the log cannot be reached", {"Retry-After": "5"}) from None
        except GovernError as error:
            raise HTTPException(400, error.message) from None
        return found

    @routes.get("/log", summary="Where the log stands, newly signed")
    async def log(request: Request) -> views.Head:
        return await ask(request, lambda visit: views.head(visit.workspace, visit.log))

    @routes.get("/checkpoints", summary="Every signed checkpoint, newest first")
    async def checkpoints(request: Request) -> list[views.Signed]:
        return await ask(request, lambda visit: views.checkpoints(visit.workspace, visit.log))

    @routes.get("/entries", summary="Entries in short, newest first")
    async def entries(
        request: Request,
        before: Annotated[int | None, Query(ge=0, le=MAX_INDEX, description="only those before this index")] = None,
        count: Annotated[int, Query(ge=1, le=views.MAX_ENTRIES)] = views.MAX_ENTRIES,
    ) -> list[views.Entry]:
        return await ask(request, lambda visit: views.entries(visit.log, before, count))

    @routes.get("/entries/{index}", summary="An entry with every hash from it to the signed root")
    async def entry(request: Request, index: Annotated[int, Path(ge=0, le=MAX_INDEX)]) -> views.Proved:
        found = await ask(request, lambda visit: views.proved(visit.workspace, visit.log, index))
        if found is None:
            raise HTTPException(404, "there is no such entry")
        return found

    @routes.get("/runs", summary="Every sealed run in numbers, newest first")
    async def runs(request: Request) -> list[views.Run]:
        return await ask(request, lambda visit: views.runs(visit.log))

    @routes.get("/runs/{extraction_id}", summary="A run, what stood in force when it was sealed, and its gaps")
    async def run_in_full(request: Request, extraction_id: str) -> views.RunInFull:
        found = await ask(request, lambda visit: views.run(visit.workspace, visit.log, extraction_id))
        if found is None:
            raise HTTPException(404, "there is no such run")
        return found

    @routes.get("/gaps", summary="Silences, clock jumps, and what no witness has seen")
    async def gaps(request: Request) -> list[views.Gap]:
        return await ask(request, lambda visit: views.gaps(visit.workspace, visit.log))

    @routes.post("/consistency", summary="Is a saved checkpoint a beginning of the log?")
    async def consistency(request: Request, saved: Saved) -> views.Consistency:
        data = saved.checkpoint.encode()
        return await ask(request, lambda visit: views.consistent(visit.workspace, visit.log, data))

    @routes.post(
        "/verify",
        summary="Check a skill, a receipt, an answer or an export: the file is the body, and is kept nowhere",
        responses={413: _described(413)},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def verify(request: Request) -> filecheck.Checked:
        data = await request.body()
        if len(data) > filecheck.MAX_FILE:
            raise HTTPException(413, f"the file is longer than {filecheck.MAX_FILE} bytes")
        return await ask(request, lambda visit: filecheck.check(data, visit.workspace.log_vkey, visit.now))

    app.include_router(routes)
    app.add_exception_handler(RequestValidationError, _malformed)
    described = get_openapi(
        title="govern portal: the auditor's view",
        version="1",
        description="What it answers is evidence that entries were not changed, not that they are true.",
        routes=app.routes,
    )

    async def openapi(_: Request) -> JSONResponse:
        return JSONResponse(described)

    app.add_route(f"{PREFIX}/openapi.json", openapi, methods=["GET"])
