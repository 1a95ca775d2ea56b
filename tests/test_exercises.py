"""The problem sets, through the real nbgrader: handed out, handed in, graded, exported.

A set is a folder of `book/exercises` with a notebook of the same name; `tests/exercises` holds a
file of students for each. What they hand in is the released notebook with their answers in it.
"""

import ast
import contextlib
import csv
import io
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import yaml
from links import HIDDEN, hidden_lines, leaks, pages

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "book" / "exercises"
SETS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted(FOLDER.glob("*/*.ipynb"))
    if path.stem == path.parent.name
}
STUDENTS = {name: runpy.run_path(str(ROOT / "tests/exercises" / f"{name}.py")) for name in SETS}
SECTION = 7
RELEASE = f"nbgrader generate_assignment limit --SetSection.section={SECTION}"
AUTOGRADE = "nbgrader autograde limit"
FEEDBACK = "nbgrader generate_feedback limit"
EXPORT = "nbgrader export"
REGION = r"^( *)### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION$"
STUB = r"^( *)# YOUR CODE HERE\n *raise NotImplementedError\(\)$"


def meta(cell):
    return cell.metadata.get("nbgrader", {})


def kind(cell):
    """What a cell is for: text, given, answer, test, or essay."""
    flags = meta(cell).get("grade"), meta(cell).get("solution")
    kinds = {(True, True): "essay", (True, False): "test", (False, True): "answer"}
    return kinds.get(flags, "given" if meta(cell) else "text")


def cells(notebook, wanted):
    return {cell.id: cell for cell in notebook.cells if kind(cell) == wanted}


def points(notebook):
    """The points of each cell that has some."""
    return {
        cell.id: meta(cell)["points"] for cell in notebook.cells if kind(cell) in ("test", "essay")
    }


def solutions(notebook):
    """The model's answers."""
    found = {
        name: re.search(REGION, cell.source, flags=re.M | re.S)
        for name, cell in cells(notebook, "answer").items()
    }
    return {name: textwrap.dedent(match.group(2)) for name, match in found.items()}


def handed_in(released, answers, essays):
    """Return the released notebook with answers in the place of its stubs."""
    notebook = nbformat.from_dict(released)
    for name, answer in answers.items():
        cell = cells(notebook, "answer")[name]
        code = textwrap.dedent(answer).strip("\n")
        fill = lambda stub: textwrap.indent(code, stub.group(1))  # noqa: E731, B023
        cell.source, count = re.subn(STUB, fill, cell.source, flags=re.M)
        assert count == 1, name
    for name, cell in cells(notebook, "essay").items():
        cell.source = essays.get(name, cell.source)
    return notebook


def told(source, released):
    """Yield each cell that tells a student a line of an answer, or of a hidden test."""
    release = {cell.id: cell.source.splitlines() for cell in released.cells}
    for cell in source.cells:
        shown = "" if kind(cell) == "essay" else re.sub(HIDDEN, "", cell.source, flags=re.S)
        secret = set(filter(str.strip, hidden_lines(cell))) - set(shown.splitlines())
        if not secret.isdisjoint(release[cell.id]) or "### BEGIN" in " ".join(release[cell.id]):
            yield cell.id


class Course:
    """One set, from release to feedback, in a folder of its own."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder / "exercises"
        shutil.copytree(FOLDER, self.folder, ignore=shutil.ignore_patterns("course"))
        (self.folder / "course").mkdir()
        source, students = SETS[name], STUDENTS[name]
        model = solutions(source)
        self.run(RELEASE)
        self.released = self.read("release")
        self.answers = {"untouched": {}, "model": model}
        self.answers |= {who: model | answers for who, (_, answers) in students["WRONG"].items()}
        self.answers |= {who: model | answers for who, answers in students["RIGHT"].items()}
        essays = {name: cell.source for name, cell in cells(source, "essay").items()}
        for who, answers in self.answers.items():
            notebook = handed_in(self.released, answers, essays if who == "model" else {})
            cells(notebook, "given")["section"].source = "SECTION = 99"  # tries to get other data
            path = self.folder / "course/submitted" / who / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
        self.run(AUTOGRADE)
        self.grade_by_hand("model", {name: points(source)[name] for name in essays})
        self.run(EXPORT)
        with (self.folder / "course/grades.csv").open() as file:
            self.csv = {row["student_id"]: row for row in csv.DictReader(file)}
        self.run(FEEDBACK)

    def run(self, command):
        words = [self.name if word == "limit" else word for word in shlex.split(command)]
        path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            env=os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"},  # nbgrader calls alembic
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def read(self, step, who=""):
        path = self.folder / "course" / step / who / self.name / f"{self.name}.ipynb"
        return nbformat.read(path, as_version=4)

    def grade_by_hand(self, who, scores):
        """Run the code of the instructor's page for each essay."""
        page = (ROOT / "book/instructors.md").read_text(encoding="utf-8")
        code = re.search(r"```python\n(.*?)```", page, flags=re.S).group(1)
        code = code.replace('"limit"', repr(self.name)).replace('"ada"', repr(who))
        every = (
            code.replace('"cem-proof"', repr(essay)).replace("= 10\n", f"= {score}\n")
            for essay, score in scores.items()
        )
        command = [sys.executable, "-W", "ignore", "-c", "\n".join(every)]
        subprocess.run(command, cwd=self.folder, check=True)

    def lost(self, who):
        """Return the tests that a student's notebook failed, with their messages."""
        failed = {}
        for name, cell in cells(self.read("autograded", who), "test").items():
            for error in (out for out in cell.outputs if out.output_type == "error"):
                failed[name] = (error.ename, error.evalue)
        return failed


@pytest.fixture(scope="class")
def course(request, tmp_path_factory):
    return Course(request.cls.name, tmp_path_factory.mktemp("course"))


class Pipeline:
    """The tests of one set; each set has its class, so that sets may run side by side."""

    name: str

    def score(self, course, who):
        return float(course.csv[who]["score"])

    def test_model_solution_earns_everything(self, course):
        assert course.lost("model") == {}
        total = sum(points(SETS[self.name]).values())
        assert self.score(course, "model") == float(course.csv["model"]["max_score"]) == total

    def test_untouched_release_earns_nothing(self, course):
        lost = course.lost("untouched")
        assert lost.keys() == cells(SETS[self.name], "test").keys()
        assert {error for error, _ in lost.values()} <= {"NotImplementedError", "NameError"}
        assert self.score(course, "untouched") == 0
        for cell in course.read("autograded", "untouched").cells:
            assert cell.cell_type != "code" or cell.execution_count, "not run to the end"

    def test_wrong_answers_lose_what_they_should(self, course):
        worth = points(SETS[self.name])
        essays = cells(SETS[self.name], "essay")
        for who, (lost, _) in STUDENTS[self.name]["WRONG"].items():
            assert course.lost(who).keys() == lost, who
            left = sum(p for name, p in worth.items() if name not in lost | essays.keys())
            assert self.score(course, who) == left, who

    def test_a_wrong_answer_is_told_why(self, course):
        for who in STUDENTS[self.name]["WRONG"]:
            page = (course.folder / f"course/feedback/{who}/{self.name}").rglob("*.html")
            feedback = re.sub(r"<[^>]+>", "", next(page).read_text(encoding="utf-8"))
            for name, (error, message) in course.lost(who).items():
                assert error == "AssertionError", (who, name, error, message)
                assert len(message) > 20, (who, name)
                assert message[:20] in feedback.replace("&#39;", "'"), (who, name)

    def test_right_answers_in_other_words_lose_nothing(self, course):
        for who in STUDENTS[self.name]["RIGHT"]:
            assert course.lost(who) == {}, who

    def test_release_keeps_its_secrets(self, course):
        assert list(told(SETS[self.name], course.released)) == []
        assert all(not cell.get("outputs") for cell in course.released.cells)

    def test_released_section_counts(self, course):
        for notebook in (course.released, course.read("autograded", "model")):
            assert cells(notebook, "given")["section"].source == f"SECTION = {SECTION}"


for name in SETS:
    globals()[f"Test_{name}"] = type(f"Test_{name}", (Pipeline,), {"name": name})


# Sections, without nbgrader: the model solution must pass its tests in each


def played(notebook, section):
    """Run all code of a set and return what it defines."""
    space = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                code = f"SECTION = {section}" if cell.id == "section" else cell.source
                exec(compile(code, f"section {section}, {cell.id}", "exec"), space)
    plt.close("all")
    return space


def numbers(notebook, space):
    """The numbers that the answers of a set define, by cell."""
    for name, code in solutions(notebook).items():
        targets = [
            target.id
            for node in ast.parse(code).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and "return" not in code
        ]
        if targets and name not in ("stretch-code",):
            yield name, [np.asarray(space[target], dtype=float).tolist() for target in targets]


@pytest.mark.parametrize("name", SETS)
def test_every_section_is_well_posed_and_another(name, monkeypatch):
    """Set the variable SECTIONS to look at more of them."""
    monkeypatch.setitem(mpl.rcParams, "backend", "agg")
    plt.switch_backend("agg")
    last = int(os.environ.get("SECTIONS", 2))
    found = [dict(numbers(SETS[name], played(SETS[name], s))) for s in range(1, last + 1)]
    assert found[0]
    for answer in found[0]:
        assert found[0][answer] != found[1][answer], answer


# The form of a set: each check can fail, and is shown to


def first_comes_the_section(notebook):
    """The first code cell is `SECTION = 1`, locked."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    if (first.id, first.source, kind(first)) != ("section", "SECTION = 1", "given"):
        yield f"the first cell is {first.source!r}"


def names(notebook):
    """The name of a cell is its id and its grade_id; a test's begins with test-."""
    graded = [cell for cell in notebook.cells if meta(cell)]
    for cell in graded:
        if meta(cell)["grade_id"] != cell.id:
            yield f"{cell.id} is called {meta(cell)['grade_id']}"
        if cell.id.startswith("test-") != (kind(cell) == "test"):
            yield f"{cell.id} is a cell of the kind {kind(cell)}"
        if kind(cell) != "essay" and cell.cell_type != "code":
            yield f"{cell.id} should be code"
        if kind(cell) in ("given", "test") and not meta(cell)["locked"]:
            yield f"{cell.id} is not locked"
    if any(kind(cell) == "text" and cell.cell_type == "code" for cell in notebook.cells):
        yield "a code cell without a name, which a student may change unseen"


def table(notebook):
    """The table of the first cell has the points of each task, and 60 to 120 minutes."""
    rows = r"^\| (\d+)\. ([^|]+?)(?: \([^|]*\))? \| (\d+) \| (\d*) ?\|$"
    tasks = re.findall(rows, notebook.cells[0].source, flags=re.M)
    total = re.search(r"^\| \*\*total.*?(\d+).*?(\d+)", notebook.cells[0].source, flags=re.M)
    minutes = sum(int(time or 0) for *_, time in tasks)
    stated = [(number, title, int(worth)) for number, title, worth, _ in tasks]
    summed = []
    for cell in notebook.cells[1:]:
        if heading := re.search(r"^## Task (\d+): (.+)$", cell.source, flags=re.M):
            summed.append((*heading.groups(), 0))
        if summed and "points" in meta(cell):
            summed[-1] = (*summed[-1][:2], summed[-1][2] + meta(cell)["points"])
    if stated != summed:
        yield f"the table says {stated}, the cells {summed}"
    if not total or [int(n) for n in total.groups()] != [100, minutes]:
        yield f"the total is not 100 points, {minutes} minutes"
    if not 60 <= minutes <= 120:
        yield f"{minutes} minutes"


def head(notebook):
    """The first cell names what is practiced and what is needed."""
    for words in ("# ", "**You will practice**", "**You need** the chapter"):
        if words not in notebook.cells[0].source:
            yield f"no {words!r} in the first cell"


def essays(notebook):
    """What a person grades has a model answer and a rubric; one open task has no points."""
    for name, cell in cells(notebook, "essay").items():
        if meta(cell)["points"] and not re.search(
            r"\*\*Model answer\.\*\*.*\*\*Marking\.\*\*", cell.source, flags=re.S
        ):
            yield f"{name} has no model answer, or no marking"
    if sorted(points(notebook).values())[:1] != [0]:
        yield "no open task without points"


def short_cells(notebook):
    """Given code has at most 15 lines; an answer and a test, with what they hide, 20."""
    for cell in notebook.cells:
        limit = 15 if kind(cell) == "given" else 20
        if cell.cell_type == "code" and len(cell.source.splitlines()) > limit:
            yield f"{cell.id} is longer than {limit} lines"


def regions(notebook):
    """An answer has a solution to take away, and a test something to hide or to show."""
    for name, cell in cells(notebook, "answer").items():
        if not re.search(REGION, cell.source, flags=re.M | re.S):
            yield f"{name} has no solution"
    for name, cell in cells(notebook, "test").items():
        if "assert" not in cell.source.split("### BEGIN HIDDEN TESTS")[0]:
            yield f"{name} shows no test to the student"


def imports(notebook):
    """A set needs the package, NumPy and Matplotlib only."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found = re.findall(r"^\s*(?:import|from) (\w+)", cell.source, flags=re.M)
            if cell.id != "imports" and found:
                yield f"{cell.id} imports"
            yield from set(found) - {"itertools", "kmgmm", "matplotlib", "numpy"}


def bare(notebook):
    """The source has no outputs, no counts and no metadata but nbgrader's."""
    for cell in notebook.cells:
        if cell.get("outputs") or cell.get("execution_count") or set(cell.metadata) - {"nbgrader"}:
            yield f"{cell.id} has outputs, a count or metadata"


FORM = [
    first_comes_the_section,
    names,
    table,
    head,
    essays,
    short_cells,
    regions,
    imports,
    bare,
]


@pytest.mark.parametrize("name", SETS)
def test_form(name):
    assert [fault for check in FORM for fault in check(SETS[name])] == []
    assert len(STUDENTS[name]["WRONG"]) >= 3
    assert len(STUDENTS[name]["RIGHT"]) >= 1


FAULTS = [
    (first_comes_the_section, '"SECTION = 1"', '"SECTION = 2"'),
    (names, '"grade_id": "hand-em"', '"grade_id": "hand"'),
    (names, '"test-gap"', '"gap-test"'),
    (names, '"locked": true', '"locked": false'),
    (table, '"points": 12', '"points": 11'),
    (table, "| 18 | 20 |", "| 18 | 19 |"),
    (table, "**115**", "**120**"),
    (table, "## Task 3: The", "## Task 3: A"),
    (head, "**You will practice**", "You practice"),
    (head, "**You need** the chapter", "Read the chapter"),
    (essays, "**Marking.**", "Points:"),
    (essays, '"points": 0', '"points": 1'),
    (short_cells, '"rng = ', '"' + r"\n" * 16 + "rng = "),
    (regions, "### BEGIN SOLUTION", "### BEGIN"),
    (regions, '"assert np.shape(em_centers)', '"print(em_centers)'),
    (imports, "from itertools", "from scipy"),
    (bare, '"execution_count": null', '"execution_count": 1'),
]


@pytest.mark.parametrize(("check", "old", "new"), FAULTS)
def test_check_fails_on_a_fault(check, old, new):
    good = json.dumps(SETS["limit"], ensure_ascii=False)
    assert old in good
    assert list(check(nbformat.reads(good.replace(old, new, 1), as_version=4))) != []


def test_every_check_is_shown_to_fail():
    assert {check for check, _, _ in FAULTS} == set(FORM)


# What the page says, and what the site must not


def test_instructors_page():
    """Each command on the page is run above, for each set; its table is that of the sets."""
    page = (ROOT / "book/instructors.md").read_text(encoding="utf-8")
    blocks = "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.S))
    commands = re.findall(r"(nbgrader [a-z].*)", blocks)
    assert set(commands) == {RELEASE, AUTOGRADE, FEEDBACK, EXPORT}
    for name, notebook in SETS.items():
        row = re.search(rf"^\| `{name}` \|(.*)\|$", page, flags=re.M).group(1)
        total = re.search(r"^\| \*\*total.*$", notebook.cells[0].source, flags=re.M).group()
        minutes = re.findall(r"\d+", total)[1]
        worth = {name: meta(cell)["points"] for name, cell in cells(notebook, "essay").items()}
        by_person = ", ".join(f"`{name}` {points}" for name, points in worth.items() if points)
        assert [cell.strip() for cell in row.split("|")][-2:] == [minutes, by_person]


def test_no_set_is_part_of_the_site():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["only_build_toc_files"]
    assert "book/exercises" in config["exclude_patterns"]
    assert [page for page in pages(ROOT) if "exercises" in page] == []


@pytest.mark.parametrize("name", SETS)
def test_told_answers_are_found(name):
    bare = re.sub(
        r"### [A-Z ]+", "", json.dumps(SETS[name])
    )  # a release with nothing but markers gone
    found = set(told(SETS[name], nbformat.reads(bare, as_version=4)))
    assert found >= cells(SETS[name], "answer").keys() | cells(SETS[name], "essay").keys()
    assert list(told(SETS[name], SETS[name])) != []


def test_leaks_are_found(tmp_path):
    assert list(leaks(tmp_path, ROOT)) == []
    *_, line = hidden_lines(cells(SETS["limit"], "answer")["hand-responsibilities"])
    (tmp_path / "page.html").write_text(f"<pre><b>{line[:9]}</b>{line[9:]}</pre>")
    (tmp_path / "limit.ipynb").write_text((FOLDER / "limit/limit.ipynb").read_text("utf-8"))
    faults = list(leaks(tmp_path, ROOT))
    assert any(fault.startswith("page.html") for fault in faults)
    assert any(fault.startswith("limit.ipynb") for fault in faults)
