"""Print the built book as one PDF: ``python .ci/pdf.py`` after ``jupyter-book build .``

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
LEFT_OUT = {"book/api", "book/execution", "book/instructors"}  # to look up, to build, to teach
DEAD = "script, style, summary, button, label, .headerlink, .toctree-wrapper"
PLAIN = "details, .pre, .highlight :is(.n, .p, .w)"  # look like what is around them
FONTS = {  # Matplotlib brings them: the PDF is the same on every machine
    "Text": ("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "STIXGeneralBolIta"),
    "Code": ("DejaVuSansMono", "DejaVuSansMono-Oblique", "DejaVuSansMono-Bold"),
    "Signs": ("DejaVuSans",),
}
FACES = ("", "font-style: italic", "font-weight: bold", "font-style: italic; font-weight: bold")
WIDTH = 484  # pixels: the 128 mm of text in print.css
FORMS = {
    **dict.fromkeys(("msub", "munder"), "{}_{}"),
    **dict.fromkeys(("msup", "mover"), "{}^{}"),
    **dict.fromkeys(("msubsup", "munderover"), "{}_{}^{}"),
    "mfrac": "{}/{}",
}
FIT = """for (const box of document.querySelectorAll('div.math')) {
  const share = box.clientWidth / box.scrollWidth;
  if (share < 1) box.style.fontSize = `${Math.floor(100 * share)}%`;
}"""
NUMBER = """numbers => {
  for (const link of document.querySelectorAll('.overview a')) {
    link.lastElementChild.textContent = numbers[link.hash.slice(1)];
  }
}"""


def settings(name):
    """Return what a file at the root says."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def parts():
    """Yield the caption of each part, and the pages of it that are printed."""
    toc = settings("_toc.yml")
    yield "", [toc["root"]]
    for part in toc["parts"]:
        files = [chapter["file"] for chapter in part["chapters"]]
        yield part["caption"], [file for file in files if file not in LEFT_OUT]


def anchor(page, fragment=""):
    """Return the name that a place of a page has in the whole."""
    return f"{page}--{fragment}".replace("/", "-")


def spoken(formula):
    """Return a formula of MathML in words that can be read aloud, such as (x_i-1)^2."""
    inner = [spoken(child) for child in formula.find_all(True, recursive=False)]
    words = "".join(inner) or formula.get_text().replace("\u2061", "")
    if formula.name == "msqrt":
        return f"√({words})"
    grouped = (word if len(word) < 2 else f"({word})" for word in inner)
    return FORMS[formula.name].format(*grouped) if formula.name in FORMS else words


def address():
    """Return where the site is published, as its first page says."""
    root = settings("_toc.yml")["root"]
    head = (HTML / f"{root}.html").read_text(encoding="utf-8").partition("</head>")[0]
    link = BeautifulSoup(head, "html.parser").select_one("link[rel=canonical]")
    return link["href"].removesuffix(f"{root}.html")


def article(page, pages, base):
    """Return the text of a page, its names and links those of the whole, its headings one lower."""
    html = (HTML / f"{page}.html").read_text(encoding="utf-8")
    text = html[html.index("<article") : html.index("</article>")]
    body = BeautifulSoup(text, "html.parser").article
    for element in body.select(DEAD):
        element.decompose()
    for element in body.select(PLAIN):
        element.unwrap()
    body.smooth()
    for formula in body.select("mjx-container"):
        formula.attrs |= {"role": "img", "aria-label": spoken(formula.math)}
        formula.select_one("mjx-assistive-mml").decompose()
        formula.append("\N{NO-BREAK SPACE}")  # what the PDF ties these words to: see print.css
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


def style(bodies):
    """Return the stylesheets, with the fonts, and each chapter's name at the foot of its pages."""
    faces = "".join(
        f"@font-face {{ font-family: {family}; src: url({font.as_uri()}); {face} }}\n"
        for family, names in FONTS.items()
        for name, face in zip(names, FACES, strict=False)
        for font in [Path(matplotlib.get_data_path(), f"fonts/ttf/{name}.ttf")]
    )
    feet = "".join(
        f'@page {body["id"]} {{ @bottom-left {{ content: "{body.h2.get_text()}" }} }}\n'
        f"#{body['id']} {{ page: {body['id']} }}\n"
        for body in bodies
    )
    site, paper = HTML / "_static/site.css", Path(__file__).with_name("print.css")
    layer = f'@import url("{site.as_uri()}") layer(site);\n'  # any rule of print.css beats it
    return f"<style>{layer}{faces}{feet}{paper.read_text(encoding='utf-8')}</style>"


def front(title, author, base):
    """Return the title page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rights = settings("_config.yml")["html"]["extra_footer"]
    return f"""<section class="front"><h1>{title}</h1><p>{author}</p>
<img alt="" src="{(ROOT / "book/dial.svg").as_uri()}"><div><p>Version {project["version"]}</p>
<p>Online at <a href="{base}">{base}</a>, where the chapters run, two figures can be turned, and the
package has its reference. Here the solutions stand open below the exercises.</p><p>{rights}</p></div>
</section>"""


def contents(chapters):
    """Return the table of contents, its page numbers still to come."""
    lines = ['<nav class="overview"><h2>Contents</h2>']
    for caption, bodies in chapters:
        lines += [f"<p class='caption'>{caption}</p>"] * bool(caption)
        for body in bodies:
            first, *others = (
                f'<a href="#{heading.parent["id"]}">{heading.decode_contents()} <span>000</span></a>'
                for heading in body.select("h2, h3")
            )
            lines += [f"<div>{first}</div>", f"<p>{' '.join(others)}</p>"]
    return "\n".join([*lines, "</nav>"])


def document(chapters, base):
    """Return the whole book as one page of HTML."""
    title, author = (settings("_config.yml")[key] for key in ("title", "author"))
    bodies = [body for _, group in chapters for body in group]
    bodies[0].h2.string = "Introduction"  # the book's title until here
    start = front(title, author, base) + contents(chapters)
    for caption, (first, *_) in chapters[1:]:
        first.insert(0, BeautifulSoup(f"<h1>{caption}</h1>", "html.parser"))
    return f"""<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{title}</title>{style(bodies)}</head><body>{start}{"".join(map(str, bodies))}</body></html>"""


def places(pdf):
    """Return the number of the page on which each place is that a link leads to."""
    numbers = {page.objgen: i for i, page in enumerate(pdf.pages, 1)}
    return {name[1:]: numbers[place[0].objgen] for name, place in pdf.Root.Dests.items()}


def bookmark(pdf, chapters):
    """List the headings beside the pages; the browser's list runs broken lines together."""
    headings = [h for _, group in chapters for body in group for h in body.select("h1, h2, h3")]
    with pdf.open_outline() as outline:
        levels = [outline.root]
        for heading in headings:
            near = heading.find_next("h2") if heading.name == "h1" else heading
            place = pdf.Root.Dests[f"/{near.parent['id']}"]
            item = pikepdf.OutlineItem(heading.get_text(), destination=place)
            del levels[int(heading.name[1]) :]
            levels[-1].append(item)
            levels.append(item.children)


def finish(chapters):
    """Add what a browser does not know, and make the file small."""
    with pikepdf.open(PDF, allow_overwriting_input=True) as pdf:
        bookmark(pdf, chapters)
        pdf.docinfo.Author = settings("_config.yml")["author"]
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        pdf.save(PDF, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def main():
    """Let a browser print the document, and once more with the numbers of its pages."""
    wanted, base = list(parts()), address()
    pages = {page for _, group in wanted for page in group}
    chapters = [(name, [article(page, pages, base) for page in group]) for name, group in wanted]
    source = PDF.with_suffix(".html")
    source.write_text(document(chapters, base), encoding="utf-8")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)  # or else Playwright's own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800})
        page.emulate_media(media="print", color_scheme="light")
        page.goto(source.as_uri())
        page.evaluate("document.fonts.ready.then(() => null)")
        page.evaluate(FIT)
        for _ in range(2):
            page.pdf(path=PDF, prefer_css_page_size=True, print_background=True, tagged=True)
            with pikepdf.open(PDF) as pdf:
                page.evaluate(NUMBER, places(pdf))
        browser.close()
    finish(chapters)
    source.unlink()
    print(PDF)


if __name__ == "__main__":
    main()
