"""The built site in a real browser: what a reader would trip over.

It needs the site (``jupyter-book build -W -n --keep-going .``) and a browser: a Chromium of this
machine, or Playwright's (``playwright install --with-deps chromium``). Without them these tests are
skipped, but fail where the environment variable BROWSER_TESTS is set to "required".
"""

import gzip
import os
import re
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from links import base, pages
from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build/html"
PACKED = {".html", ".css", ".js", ".svg", ".xml", ".txt"}
NAMES = [f"{page}.html" for page in [*pages(ROOT), "search", "genindex", "404"]]
DIAL = "book/limit/one-line-of-estimators.html"
WEIGHT, REQUESTS = 400, 25  # of a page: kilobytes compressed, and files
VIEWS = [("light", 1280), ("dark", 390)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STILL = "*, *::before { transition: none !important; }"
WHOLE = """() => [...document.querySelectorAll("article > section > section ~ section > *")].every(
  (block) => block.style.contentVisibility)"""  # late.js has laid out the whole page
UNTYPESET = r"""() => [...document.querySelectorAll("article")].some((article) => {
  const text = article.cloneNode(true);
  text.querySelectorAll("pre, code, script, mjx-assistive-mml").forEach((e) => e.remove());
  return /\\[([]|\$[^$]+\$|\\[a-z]{3,}/.test(text.textContent);
}) || [...document.querySelectorAll(".math")].some((e) => !e.querySelector("mjx-container math"))"""
# Drawn glyphs are hidden from screen readers: axe need not go through thousands of them.
THIN = """() => {
  const all = [...document.querySelectorAll("mjx-container:not([breaks]) > mjx-math")];
  const sizes = all.map((math) => [math.offsetWidth, math.offsetHeight].map(
    (length) => `${length / parseFloat(getComputedStyle(math).fontSize)}em`));
  all.forEach((math, i) => {
    math.style = `display: inline-block; width: ${sizes[i][0]}; height: ${sizes[i][1]}`;
    math.replaceChildren();
  });
}"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def missing(why):
    """Skip, or fail where the browser is required."""
    (pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip)(why)


class Handler(SimpleHTTPRequestHandler):
    """Serve the site as GitHub Pages does: under the path of its address, compressed, with 404."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        inside = self.path.startswith(base(ROOT))
        path = SITE / self.path.removeprefix(base(ROOT)).partition("?")[0]
        path = path / "index.html" if path.is_dir() else path
        found = inside and path.is_file()
        path = path if found else SITE / "404.html"
        body = path.read_bytes()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in PACKED:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def address():
    if not (SITE / "404.html").exists():
        missing("no built site: jupyter-book build -W -n --keep-going .")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *args: None  # a page that is closed early
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{base(ROOT)}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            missing(f"no browser: playwright install --with-deps chromium ({error})")
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Return a function that opens a page and lists what goes wrong meanwhile."""
    contexts = []

    def visit(name, width=1280, scheme="light", status=200):
        contexts.append(browser.new_context(color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.faults, page.sizes = [], []
        note = page.faults.append
        page.on("console", lambda m: m.type in ("error", "warning") and note(m.text))
        page.on("pageerror", lambda error: note(str(error)))
        page.on("request", lambda r: r.url.startswith((address, "data:")) or note(r.url))
        page.on("response", lambda r: page.sizes.append(int(r.headers["content-length"])))
        page.on("response", lambda r: r.status >= 400 and note(f"{r.status} {r.url}"))
        answer = page.goto(address + name, wait_until="networkidle")
        assert answer.status == status
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", NAMES)
def test_page(visit, name):
    page = visit(name)
    assert len(page.sizes) <= REQUESTS
    assert sum(page.sizes) <= WEIGHT * 1000
    assert not page.evaluate(UNTYPESET)
    page.wait_for_function(WHOLE)
    page.add_style_tag(content=STILL)
    page.evaluate(THIN)
    for scheme, width in VIEWS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        page.wait_for_timeout(400)  # the theme makes wide boxes reachable a moment after
        assert page.evaluate(WIDER) <= 0, f"scrolls sideways at {width} pixels"
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.faults == []


def test_dial_obeys_keyboard_and_pointer(visit):
    page = visit(DIAL)
    dial = page.locator(".km-slider")
    knob, picture = dial.locator("input"), dial.locator("svg")
    knob.scroll_into_view_if_needed()

    def seen():
        words = dial.locator("p").inner_text()
        assert knob.get_attribute("aria-valuetext") == picture.get_attribute("aria-label") == words
        return words, picture.inner_html()

    states = [seen()]
    knob.focus()
    for key in ("End", "ArrowLeft", "Home"):
        page.keyboard.press(key)
        states.append(seen())
    box = knob.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    states.append(seen())
    for i, (words, drawing) in enumerate(states[1:]):
        assert words not in states[i]
        assert drawing not in states[i]
    assert page.faults == []


@pytest.mark.parametrize("width", [390, 1280])
def test_who_comes_back_is_where_they_were(visit, width):
    page = visit(DIAL, width)
    page.wait_for_function(WHOLE)
    link = page.locator("section#sources a").last
    link.scroll_into_view_if_needed()
    there = page.evaluate("scrollY")
    link.click()
    page.wait_for_url("**/references.html*")
    for come_back in (page.go_back, page.reload):
        come_back(wait_until="networkidle")
        page.wait_for_function("there => Math.abs(scrollY - there) < 50", arg=there)
    assert page.faults == []


def test_search_finds_a_word(visit):
    page = visit("book/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("geyser")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.search li a[href*='old-faithful']")
    page.get_by_role("status").filter(has_text="Search finished").wait_for()  # it is said, too
    assert page.faults == []


def test_switch_of_light_and_dark(visit):
    page = visit("book/index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    colors = {page.evaluate(ground)}
    for _ in range(3):
        page.locator(".theme-switch-button").first.click()
        colors.add(page.evaluate(ground))
    assert len(colors) == 2


def test_menus_and_folded_solutions(visit):
    page = visit(DIAL)
    for menu, inside in (("launch", "Binder"), ("download", ".ipynb")):
        page.locator(f".dropdown-{menu}-buttons button").first.click()
        assert page.locator(f".dropdown-{menu}-buttons").get_by_text(inside).is_visible()
    solution = page.locator(".solution.dropdown").first
    text = solution.locator("section, div").last
    assert not text.is_visible()
    solution.locator(".toggle-button").click()
    text.wait_for(state="visible")
    page.set_viewport_size({"width": 390, "height": 900})
    page.locator(".primary-toggle").click()
    page.locator("#pst-primary-sidebar-modal nav a").first.wait_for(state="visible")
    assert page.faults == []


def test_lost_readers_find_back(visit):
    page = visit("book/no/such/page.html", status=404)
    assert all(re.match("404 |Failed to load", fault) for fault in page.faults)
    page.faults.clear()
    page.get_by_role("link", name="table of contents").click()
    page.wait_for_url("**/book/index.html")
    assert page.faults == []


# The printed book: python .ci/pdf.py


@pytest.fixture(scope="module")
def pdf():
    path = ROOT / "_build/k-means-and-gaussian-mixtures.pdf"
    if not path.exists():
        missing("no PDF: python .ci/pdf.py")
    with pikepdf.open(path) as pdf:
        yield pdf


def bookmarks(items):
    for item in items:
        yield item.title, item.destination[0].objgen
        yield from bookmarks(item.children)


def test_pdf_is_a_whole_book(pdf):
    assert 150 < len(pdf.pages) < 300
    assert Path(pdf.filename).stat().st_size < 10e6
    assert pdf.Root.Lang == "en"
    assert pdf.Root.MarkInfo.Marked
    assert pdf.docinfo.Title == "k-means and Gaussian mixtures"
    with pdf.open_outline() as outline:
        marks = dict(bookmarks(outline.root))
    chapters = [title for title in marks if re.match(r"\d+\. ", title)]
    assert len(chapters) == sum("/" in page.removeprefix("book/") for page in pages(ROOT))
    assert {"Introduction", "Exercises", "Glossary", "References"} <= marks.keys()
    assert marks.keys() & {"", "Show code cell source"} == set()
    order = {page.objgen: i for i, page in enumerate(pdf.pages)}
    starts = [order[marks[title]] for title in chapters]
    assert starts == sorted(set(starts))


def test_pdf_has_no_blank_page_and_no_dead_link(pdf):
    names = {str(name)[1:] for name in pdf.Root.Dests}
    inside = 0
    for number, page in enumerate(pdf.pages, 1):
        words = sum(1 for _ in pikepdf.parse_content_stream(page, "Tj TJ"))
        assert words > 5, f"page {number} is blank"
        for link in page.get("/Annots", ()):
            to = link.get("/Dest") or link.A.get("/D")
            inside += to is not None
            assert str(link.A.URI).startswith("http") if to is None else str(to)[1:] in names
    assert inside > 500


def test_pdf_brings_its_fonts(pdf):
    things = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary)]
    fonts = [thing for thing in things if thing.get("/Subtype") == "/CIDFontType2"]
    assert len(fonts) > 5
    assert all("/FontFile2" in font.FontDescriptor for font in fonts)
    pictures = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream)]
    pictures = [thing for thing in pictures if thing.get("/Subtype") == "/Image"]
    assert len(pictures) < 100  # a shadow would be one
