"""What search engines, and those who share a page, are told of it; and a page for lost readers.

The book's address follows from that of its repository, as GitHub Pages has it; where it is
published elsewhere, the environment variable BOOK_URL says so.
"""

import os
import re
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from sphinx.errors import ExtensionError

LENGTH = 160  # of a description, in characters, as search engines show it
CARD = (1200, 630)  # of a social card, in pixels
SIGNS = {"tfrac": "½", "to": "→ ", "varepsilon": "ε", "mu": "μ", "sigma": "σ"}  # TeX in plain text
ROOT = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="{base}{start}"><meta http-equiv="refresh" content="0; url={start}">
</head><body><p><a href="{start}">{title}</a></p></body></html>
"""
LOST = """\
<section id="no-such-page"><h1>There is no such page</h1>
<p>The address leads nowhere in this book: perhaps a chapter has a new name.
Look for it in the <a href="{start}">table of contents</a>, or <a href="{search}">search</a>.</p>
</section>"""


def address(repository):
    """Return where the book is published: https://OWNER.github.io/REPO/ for a GitHub repository."""
    if url := os.environ.get("BOOK_URL"):
        return url.rstrip("/") + "/"
    match = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+?)/?", repository)
    if not match:
        raise ExtensionError(f"say in BOOK_URL where the book of {repository} is published")
    owner, name = match.groups()
    home = f"https://{owner.lower()}.github.io/"
    return home if home == f"https://{name.lower()}/" else f"{home}{name}/"


def settle(app, config):
    """Let Sphinx write the canonical address of each page."""
    if not config.html_baseurl:
        config.html_baseurl = address(config.html_theme_options["repository_url"])


def lost(app):
    """Make the page that is shown for an address that leads nowhere."""
    start, search = (app.builder.get_target_uri(name) for name in (app.config.root_doc, "search"))
    body = LOST.format(start=start, search=search)
    yield "404", {"title": "There is no such page", "body": body}, "page.html"


def summary(soup):
    """Return the beginning of a page's first paragraph, as plain text."""
    paragraphs = soup.select("article section > p")
    text = paragraphs[0].get_text() if paragraphs else ""
    text = re.sub(r"\\([a-z]+)(12)? ?", lambda tex: SIGNS.get(tex[1], ""), " ".join(text.split()))
    text = re.sub(r"\\[()[\]]|[{}$]", "", text)
    return text if len(text) <= LENGTH else text[: LENGTH - 1].rsplit(" ", 1)[0] + "…"


def describe(site, soups, config):
    """Give each page its description and social card; write the site map and what goes with it."""
    base, first = config.html_baseurl, f"{config.root_doc}.html"
    start = soups[site / first]
    figure = site / config.root_doc / ".." / start.select_one("figure img")["src"]
    card(figure.resolve(), config.html_title).save(site / "_static/card.png", optimize=True)
    pages = []
    for path, soup in soups.items():
        canonical = soup.find("link", rel="canonical")
        if path == site / "index.html":  # it leads to the first
            leading = ROOT.format(title=config.html_title, base=base, start=first)
            soups[path] = BeautifulSoup(leading, "html.parser")
            continue
        title = soup.h1.find(string=True) if soup.h1 else soup.title.string
        text = summary(soup) or f"{title}: a page of the book “{config.html_title}”."
        facts = {
            "og:type": "book" if soup is start else "article",
            "og:site_name": config.html_title,
            "og:title": title,
            "og:description": text,
            "og:url": canonical["href"],
            "og:image": f"{base}_static/card.png",
            "og:image:alt": start.select_one("figure img")["alt"],
        }
        metas = [{"name": "description", "content": text}]
        metas += [{"property": key, "content": value} for key, value in facts.items()]
        metas += [{"name": "twitter:card", "content": "summary_large_image"}]
        for attrs in metas:
            soup.head.append(soup.new_tag("meta", attrs=attrs))
        if path.name == "404.html":
            root_all(soup, urlsplit(base).path)
            canonical.decompose()
            soup.head.append(soup.new_tag("meta", attrs={"name": "robots", "content": "noindex"}))
        elif path.parent != site:  # neither the search nor the index
            pages.append(canonical["href"])
    places = "".join(f"<url><loc>{page}</loc></url>\n" for page in pages)
    xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    map_ = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{xmlns}">\n{places}</urlset>\n'
    (site / "sitemap.xml").write_text(map_, encoding="utf-8")
    (site / "robots.txt").write_text(f"User-agent: *\nSitemap: {base}sitemap.xml\n")


def root_all(soup, root):
    """Let links start at the site's root, because the page is shown at any address."""
    soup.html["data-content_root"] = root
    for tag in soup.find_all(["a", "form", "img", "link", "script"]):
        for key in {"action", "href", "src"} & set(tag.attrs):
            url = urlsplit(tag[key])
            if not (url.scheme or url.netloc or tag[key].startswith("#")):
                tag[key] = root + tag[key].removeprefix("./")


def card(path, title):
    """Draw the picture that stands for the book elsewhere: its title over its first figure."""
    picture = Image.new("RGB", CARD, "white")
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans:bold"), 52)
    ImageDraw.Draw(picture).text((CARD[0] / 2, 60), title, "#222", font, anchor="mm")
    with Image.open(path) as figure:
        figure = figure.convert("RGBA")
        figure.thumbnail((CARD[0] - 80, CARD[1] - 130))
        picture.paste(figure, ((CARD[0] - figure.width) // 2, 115), figure)
    return picture.quantize(128)


def setup(app):
    """Register what Sphinx itself writes."""
    app.connect("config-inited", settle)
    app.connect("html-collect-pages", lost)
