"""The auditor's pages as JSON, under `/api`, with a description (OpenAPI) at `/api/openapi.json`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from attest.errors import StoreError
from govern.errors import GovernError
from govern.portal import views

if TYPE_CHECKING:
    from govern.portal.desk import Desk
    from govern.portal.visit import Visit

    See = Callable[[Desk, Request], Visit]
    Run = Callable[[Callable[[Desk], Any]], Awaitable[Any]]

T = TypeVar("T")
PREFIX = "/api"
MAX_INDEX = 2**53


class Problem(BaseModel):
    """Why something was not answered."""

    detail: str


class Saved(BaseModel):
    """A checkpoint that the auditor saved: a signed note, as it was given out."""

    checkpoint: str = Field(max_length=16_384)


def add(app: FastAPI, run: Run, see: See) -> None:
    """Add the interface to the application.

    Args:
        app: The application.
        run: Runs a task at the desk.
        see: Returns the visit of a request.
    """
    routes = APIRouter(
        prefix=PREFIX,
        responses={
            400: {"model": Problem, "description": "what was sent cannot be used"},
            401: {"model": Problem, "description": "nobody is signed in"},
            503: {"model": Problem, "description": "the log cannot be reached"},
            404: {"model": Problem, "description": "it is not there, or not yours to see"},
        },
    )

    async def ask(request: Request, tell: Callable[[Visit], T]) -> T:
        def at_desk(desk: Desk) -> T:
            visit = see(desk, request)
            if visit.session is None:
                raise HTTPException(401, "sign in first")
            if visit.me.role != "auditor":
                raise HTTPException(404, "there is no such page")
            found = tell(visit)
            subject = views.subject_of(found.entry) if isinstance(found, views.Proved) else None
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

    @routes.get("/gaps", summary="Silences, clock jumps, and what no witness has seen")
    async def gaps(request: Request) -> list[views.Gap]:
        return await ask(request, lambda visit: views.gaps(visit.workspace, visit.log))

    @routes.post("/consistency", summary="Is a saved checkpoint a beginning of the log?")
    async def consistency(request: Request, saved: Saved) -> views.Consistency:
        data = saved.checkpoint.encode()
        return await ask(request, lambda visit: views.consistent(visit.workspace, visit.log, data))

    app.include_router(routes)
    described = get_openapi(
        title="govern portal: the auditor's view",
        version="1",
        description="What it answers is evidence that entries were not changed, not that they are true.",
        routes=app.routes,
    )

    async def openapi(_: Request) -> JSONResponse:
        return JSONResponse(described)

    app.add_route(f"{PREFIX}/openapi.json", openapi, methods=["GET"])
