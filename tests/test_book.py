"""The form of the chapters, without running them: each check can fail, and is shown to.

A check takes a notebook and yields its faults. `FAULTS` holds a way to break a good notebook for
every check, so that none of them is unable to fail.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from links import one_way, pages, site_faults
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def draws(cell):
    """Tell whether a cell makes a figure, from its source or from what it has printed."""
    shown = any("<Figure size" in str(output) for output in cell.outputs)
    return shown or re.search(r"\bplt\.(?!style\b)|\bsubplots\(|\bkm\.plots\.", cell.source)


# Checks of every page


def executed(notebook):
    """Every code cell was run, from top to bottom, in a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts {counts}: run tests/refresh.py"


def outputs(notebook):
    """Outputs hold text: no error, nothing on stderr, no picture."""
    for output in (output for cell in code_cells(notebook) for output in cell.outputs):
        if output.output_type == "error" or output.get("name") == "stderr":
            yield f"an error or a warning among the outputs: {output}"
        for kind in output.get("data", {}):
            if kind.startswith("image/"):
                yield f"a committed {kind}: run tests/refresh.py"


def short_cells(notebook):
    """A code cell has at most 15 lines that are not blank."""
    for cell in code_cells(notebook):
        if len([line for line in cell.source.splitlines() if line.strip()]) > 15:
            yield f"a cell of more than 15 lines, beginning {cell.source[:40]!r}"


def plain_code(notebook):
    """Chapters use the installed package and `rng`, hide no warning, let Jupyter show figures."""
    for word in ("sys.path", "np.random.seed", "simplefilter", "filterwarnings", "plt.show("):
        if any(word in cell.source for cell in code_cells(notebook)):
            yield f"{word} in a code cell"
    if any(cell.source.rstrip().endswith(";") for cell in code_cells(notebook)):
        yield "a final semicolon, which nbval does not understand: write _ = …"


def figures(notebook):
    """A cell that draws has a caption, a name and a real alternative text in its metadata."""
    for cell in filter(draws, code_cells(notebook)):
        meta = cell.metadata.get("mystnb", {})
        alt, figure = meta.get("image", {}).get("alt", ""), meta.get("figure", {})
        if not alt.strip() or re.search(r"\.(png|svg|jpe?g)$|^\S*$", alt):
            yield f"no alt text, but {alt!r}, for {cell.source[:40]!r}"
        if not (figure.get("caption", "").strip() and figure.get("name", "").startswith("fig")):
            yield f"no caption or no name 'fig…' for {cell.source[:40]!r}"


def style(notebook):
    """Whoever draws, draws in the book's style."""
    used = any(
        re.search(r"plt\.style\.use\(\"(\.\./)*book\.mplstyle\"\)", cell.source)
        for cell in code_cells(notebook)
    )
    if any(map(draws, code_cells(notebook))) and not used:
        yield "figures without book.mplstyle"


def images(notebook):
    """A picture in the text has an alternative text."""
    if re.search(r"!\[\s*\]\(", text(notebook)):
        yield "a Markdown image without alt text"
    for block in re.findall(r"\{(?:figure|image)\}.*\n((?::.*\n)*)", text(notebook)):
        if not re.search(r"^:alt: *\S", block, flags=re.M):
            yield "a figure or image directive without :alt:"


def marks(notebook):
    """Every result says what it is about."""
    results = r"^(```+|:::+)\{prf:(?:theorem|lemma|proposition|corollary)\}(.*?)^\1 *$"
    for _, block in re.findall(results, text(notebook), flags=re.M | re.S):
        if not re.search(r"about\s+the\s+(model|estimator|algorithm)", block, flags=re.I):
            yield f"no mark (about the model, the estimator, the algorithm): {block[:60]!r}"


def printed_text(output):
    """Return what a cell has printed, without the drawings that a browser shows."""
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def computed_numbers(notebook):
    """A decimal number in the prose is printed by a cell of the page, to as many digits or more.

    Captions and alternative texts count as prose, where numbers that stand in the page's code may
    be repeated. Formulas may hold exact constants, so what stands between dollar signs is not
    looked at, nor are references to sections and exercises elsewhere.
    """
    printed = [
        float(number)
        for cell in code_cells(notebook)
        for output in cell.outputs
        for number in re.findall(r"\d+\.\d+", printed_text(output))
    ]
    exempt = r"\$\$.*?\$\$|\$[^$]*\$|(?<!`)`[^`\n]+`(?!`)|\b(?:[Ss]ection|[Ee]xercise|BY) [\d.]+"
    prose = re.sub(exempt, "", text(notebook), flags=re.S)
    meta = [cell.metadata.get("mystnb", {}) for cell in code_cells(notebook)]
    captions = " ".join(
        m.get("figure", {}).get("caption", "") + " " + m.get("image", {}).get("alt", "")
        for m in meta
    )
    decimal = r"(?<![\w.])\d+\.\d+(?![\w.]*\d)"
    written = {n for cell in code_cells(notebook) for n in re.findall(decimal, cell.source)}
    wanted = re.findall(decimal, prose) + list({*re.findall(decimal, captions)} - written)
    for number in wanted:
        digits = len(number.split(".")[1])
        if not any(round(value, digits) == float(number) for value in printed):
            yield f"{number} stands in the prose, and no cell prints it"


def swallowed(notebook):
    """No line of the text begins with a percent sign: MyST takes it for a comment."""
    yield from re.findall(r"^ *%.*$", text(notebook), flags=re.M)


# Checks of every chapter, that is, of every page but the first

TEMPLATE = {
    "a box 'What you will be able to do'": r"\{admonition\} What you will be able to do",
    "the time it takes": r"\*\*Time",
    "what it builds on": r"\*\*Builds on",
    "a take-away box": r":class:.*\btake-away\b",
    "a section 'Exercises'": r"^#+ Exercises",
    "a section 'Sources'": r"^#+ Sources",
    "a citation": r"\{cite(:[tp])?\}`",
}


def template(notebook):
    """A chapter has the parts that CONTRIBUTING.md lists."""
    for part, pattern in TEMPLATE.items():
        if not re.search(pattern, text(notebook), flags=re.M):
            yield f"no {part}"


def exercises(notebook):
    """At least four exercises, each with one folded solution."""
    options = r"(?::.*\n)*?"
    asked = re.findall(rf"\{{exercise(?:-start)?\}}.*\n{options}:label: *(\S+)", text(notebook))
    folded = rf"\{{solution(?:-start)?\}} *(\S+) *\n{options}:class:.*\bdropdown\b"
    solved = re.findall(folded, text(notebook))
    if len(set(asked)) < 4 or sorted(asked) != sorted(solved):
        yield f"exercises {asked}, folded solutions {solved}"


PAGE = [
    executed,
    outputs,
    short_cells,
    plain_code,
    figures,
    style,
    images,
    marks,
    computed_numbers,
    swallowed,
]
CHAPTER = [template, exercises]

# Checks of the book as a whole


def toc_faults(root):
    """Every notebook stands in _toc.yml, and every entry of _toc.yml exists."""
    found = {
        path.relative_to(root).with_suffix("").as_posix()
        for path in (root / "book").rglob("*.ipynb")
        if not {".ipynb_checkpoints", "exercises"} & set(path.parts)
    }
    entries = pages(root)
    yield from (f"{name} is not in _toc.yml" for name in sorted(found - set(entries)))
    for name in set(entries) - found:
        if not (root / f"{name}.md").exists():
            yield f"{name} is in _toc.yml and does not exist"


def repeated_functions(notebooks):
    """What two chapters need lives in kmgmm."""
    home = {}
    for name, notebook in notebooks.items():
        for tree in (ast.parse(cell.source) for cell in code_cells(notebook)):
            for node in ast.walk(tree):
                first = home.setdefault(node.name, name) if hasattr(node, "name") else name
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and first != name:
                    yield f"{node.name} is defined in {first} and in {name}"


VERDICTS = r"(holds|needs correcting|answered)\b"


def ledger_faults(ledger, texts, tests):
    """Every claim, C01 to C35, has a verdict, a test, and one place in one chapter, linked to."""
    rows = re.findall(r"^\| \{ref\}`(C\d\d) <(c\d\d)>` \|[^|]+\|([^|]*)\|$", ledger, flags=re.M)
    if [claim for claim, *_ in rows] != [f"C{number:02}" for number in range(1, 36)]:
        yield f"the rows are {[claim for claim, *_ in rows]}"
    for claim, target, verdict in rows:
        if not re.match(VERDICTS, verdict.strip()):
            yield f"{claim} has no verdict, but {verdict!r}"
        if target != claim.lower():
            yield f"{claim} leads to {target}"
        homes = [name for name, text in texts.items() if f"({target})=\n" in text]
        if len(homes) != 1:
            yield f"{claim} is settled in {homes}"
        if not re.search(rf"^def test_{target}_\w+\(", tests, flags=re.M):
            yield f"{claim} has no test"


def glossary_faults(glossary, texts):
    """Every word is linked from a chapter, and no chapter links one twice, or fewer than three."""
    linked = {name: re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", t) for name, t in texts.items()}
    used = {word.lower() for words in linked.values() for word in words}
    words = re.findall(r"^(\w.*)\n  \S", glossary.partition("{glossary}")[2], flags=re.M)
    yield from (f"no chapter links {word!r}" for word in words if word.lower() not in used)
    for name, words in linked.items():
        if len(words) < 3 or len(set(words)) < len(words):
            yield f"{name} links {words}"


# The book passes


PATHS = [path for page in pages(ROOT) if (path := ROOT / f"{page}.ipynb").exists()]
NOTEBOOKS = {str(path.relative_to(ROOT)): nbformat.read(path, as_version=4) for path in PATHS}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_page(name):
    checks = PAGE if name == "book/index.ipynb" else PAGE + CHAPTER
    assert [fault for check in checks for fault in check(NOTEBOOKS[name])] == []


def test_toc():
    assert list(toc_faults(ROOT)) == []


def test_no_function_twice():
    assert list(repeated_functions(NOTEBOOKS)) == []


def test_ledger():
    texts = {name: text(notebook) for name, notebook in NOTEBOOKS.items()}
    ledger, tests = (
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("book/ledger.md", "tests/test_claims.py")
    )
    assert list(ledger_faults(ledger, texts, tests)) == []


def test_glossary():
    glossary = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
    chapters = {name: text(notebook) for name, notebook in NOTEBOOKS.items() if name.count("/") > 1}
    assert list(glossary_faults(glossary, chapters)) == []


# The checks fail when they should


EXERCISES = "\n\n".join(
    f"```{{exercise}}\n:label: ex-{i}\nWhat?\n```\n\n"
    f"```{{solution}} ex-{i}\n:class: dropdown\nThis.\n```"
    for i in range(4)
)
FIGURE = {"mystnb": {"figure": {"caption": "A line.", "name": "fig-a"}, "image": {"alt": "A line"}}}
GOOD = nbformat.writes(
    new_notebook(
        cells=[
            new_markdown_cell(
                "# A chapter\n\n```{admonition} What you will be able to do\n- tell\n\n"
                "**Time:** 1 h\n\n**Builds on:** nothing\n```\n\n"
                "```{prf:theorem} T\n*About the model.*\n```\n\n"
                "![A dial](dial.svg)\n\n```{figure} dial.svg\n:alt: A dial\n```"
            ),
            new_code_cell('plt.style.use("../book.mplstyle")\nfig = plt.figure()', metadata=FIGURE),
            new_code_cell("print(6)", outputs=[new_output("stream", text="6\n")]),
            new_markdown_cell("```{admonition} Take-away\n:class: tip take-away\nSo it is.\n```"),
            new_markdown_cell(
                f"## Exercises\n\n{EXERCISES}\n\n## Sources\n\n{{cite:t}}`Lloyd1982`"
            ),
        ]
    )
)
for number in (1, 2):
    GOOD = GOOD.replace('"execution_count": null', f'"execution_count": {number}', 1)
LINE = '"print(6)"'
FAULTS = [
    (executed, '"execution_count": 2', '"execution_count": null'),
    (executed, '"execution_count": 2', '"execution_count": 3'),
    (outputs, '"stdout"', '"stderr"'),
    (outputs, '"name": "stdout"', '"data": {"image/png": ""}, "name": "stdout"'),
    (outputs, '"stream"', '"error"'),
    (short_cells, LINE, '"' + r"print(6)\n" * 16 + '"'),
    *((plain_code, LINE, f'"{word}0)"') for word in ("sys.path.append(", "np.random.seed(")),
    *((plain_code, LINE, f'"{word}0)"') for word in ("warnings.simplefilter(", "plt.show(")),
    (plain_code, LINE, '"ax.set(xlim=(0, 1));"'),
    (figures, '"alt": "A line"', '"alt": " "'),
    (figures, '"alt": "A line"', '"alt": "../_build/a line.png"'),
    (figures, '"caption": "A line."', '"caption": ""'),
    (figures, '"name": "fig-a"', '"names": "fig-a"'),
    (figures, LINE, '"fig, ax = pyplot.subplots()"'),
    (figures, LINE, '"km.plots.points(X, ax=ax)"'),
    (figures, r'"6\n"', '"<Figure size 640x480 with 1 Axes>"'),
    (style, "../book.mplstyle", "ggplot"),
    (images, "![A dial]", "![]"),
    (images, ":alt: A dial", ":name: dial"),
    (marks, "*About the model.*", "So it is."),
    (computed_numbers, "So it is.", "It is 6.25, in truth."),
    (computed_numbers, '"caption": "A line."', '"caption": "A line at 6.25."'),
    (computed_numbers, '"alt": "A line"', '"alt": "A line at 6.25 minutes"'),
    (swallowed, "So it is.", r"So it is for 95\n% of us."),
    (template, "able to do", "bored by"),
    (template, "**Time:**", "Long."),
    (template, "**Builds on:**", "Needs"),
    (template, "take-away", "note"),
    (template, "## Exercises", "Exercises"),
    (template, "## Sources", "Sources"),
    (template, "{cite:t}`Lloyd1982`", "Lloyd (1982)"),
    (exercises, ":class: dropdown", ":class: tip"),
    (exercises, "{solution} ex-1", "{solution} ex-2"),
    (exercises, "{exercise}", "{note}"),
]


@pytest.mark.parametrize(("check", "old", "new"), FAULTS)
def test_check_fails_on_a_fault(check, old, new):
    assert GOOD.count(old) >= 1
    assert list(check(nbformat.reads(GOOD, as_version=4))) == []
    assert list(check(nbformat.reads(GOOD.replace(old, new, 1), as_version=4))) != []


def test_every_check_is_shown_to_fail():
    assert {check for check, _, _ in FAULTS} == {*PAGE, *CHAPTER}


def test_toc_faults_are_found(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "root: book/index\nparts:\n- chapters:\n  - file: book/a\n  - file: book/b\n"
    )
    (tmp_path / "book").mkdir()
    for name in ("index.ipynb", "a.md", "forgotten.ipynb"):
        (tmp_path / "book" / name).touch()
    assert sorted(toc_faults(tmp_path)) == [
        "book/b is in _toc.yml and does not exist",
        "book/forgotten is not in _toc.yml",
    ]


def test_repeated_functions_are_found():
    one, two = (new_notebook(cells=[new_code_cell("def f():\n    pass")]) for _ in "ab")
    assert list(repeated_functions({"a": one})) == []
    assert list(repeated_functions({"a": one, "b": two})) == ["f is defined in a and in b"]


def test_ledger_faults_are_found():
    rows = [f"| {{ref}}`C{n:02} <c{n:02}>` | so it is (*question*) | holds |" for n in range(1, 36)]
    texts = {"a": "\n".join(f"(c{n:02})=\n## It" for n in range(1, 36)), "b": ""}
    tests = "\n".join(f"def test_c{n:02}_holds():" for n in range(1, 36))
    good = "\n".join(rows)
    assert list(ledger_faults(good, texts, tests)) == []
    for broken in (
        ("\n".join(rows[:-1]), texts, tests),
        (good.replace("| holds |", "| perhaps |", 1), texts, tests),
        (good.replace("C07 <c07>", "C07 <c08>"), texts, tests),
        (good, texts | {"b": "(c09)=\n## Again"}, tests),
        (good, {"a": texts["a"].replace("(c09)=", "")}, tests),
        (good, texts, tests.replace("def test_c35_holds", "def test_d35_holds")),
    ):
        assert len(list(ledger_faults(*broken))) == 1


def test_glossary_faults_are_found():
    glossary = (
        "# A\n\n```{glossary}\ndial\n  it turns\n\nhard, soft\n  in shares\n\ntie\n  as near\n```"
    )
    good = "The {term}`dials <dial>`, {term}`soft <hard, soft>`, and no {term}`tie`."
    assert list(glossary_faults(glossary, {"a": good})) == []
    for old, new in (("{term}`tie`", "tie"), ("tie", "dial"), ("{term}`tie`", "{term}`tie`" * 2)):
        assert list(glossary_faults(glossary, {"a": good.replace(old, new)})) != []
    assert list(glossary_faults(f"{glossary[:-3]}\nmodel\n  a set\n```", {"a": good})) != []


def test_ways_without_a_way_back_are_found(tmp_path):
    (tmp_path / "part").mkdir()
    way = '<a href="part/a.html#here">A</a>'
    site = {
        "glossary": f'<dl class="glossary"><dt id="term-tie">tie</dt><dd>{way}</dd></dl>',
        "ledger": f'<table><tbody><tr id="c01"><td>{way}</td></tr></tbody></table>',
        "instructors": f'<table><tr id="set-part"><td>{way}</td></tr></table>',
        "api": f'<section><dl class="py"><dt id="km">km</dt><dd>{way}</dd></dl></section>',
        "part/a": "".join(
            f'<a href="../{place}">back</a>'
            for place in ("glossary.html#term-tie", "ledger.html#c01", "instructors.html#set-part")
        ),
    }

    def faults(changed):
        for name, html in {**site, **changed}.items():
            (tmp_path / f"{name}.html").write_text(html)
        return list(one_way(tmp_path))

    assert faults({}) == []
    for name in ("glossary", "ledger", "instructors", "api"):
        assert faults({name: ""}) == [f"{name}.html has no entries"]
        assert [f.partition(" ")[2] for f in faults({name: site[name].replace(way, "")})] == [
            "leads to no chapter"
        ]
    assert len(faults({"part/a": site["part/a"].replace("c01", "c02")})) == 1


def test_links_of_a_site_are_checked(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a><a href="https://c.org">c</a>')
    (tmp_path / "b.html").write_text('<p id="here"><a href="#here">h</a><img src="a.html"></p>')
    assert list(site_faults(tmp_path, ["a", "b"])) == []
    (tmp_path / "b.html").write_text('<a href="#nowhere">h</a><img src="lost.png">')
    assert sorted(site_faults(tmp_path, ["a", "c"])) == [
        "a.html: b.html#here leads nowhere",
        "b.html: #nowhere leads nowhere",
        "b.html: lost.png leads nowhere",
        "c.html is missing",
    ]


def test_nbval_notices_stale_and_failing_cells(tmp_path):
    sources = {"good": "print(6)", "stale": "print(7)", "failing": "print(6)\n1 / 0"}
    for name, source in sources.items():
        cell = new_code_cell(source, execution_count=1, outputs=[new_output("stream", text="6\n")])
        nbformat.write(new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    options = ["-c", ROOT / "pyproject.toml", "-n0", "-rA", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    for name in sources:
        verdict = "PASSED" if name == "good" else "FAILED"
        assert re.search(rf"{verdict} .*{name}\.ipynb::Cell 0", run.stdout), run.stdout + run.stderr


def test_a_failing_cell_and_a_warning_fail_the_build():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
    assert config["nb_execution_raise_on_error"] is True
    assert config["nb_output_stderr"] == "error"
