"""Check a built site without a network: ``python tests/links.py _build/html``.

Every page of _toc.yml must be there; every link inside the site must lead to a file and, if it
names one, to an anchor; a word, claim or problem set must lead to chapters that lead to it; and no
file may show a solution or a hidden test of a problem set.
"""

import os
import re
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import yaml
from bs4 import BeautifulSoup

HIDDEN = r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END"


def pages(root):
    """List the entries of _toc.yml, in their order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def base(root):
    """Return the path under which the site is published: the page for lost readers begins there."""
    if url := os.environ.get("BOOK_URL"):
        return urlsplit(url).path.rstrip("/") + "/"
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return "/" + config["repository"]["url"].rpartition("/")[2] + "/"


@cache  # pages are long
def parsed(page):
    """Return the tree of a page, given as bytes."""
    return BeautifulSoup(page, "html.parser")


def site_faults(site, expected, start="/"):
    """Yield what is missing: pages, files, anchors."""
    lost = [page for page in expected if not (site / f"{page}.html").exists()]
    yield from (f"{page}.html is missing" for page in lost)
    soups = {
        path.resolve(): parsed(path.read_bytes())
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }
    anchors = {
        path: {tag.get("id") for tag in soup.find_all(id=True)} for path, soup in soups.items()
    }
    for path, soup in soups.items():
        for tag in soup.find_all(["a", "img", "link", "script"]):
            link = tag.get("href") or tag.get("src") or "#"
            url = urlsplit(link)
            if url.scheme or url.netloc or link == "#":
                continue
            way = unquote(url.path)
            home = site.resolve() if way.startswith(start) else path.parent
            target = (home / way.removeprefix(start)).resolve() if way else path
            known = not url.fragment or unquote(url.fragment) in anchors.get(target, ())
            if not target.is_file() or not known:
                yield f"{path.relative_to(site.resolve())}: {link} leads nowhere"


ENTRIES = {
    "glossary": "dl.glossary > dt",
    "ledger": "tbody > tr",
    "instructors": "tr[id^=set-]",
    "api": "section > dl.py > dt",
}


def one_way(book):
    """Yield each word, claim, problem set and name that leads to no chapter, or has no way back.

    From a chapter to a name leads its code, or its text: not every chapter that is about it.
    """

    def read(name):
        return parsed((book / name).read_bytes())

    names = [path.relative_to(book).as_posix() for path in book.glob("*/*.html")]
    chapters = {name: {a["href"] for a in read(name).select("a[href]")} for name in names}
    for page, selector in ENTRIES.items():
        entries = read(f"{page}.html").select(selector)
        if not entries:
            yield f"{page}.html has no entries"
        for entry in entries:
            place = f"{page}.html#{entry.get('id')}"
            body = entry if entry.name == "tr" else entry.find_next_sibling("dd")
            ways = {a["href"].partition("#")[0] for a in body.select("a[href]")} & chapters.keys()
            if not ways:
                yield f"{place} leads to no chapter"
            if page != "api":
                lost = (way for way in ways if f"../{place}" not in chapters[way])
                yield from (f"{place} leads to {way}, and that not back" for way in lost)


def hidden_lines(cell):
    """List the lines of a problem set's cell that students must not see."""
    meta = cell.metadata.get("nbgrader", {})
    if meta.get("grade") and meta.get("solution"):  # a person grades it: all of it is the answer
        return cell.source.splitlines()
    return "".join(re.findall(HIDDEN, cell.source, flags=re.S)).splitlines()


def squeezed(text):
    """Drop what differs between a source and its page: white space and escapes."""
    return re.sub(r"[\s\\]", "", text.replace("\\n", ""))


def leaks(site, root):
    """Yield each file of the site that shows a hidden line, unless it stands in a page as well."""
    sources = [root / f"{page}{suffix}" for page in pages(root) for suffix in (".ipynb", ".md")]
    sources += (root / "kmgmm").glob("*.py")
    public = squeezed("".join(p.read_text(encoding="utf-8") for p in sources if p.exists()))
    lines = {
        squeezed(line)
        for path in (root / "book/exercises").glob("*/*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        for line in hidden_lines(cell)
    }
    secret = {line for line in lines if len(line) >= 25 and line not in public}
    for path in site.rglob("*"):
        if path.suffix not in (".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt"):
            continue
        page = path.read_bytes()
        html = path.suffix == ".html"
        text = squeezed(parsed(page).get_text() if html else page.decode(errors="ignore"))
        yield from (f"{path.relative_to(site)}: shows {line}" for line in secret if line in text)


if __name__ == "__main__":
    names = ["index", *pages(Path(__file__).parent.parent)]
    site, root = Path(sys.argv[1]), Path(__file__).parent.parent
    faults = [*site_faults(site, names, base(root)), *one_way(site / "book"), *leaks(site, root)]
    print(*faults, f"{len(names)} pages, {len(faults)} faults", sep="\n")
    sys.exit(bool(faults))
