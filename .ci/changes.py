"""List, in Markdown, which pages a build changes: ``python .ci/changes.py``.

Compares _build/html with what is published at the address for which it was built. A figure's file
is named by its content, so its name tells whether it has changed.
"""

import re
import urllib.error
import urllib.request
from pathlib import Path

from bs4 import BeautifulSoup

HTML = Path(__file__).resolve().parent.parent / "_build/html"


def content(html):
    """Return the words of a page and the files of its figures."""
    article = BeautifulSoup(html, "html.parser").select_one("article.bd-article")
    if article is None:
        return "", set()
    figures = {image["src"].rpartition("/")[2] for image in article.select("img[src]")}
    return " ".join(article.get_text().split()), figures


def published(address):
    """Return a published page, or None where there is none."""
    try:
        with urllib.request.urlopen(address, timeout=30) as page:
            return page.read()
    except urllib.error.URLError:
        return None


def changes(html, url):
    """Yield what happens to each page that is new or changes."""
    for path in sorted(html.rglob("*.html")):
        name = path.relative_to(html).as_posix()
        new_text, new_figures = content(path.read_bytes())
        if not new_text:
            continue
        old = published(f"{url.rstrip('/')}/{name}")
        if old is None:
            yield f"- {name}: new"
            continue
        text, figures = content(old)
        kinds = ["text"] * (text != new_text) + ["figures"] * (figures != new_figures)
        if kinds:
            yield f"- {name}: {' and '.join(kinds)}"


if __name__ == "__main__":
    robots = (HTML / "robots.txt").read_text(encoding="utf-8")
    address = re.search("Sitemap: (.*)sitemap.xml", robots)[1]
    print(f"## Pages that differ from those at {address}\n")
    print(*(list(changes(HTML, address)) or ["None."]), sep="\n")
