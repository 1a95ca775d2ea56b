"""What the extension makes of pages, stylesheets and formulas, without building the book."""

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).parent.parent / "book/_ext"))
from published import assets, formulas, heads, mends, ways


def typeset(tmp_path, html):
    soup = BeautifulSoup(html, "html.parser")
    markup, css = formulas.typeset(tmp_path, {tmp_path / "a.html": soup})
    return formulas.insert(str(soup), markup), css


def test_formulas_are_typeset_break_and_keep_their_comma(tmp_path):
    page, css = typeset(tmp_path, r'<p>So (<span class="math">\(a = b + c\)</span>), see.</p>')
    assert r"\(" not in page
    assert "<mi>a</mi>" in page
    assert page.count("<mjx-piece") == 3
    assert page.startswith('<p>So <span class="tied">(<span class="math">')
    assert page.endswith("</span>),</span> see.</p>")
    assert "mjx-c61" in css or "mjx-c1D44E" in css


def test_a_comma_at_the_end_of_a_line_stays_there(tmp_path):
    page, _ = typeset(tmp_path, '<p>If so,\n<span class="math">\\(a\\)</span>: yes.</p>')
    assert page.startswith('<p>If so,\n<span class="tied"><span class="math">')


@pytest.mark.parametrize("tex", [r"\frac{a", r"\nonsense", "\u3042"])
def test_a_formula_that_cannot_be_typeset_fails_the_build(tmp_path, tex):
    with pytest.raises(ExtensionError, match=r"a\.html"):
        typeset(tmp_path, rf'<div class="math">\[{tex}\]</div>')


def test_rules_without_use_are_dropped():
    css = """@media print { .a { color: red; } .b > p { top: 0 } }
        .a:not(.b), .b .a { content: "a ; }"; margin: 0 1px }
        :is(.b, .a) p { x: y } @media print { #b { left: 0 } }"""
    short = '@media print{.a{color:red}}.a:not(.b){content:"a ; }";margin:0 1px}:is(.b, .a) p{x:y}'
    assert assets.minified(css, {"a"}) == short


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("https://github.com/Me/book", "https://me.github.io/book/"),
        ("https://github.com/me/me.github.io", "https://me.github.io/"),
    ],
)
def test_address(repository, url, monkeypatch):
    monkeypatch.delenv("BOOK_URL", raising=False)
    assert heads.address(repository) == url
    monkeypatch.setenv("BOOK_URL", "https://example.org/b")
    assert heads.address(repository) == "https://example.org/b/"


BOOK = {
    "book/part/a": """<article><h1>Chapter A</h1><a href="../glossary.html#term-tie">tie</a>
        <p><code class="literal">lloyd</code></p><div class="cell_input"><span class="n">km</span
        ><span class="o">.</span><span class="n">lloyd</span><span class="o">.</span></div>
        <div class="take-away"></div><section id="exercises"><h2>Tasks</h2></section></article>""",
    "book/glossary": '<dl class="glossary"><dt id="term-tie">tie</dt><dd><p>as near</p></dd></dl>',
    "book/ledger": '<table><tr><td><a href="part/a.html#c01">C01</a></td></tr></table>',
    "book/instructors": "<table><tr><td><code>part</code></td></tr></table>",
    "book/api": '<dt id="kmgmm.algorithms.lloyd"></dt><dd><p>So. Chapter: chapter a. So.</p></dd>',
}


def led(site):
    """Return the pages of a small book, with the ways between them."""
    soups = {
        Path(f"/{name}.html"): BeautifulSoup(page, "html.parser") for name, page in site.items()
    }
    ways.lead(Path("/"), soups, list(site))
    return {path.stem: soup for path, soup in soups.items()}


def test_ways_lead_there_and_back():
    pages = led(BOOK)
    links = {name: [a["href"] for a in soup.select("a")] for name, soup in pages.items()}
    assert links == {
        "a": [
            "../glossary.html#term-tie",
            "../api.html#kmgmm.algorithms.lloyd",
            "../api.html#kmgmm.algorithms.lloyd",
            "../ledger.html#c01",
            "../instructors.html#set-part",
        ],
        "glossary": ["part/a.html#term-tie"],
        "ledger": ["part/a.html#c01"],
        "instructors": ["part/a.html"],
        "api": ["part/a.html"],
    }
    for name, place in (("a", "term-tie"), ("ledger", "c01"), ("instructors", "set-part")):
        assert pages[name].find(id=place)
    assert pages["a"].select_one(".cell_input a").get_text() == "km.lloyd"
    assert pages["api"].p.get_text() == "So. Chapter: chapter a. So."


def test_a_docstring_that_names_no_chapter_fails_the_build():
    with pytest.raises(ExtensionError, match="'chapter b'"):
        led(BOOK | {"book/api": BOOK["book/api"].replace("chapter a", "chapter b")})


def test_times_name_chapters_and_solutions_their_exercises(tmp_path):
    heads = "".join(
        f"<th><p>{name}</p></th>" for name in ("File", "Date", "Method", "Time", "Good")
    )
    row = '<td><p><a href="part/a.html">book/part/a</a></p></td><td/><td/><td><p>8.4</p></td><td/>'
    table = f'<div class="execution-times"><table><tr>{heads}</tr><tr>{row}</tr></table></div>'
    solution = (
        '<div class="solution"><p class="admonition-title">Solution to<a> Task 1</a></p></div>'
    )
    pages = {"times.html": table + solution, "part/a.html": "<h1>Title<a>#</a></h1>"}
    soups = {tmp_path / path: BeautifulSoup(page, "html.parser") for path, page in pages.items()}
    mends.mend(soups)
    times = soups[tmp_path / "times.html"]
    assert [cell.text for cell in times.select("th, td")] == ["Chapter", "Seconds", "Title", "8.4"]
    assert "Solution to <a>Task 1</a>" in str(times)
