"""Reads a report as a browser would, far enough for tests."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "img", "br", "link", "input"}
_CELLS = {"th", "td"}


@dataclass
class Table:
    """A table as rows of texts; the first one is the header."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    scopes: list[str | None] = field(default_factory=list)
    """`scope` of each `th`."""

    def row(self, *begin: str) -> list[str]:
        """The rest of the only row that begins with these texts."""
        (found,) = (row for row in self.rows if tuple(row[: len(begin)]) == begin)
        return found[len(begin) :]


class Page(HTMLParser):
    """Elements, attributes, tables and texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[Table] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in _CELLS:
            self.tables[-1].rows[-1].append("")
            if tag == "th":
                self.tables[-1].scopes.append(dict(attrs).get("scope"))
        if tag in _CELLS | {"caption", "style", "title"}:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag in _CELLS | {"caption", "style", "title", "table"}:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            return
        if data.strip():
            self.texts.append(data.strip())
        if self._inside == "caption":
            self.tables[-1].caption += data.strip()
        elif self._inside in _CELLS:
            self.tables[-1].rows[-1][-1] += data.strip()

    @property
    def text(self) -> str:
        """All texts of the page."""
        return " ".join(self.texts)

    def table(self, caption: str) -> Table:
        """The first table whose caption begins so."""
        return next(table for table in self.tables if table.caption.startswith(caption))

    def attributes(self, *names: str) -> Iterable[str]:
        """Values of these attributes anywhere in the page."""
        return [value for _, attrs in self.tags for name in names if (value := attrs.get(name)) is not None]
