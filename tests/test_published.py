"""What the extension makes of pages, stylesheets and formulas, without building the book."""

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).parent.parent / "book/_ext"))
from published import assets, formulas, heads


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
