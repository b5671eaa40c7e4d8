"""The researcher's face: what was released, from one folder. It reads released files alone, and writes nothing."""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from linkage.desk.picker import inside
from linkage.desk.released import RELEASE, REPORT, released, report
from linkage.desk.web import Desk, Handler, Pages


class ResearcherPages(Pages):
    """The pages of a researcher."""

    suffixes = (".json", ".html")

    def __init__(self, desk: Desk, folder: Path | None) -> None:
        super().__init__(desk)
        self.folder = folder

    def gets(self) -> dict[str, Handler]:
        """Which folder, what was released, the report."""
        return {"/": self._here, "/uitgifte": self._which, "/tabellen": self._tables, "/verslag": self._report}

    def posts(self) -> dict[str, Handler]:
        """Choosing the folder."""
        return {"/uitgifte": self._choose}

    async def _here(self, _request: Request) -> Response:
        return self.go("/tabellen" if self.folder else "/uitgifte")

    def failed(self, request: Request) -> Response:
        """Back to the choice of the folder, since only its files can be wrong."""
        self.folder = None
        return self.go("/uitgifte") if request.url.path != "/uitgifte" else super().failed(request)

    async def _which(self, _request: Request) -> Response:
        return self.page("release.html", step=1, picker=self.picker("/uitgifte"), wanted=(RELEASE, REPORT))

    async def _choose(self, request: Request) -> Response:
        form = await self.form(request)
        chosen = inside(self.desk.root, form.get("path", ""))
        folder = chosen if chosen.is_dir() else chosen.parent
        await run_in_threadpool(released, folder)
        self.folder = folder
        return self.go("/tabellen")

    async def _tables(self, _request: Request) -> Response:
        if self.folder is None:
            return self.go("/uitgifte")
        found = await run_in_threadpool(released, self.folder)
        return self.page("tables.html", step=2, found=found, has_report=(self.folder / REPORT).is_file())

    async def _report(self, _request: Request) -> Response:
        if self.folder is None:
            return self.go("/uitgifte")
        return await run_in_threadpool(report, self.folder)
