"""Print the built book as one PDF: ``python .ci/pdf.py``, after ``jupyter-book build .``.

The pages of _toc.yml become one document, in their order, their links links within it. A browser
prints that by print.css, twice: the second time with the page numbers in the contents.
"""

import posixpath
import shutil
import tomllib
from pathlib import Path
from urllib.parse import unquote, urljoin

import matplotlib
import pikepdf
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
PDF = ROOT / "_build/k-means-and-gaussian-mixtures.pdf"
CONFIG, TOC = (
    yaml.safe_load((ROOT / f"_{name}.yml").read_text("utf-8")) for name in ("config", "toc")
)
LEFT_OUT = {"book/api", "book/execution", "book/instructors"}  # to look up, to build, to teach
DEAD = "script, style, summary, button, label, .headerlink, .toctree-wrapper"
PLAIN = "details, .pre, .highlight :is(.n, .p, .w)"  # look like what is around them
WIDTH = 484  # pixels: the 128 mm of text in print.css
FIT = """() => {
  for (const box of document.querySelectorAll('div.math')) {
    const share = box.clientWidth / box.scrollWidth;
    if (share < 1) box.style.fontSize = `${Math.floor(100 * share)}%`;
  }
  return document.fonts.ready.then(() => null);
}"""
NUMBER = """numbers => {
  for (const link of document.querySelectorAll('.overview a')) {
    link.lastElementChild.textContent = numbers[link.hash.slice(1)];
  }
}"""
SCRIPTS = {
    **dict.fromkeys(("msub", "munder"), "{}_{}"),
    **dict.fromkeys(("msup", "mover"), "{}^{}"),
    **dict.fromkeys(("msubsup", "munderover"), "{}_{}^{}"),
    "mfrac": "{}/{}",
}


def spoken(formula):
    """Return a formula of MathML as one can read it aloud, such as (x_i−1)^2."""
    inner = [spoken(child) for child in formula.find_all(True, recursive=False)]
    words = "".join(inner) or formula.get_text().replace("\N{FUNCTION APPLICATION}", "")
    if formula.name == "msqrt":
        return f"√({words})"
    grouped = (word if len(word) < 2 else f"({word})" for word in inner)
    return SCRIPTS[formula.name].format(*grouped) if formula.name in SCRIPTS else words


def anchor(page, fragment=""):
    """Return the name that a place of a page has in the whole."""
    return f"{page}--{fragment}".replace("/", "-")


def article(page, pages, base):
    """Return the text of a page, its names and links those of the whole, its headings one lower."""
    html = (HTML / f"{page}.html").read_text(encoding="utf-8")
    html = html[html.index("<article") : html.index("</article>")]
    body = BeautifulSoup(html, "html.parser").article
    for element in body.select(DEAD):
        element.decompose()
    for element in body.select(PLAIN):
        element.unwrap()
    body.smooth()
    for formula in body.select("mjx-container"):
        formula.attrs |= {"role": "img", "aria-label": spoken(formula.math)}
        formula.select_one("mjx-assistive-mml").decompose()
        formula.append("\N{NO-BREAK SPACE}")  # for a PDF has words for what has text: see print.css
    for heading in body.select("h1, h2, h3"):
        heading.name = f"h{int(heading.name[1]) + 1}"
    for element in body.select("[id]"):
        if not element.find_parent("svg"):
            element["id"] = anchor(page, element["id"])
    body["id"] = anchor(page)
    for link in body.select("a[href]"):
        link["href"] = urljoin(f"{base}{page}.html", link["href"])
        target, _, fragment = link["href"].removeprefix(base).partition("#")
        if unquote(target).removesuffix(".html") in pages:
            link["href"] = "#" + anchor(unquote(target).removesuffix(".html"), fragment)
        del link["title"]
    for image in body.select("img[src]"):
        image["src"] = (HTML / posixpath.dirname(page) / image["src"]).resolve().as_uri()
        del image["loading"]
    return body


def address():
    """Return where the site is published, as its first page says."""
    head = (HTML / f"{TOC['root']}.html").read_text(encoding="utf-8").partition("</head>")[0]
    link = BeautifulSoup(head, "html.parser").select_one("link[rel=canonical]")
    return link["href"].removesuffix(f"{TOC['root']}.html")


def parts(base):
    """List the caption of each part with the texts of its pages."""
    wanted = {"": [TOC["root"]]}
    for part in TOC["parts"]:
        files = [chapter["file"] for chapter in part["chapters"]]
        wanted[part["caption"]] = [file for file in files if file not in LEFT_OUT]
    pages = {page for group in wanted.values() for page in group}
    book = [(name, [article(page, pages, base) for page in wanted[name]]) for name in wanted]
    book[0][1][0].h2.string = "Introduction"  # the book's title until here
    for caption, (first, *_) in book[1:]:
        first.insert(0, BeautifulSoup(f"<h1>{caption}</h1>", "html.parser"))
    return book


def contents(book):
    """Return the table of contents, its page numbers still to come."""
    lines = ["<h2>Contents</h2>"]
    for caption, texts in book:
        lines.append(f'<p class="caption">{caption}</p>')
        for text in texts:
            first, *others = (
                f'<a href="#{head.parent["id"]}">{head.decode_contents()}&nbsp;<span>000</span></a>'
                for head in text.select("h2, h3")
            )
            lines += [f"<div>{first}</div>", f"<p>{' '.join(others)}</p>"]
    return "\n".join(lines)


def document(book, base):
    """Return the whole book as one page of HTML."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    fonts = Path(matplotlib.get_data_path(), "fonts/ttf").as_uri()  # the same on every machine
    style = Path(__file__).with_name("print.css").read_text(encoding="utf-8")
    style = style.replace("SITE", (HTML / "_static/site.css").as_uri()).replace("FONTS", fonts)
    texts = [text for _, group in book for text in group]
    for text in texts:  # its title at the foot of its pages
        style += f"""#{text["id"]} {{ page: {text["id"]}; }}
@page {text["id"]} {{ @bottom-left {{ content: "{text.h2.get_text()}"; }} }}\n"""
    return f"""<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{CONFIG["title"]}</title><style>{style}</style></head><body>
<section class="front"><h1>{CONFIG["title"]}</h1><p>{CONFIG["author"]}</p>
<img alt="" src="{(ROOT / "book/dial.svg").as_uri()}"><div><p>Version {project["version"]}</p>
<p>Online at <a href="{base}">{base}</a>, where the chapters run, two figures can be turned, and
the package has its reference. Here the solutions stand open below the exercises.</p>
<p>{CONFIG["html"]["extra_footer"]}</p></div></section>
<nav class="overview">{contents(book)}</nav>{"".join(map(str, texts))}</body></html>"""


def places(pdf):
    """Return the number of the page on which each place is that a link leads to."""
    numbers = {page.objgen: i for i, page in enumerate(pdf.pages, 1)}
    return {name[1:]: numbers[place[0].objgen] for name, place in pdf.Root.Dests.items()}


def bookmark(pdf, book):
    """List the headings beside the pages; a browser would join what stands on two lines."""
    with pdf.open_outline() as outline:
        levels = [outline.root]
        for head in (h for _, texts in book for text in texts for h in text.select("h1, h2, h3")):
            near = head if head.parent.name == "section" else head.find_next("h2")
            place = pdf.Root.Dests[f"/{near.parent['id']}"]
            item = pikepdf.OutlineItem(head.get_text(), destination=place)
            del levels[int(head.name[1]) :]
            levels[-1].append(item)
            levels.append(item.children)


def main():
    """Let a browser print the document, then add what it does not know and make the file small."""
    base = address()
    book = parts(base)
    source = PDF.with_suffix(".html")
    source.write_text(document(book, base), encoding="utf-8")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)  # or else Playwright's own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800})
        page.emulate_media(media="print", color_scheme="light")
        page.goto(source.as_uri())
        page.evaluate(FIT)
        for _ in range(2):
            page.pdf(path=PDF, prefer_css_page_size=True, print_background=True, tagged=True)
            with pikepdf.open(PDF) as pdf:
                page.evaluate(NUMBER, places(pdf))
        browser.close()
    with pikepdf.open(PDF, allow_overwriting_input=True) as pdf:
        bookmark(pdf, book)
        pdf.docinfo.Author = CONFIG["author"]
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        pdf.save(PDF, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    source.unlink()
    print(PDF)


if __name__ == "__main__":
    main()
