"""What an HTML document may hold here: no inline script, no handler, no address but of the web."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

FOREIGN = {"iframe", "object", "embed", "applet", "math", "base", "frame", "style", "template"}
#: Where scripts of our own come from.
OWN_SCRIPTS = ("/static/", "/admin/jsi18n/")
ADDRESSES = {"href", "src", "action", "formaction", "data", "poster", "background", "srcset", "xlink:href", "cite"}
SCHEMES = {"", "http", "https", "mailto"}
Attributes = list[tuple[str, str | None]]


@dataclass
class Shown:
    """What a document shows: its texts and values, and what in it could run."""

    texts: list[str] = field(default_factory=list)
    harm: list[str] = field(default_factory=list)

    def shows(self, text: str) -> bool:
        """Whether somebody reads exactly this text, in one piece or in a field of a form."""
        return any(text in shown for shown in self.texts) or text in "".join(self.texts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = Shown()
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.in_script = tag == "script"
        given = dict(attrs)
        if tag in FOREIGN or (tag == "script" and not (given.get("src") or "").startswith(OWN_SCRIPTS)):
            self._harm(tag)
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.in_script = self.in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self._harm(f"script with the text {data[:40]!r}")
        self.shown.texts.append(data)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        self.shown.texts.append(value)
        if name.startswith("on") or name in ("style", "srcdoc"):
            self._harm(f"{tag} {name}={value}")
        if name in ADDRESSES and not _is_of_the_web(value):
            self._harm(f"{tag} {name}={value}")
        if tag == "meta" and name == "content" and "url" in value.lower():
            self._harm(f"meta {value}")

    def _harm(self, what: str) -> None:
        self.shown.harm.append(f"line {self.getpos()[0]}: {what}")


def _is_of_the_web(address: str) -> bool:
    try:
        return urlsplit("".join(address.split())).scheme.lower() in SCHEMES
    except ValueError:
        return False


def read_html(document: str) -> Shown:
    """Reads a whole document; `harm` is empty where nothing in it can run."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.shown
