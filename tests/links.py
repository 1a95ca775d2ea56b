"""Check a built site without a network: ``python tests/links.py _build/html``.

Every page of _toc.yml must be there, and every link inside the site must lead to a file and, if it
names one, to an anchor.
"""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup


def pages(root):
    """List the entries of _toc.yml, in their order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def site_faults(site, expected):
    """Yield what is missing: pages, files, anchors."""
    lost = [page for page in expected if not (site / f"{page}.html").exists()]
    yield from (f"{page}.html is missing" for page in lost)
    soups = {
        path.resolve(): BeautifulSoup(path.read_bytes(), "html.parser")
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
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            known = not url.fragment or unquote(url.fragment) in anchors.get(target, ())
            if not target.is_file() or not known:
                yield f"{path.relative_to(site.resolve())}: {link} leads nowhere"


if __name__ == "__main__":
    names = ["index", *pages(Path(__file__).parent.parent)]
    faults = list(site_faults(Path(sys.argv[1]), names))
    print(*faults, f"{len(names)} pages, {len(faults)} faults", sep="\n")
    sys.exit(bool(faults))
