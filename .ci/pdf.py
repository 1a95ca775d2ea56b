"""Print the built book as one PDF: ``python .ci/pdf.py`` after ``jupyter-book build .``

The pages of _toc.yml are put into one document, in their order, their links into links within it,
and a browser prints that: _build/k-means-and-gaussian-mixtures.pdf.
"""

import posixpath
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
NAME = "k-means-and-gaussian-mixtures"
LEFT_OUT = "script, button, .headerlink, .prev-next-area, .sd-card, nav, .km-slider label"
STYLE = """
@page { size: A4; margin: 20mm 22mm 22mm; }
html { font-size: 10.5pt; }
body { display: block; background: #fff; }
article { max-width: none; }
article, .part { break-before: page; }
.front { height: 240mm; display: flex; flex-direction: column; justify-content: center; }
.front h1 { font-size: 30pt; }
.part { height: 240mm; display: flex; align-items: center; font-size: 24pt; }
nav.contents { display: block; break-before: page; }
h1, h2, h3, figcaption { break-after: avoid; }
figure, .admonition, .proof, .math, .cell_output, table { break-inside: avoid; }
pre { white-space: pre-wrap; font-size: 8pt; }
a { color: inherit; text-decoration: none; }
p, li { orphans: 3; widows: 3; }
"""


def toc():
    """Yield each part's caption, and the pages in it."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yield None, [contents["root"]]
    for part in contents["parts"]:
        yield part["caption"], [chapter["file"] for chapter in part["chapters"]]


def anchor(page, fragment=""):
    """Return the name that a place of a page has in the whole."""
    return f"{page}--{fragment}".replace("/", "-")


def article(page, pages):
    """Return the text of a page, its names and links made those of the whole."""
    soup = BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    body = soup.select_one("article.bd-article")
    for element in body.select(LEFT_OUT):
        element.decompose()
    for details in body.select("details"):
        details["open"] = ""
    for element in body.select("[id]"):
        if not element.find_parent("svg"):
            element["id"] = anchor(page, element["id"])
    body["id"] = anchor(page)
    here = posixpath.dirname(page)
    for link in body.select("a[href]"):
        to = urlsplit(link["href"])
        target = posixpath.normpath(posixpath.join(here, unquote(to.path))) if to.path else page
        if not to.scheme and target.removesuffix(".html") in pages:
            link["href"] = "#" + anchor(target.removesuffix(".html"), to.fragment)
    for image in body.select("img[src]"):
        image["src"] = (HTML / here / image["src"]).resolve().as_uri()
    return body


def document():
    """Return the whole book as one page of HTML."""
    parts = list(toc())
    pages = {page for _, group in parts for page in group}
    first = BeautifulSoup((HTML / f"{parts[0][1][0]}.html").read_text("utf-8"), "html.parser")
    folder = posixpath.dirname(parts[0][1][0])
    sheets = [
        (HTML / folder / urlsplit(link["href"]).path).resolve().as_uri()
        for link in first.select("link[rel=stylesheet]")
    ]
    articles = {page: article(page, pages) for page in (p for _, group in parts for p in group)}
    contents, body = [], []
    for caption, group in parts:
        if caption:
            contents.append(f"<p><strong>{caption}</strong></p>")
            body.append(f'<h1 class="part">{caption}</h1>')
        for page in group:
            title = articles[page].select_one("h1").get_text()
            contents.append(f'<p><a href="#{anchor(page)}">{title}</a></p>')
            body.append(str(articles[page]))
    title = first.select_one("article h1").get_text().strip().removesuffix("#")
    links = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in sheets)
    return f"""<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>
<meta charset="utf-8"><title>{title}</title>{links}<style>{STYLE}</style></head><body>
<section class="front"><h1>{title}</h1></section><nav class="contents">{"".join(contents)}</nav>
<main class="bd-main"><div class="bd-content"><div class="bd-article-container">{"".join(body)}
</div></div></main></body></html>"""


def main():
    """Write the document and let a browser print it."""
    source, target = HTML.parent / f"{NAME}.html", HTML.parent / f"{NAME}.pdf"
    source.write_text(document(), encoding="utf-8")
    footer = (
        '<p style="width: 100%; text-align: center; font-size: 8pt"><span class="pageNumber"></span></p>'
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(source.as_uri())
        page.evaluate("document.fonts.ready")
        page.pdf(
            path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True,
            display_header_footer=True, header_template="<p></p>", footer_template=footer,
        )
        browser.close()
    print(target)


if __name__ == "__main__":
    sys.exit(main())
