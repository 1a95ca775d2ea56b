"""The project's files agree with each other, and the package keeps its own rules."""

import ast
import importlib
import inspect
import re
import runpy
import sys
import tomllib
from pathlib import Path

import numpydoc.validate
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import kmgmm

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "kmgmm").glob("*.py"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


# Requirements


def declared(project):
    """The requirements of the package, the book, the tests and the instructors."""
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(r) for group in groups for r in group]


def pins(lock):
    """Yield each pinned requirement with the names of those that asked for it."""
    for block in re.split(r"\n(?=\S)", lock.strip()):
        line, *comments = block.splitlines()
        if "==" in line:
            yield Requirement(line), re.findall(r"(?:# via|#  ) +([\w.-]+)", "\n".join(comments))


def lock_faults(project, lock):
    """Yield each disagreement between pyproject.toml and requirements.txt."""
    wanted = {canonicalize_name(r.name): r.specifier for r in declared(project)}
    asked = {canonicalize_name(r.name) for r, via in pins(lock) if project["name"] in via}
    yield from (f"{name} is declared and not pinned" for name in wanted.keys() - asked)
    yield from (f"{name} is pinned for us and not declared" for name in asked - wanted.keys())
    for pin, _ in pins(lock):
        (version,) = (s.version for s in pin.specifier)
        if not wanted.get(canonicalize_name(pin.name), pin.specifier).contains(version):
            yield f"{pin} is not what pyproject.toml asks for"
    if not re.search(r"^-e \.$", lock, flags=re.M):
        yield "the package itself is not installed"


def test_lock_is_in_step():
    assert list(lock_faults(PROJECT, LOCK)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"^-e \.\n", ""),
        (r"^nbval==.*\n.*\n", ""),
        (r"^jupyter-book==.*", "jupyter-book==2.0.0"),
        (r"^numpy==\S+ ; python_full_version >=", "numpy==1.26.0 ; python_full_version >="),
        (r"^tzdata==(\S+)\n", r"tzdata==\1\n    # via kmgmm\n"),
    ],
)
def test_lock_faults_are_found(old, new):
    broken, count = re.subn(old, new, LOCK, flags=re.M)
    assert count == 1
    assert len(list(lock_faults(PROJECT, broken))) == 1


def test_binder_uses_the_same_pins():
    lines = read(".binder/requirements.txt").splitlines()
    installed = [line for line in lines if not line.lstrip().startswith("#")]
    assert "-e ." in installed
    assert set(installed) <= set(LOCK.splitlines())
    needed = {Requirement(r).name for r in PROJECT["dependencies"]}
    assert needed <= {Requirement(line).name for line in installed if "==" in line}


# One version, one address


def test_version_is_the_same_everywhere():
    changes = re.findall(r"^## \[(\d\S*)\]", read("CHANGELOG.md"), flags=re.M)
    assert changes[0] == yaml.safe_load(read("CITATION.cff"))["version"] == PROJECT["version"]


def test_address_is_the_same_everywhere():
    address = yaml.safe_load(read("_config.yml"))["repository"]["url"]
    assert yaml.safe_load(read("CITATION.cff"))["repository-code"] == address
    assert PROJECT["urls"]["Source"] == address
    owner = address.removeprefix("https://github.com/")
    for path in [*ROOT.glob("*.md"), *(ROOT / "book").rglob("*.md")]:
        found = re.findall(r"(?:github\.com|v2/gh)/([^/\s)]+/[^/\s)`]+)", path.read_text("utf-8"))
        assert set(found) <= {owner}, path


def test_links_between_files():
    for path in [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")]:
        links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
        assert [link for link in links if not (path.parent / link).exists()] == [], path.name


# Publishing


def test_actions_are_pinned():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"\./\S+|\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), (path, used)


def test_release_notes():
    notes = runpy.run_path(str(ROOT / ".ci/notes.py"))["notes"]
    assert notes(read("CHANGELOG.md"), PROJECT["version"]).startswith("### ")
    log = "## [0.2] – May\n\nnew\n\n## [0.1] – April\n\nold\n"
    assert [notes(log, version) for version in ("0.2", "0.1")] == ["new", "old"]
    with pytest.raises(SystemExit, match=r"\[0\.3\]"):
        notes(log, "0.3")


def test_changed_pages_are_listed(tmp_path):
    changes = runpy.run_path(str(ROOT / ".ci/changes.py"))["changes"]
    page = '<nav>{0}</nav><article class="bd-article">{1}<img src="../_images/{2}.png"></article>'
    before = {"same": "abc", "text": "abc", "figure": "abc", "both": "abc", "gone": "abc"}
    after = {"same": "dbc", "text": "axc", "figure": "abx", "both": "axx", "new": "abc"}
    for folder, texts in (("published", before), ("built", after)):
        (tmp_path / folder / "book").mkdir(parents=True)
        for name, parts in texts.items():
            (tmp_path / folder / f"book/{name}.html").write_text(page.format(*parts))
    assert list(changes(tmp_path / "built", (tmp_path / "published").as_uri() + "/")) == [
        "- book/both.html: text and figures",
        "- book/figure.html: figures",
        "- book/new.html: new",
        "- book/text.html: text",
    ]


# The package


def long_functions(source):
    """Yield the functions of more than 30 lines, not counting docstring, comments and blanks."""
    rows = [row.split("#")[0].strip() for row in source.splitlines()]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0].end_lineno if ast.get_docstring(node) else node.body[0].lineno - 1
            length = sum(map(bool, rows[first : node.end_lineno]))
            if length > 30:
                yield f"{node.name} has {length} lines"


def imports(tree):
    """The top-level packages that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_source_is_small_and_self_contained(path):
    source = path.read_text(encoding="utf-8")
    length = len(source.splitlines())
    assert length <= 250
    assert list(long_functions(source)) == []
    allowed = {"numpy", "matplotlib", "kmgmm"} | sys.stdlib_module_names
    assert set(imports(ast.parse(source))) <= allowed


def test_long_functions_and_imports_are_found():
    long = 'def f():\n    """Doc."""\n' + "    # why\n\n    x = 1\n" * 31
    assert list(long_functions(long)) == ["f has 31 lines"]
    assert list(long_functions(long.replace("x = 1", "", 1))) == []
    source = "import numpy.linalg\ndef f():\n    from scipy import stats\n    from . import a"
    assert list(imports(ast.parse(source))) == ["numpy", "scipy"]


# Docstrings: the numpydoc checks that every public function and class must pass.

DOCSTRING_CHECKS = {
    *("GL03", "GL05", "GL06", "GL07", "GL08", "GL10"),  # form: blank lines, known sections, order
    *("SS01", "SS02", "SS03", "SS04", "SS06"),  # a summary: one line, one sentence
    *("PR01", "PR02", "PR03", "PR04", "PR05", "PR07", "PR10"),  # every parameter, and no other
    *("RT01", "RT03", "YD01"),  # what is returned or yielded
    *("SA04", "EX01"),  # why to see also; an example
}


def exports():
    """List the public functions and classes of kmgmm, and those that data and plots define."""
    own = [
        value
        for module in (kmgmm.data, kmgmm.plots, kmgmm.slider)
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    values = [*own, *(getattr(kmgmm, name) for name in kmgmm.__all__)]
    kinds = (inspect.isfunction, inspect.isclass)
    return sorted({f"{v.__module__}.{v.__name__}" for v in values if any(is_(v) for is_ in kinds)})


def docstring_faults(name):
    result = numpydoc.validate.validate(name)
    checks = DOCSTRING_CHECKS - ({"RT01"} if "\nYields\n" in result["docstring"] else set())
    return [(code, message) for code, message in result["errors"] if code in checks]


@pytest.mark.parametrize("name", exports())
def test_docstring(name):
    assert docstring_faults(name) == []


def undocumented(number):
    """double a number"""
    return 2 * number


def test_docstring_faults_are_found():
    found = {code for code, _ in docstring_faults(f"{__name__}.undocumented")}
    assert found == {"SS02", "SS03", "PR01", "RT01", "EX01"}


def test_all_lists_what_is_public():
    assert sorted(set(kmgmm.__all__)) == sorted(kmgmm.__all__)
    assert all(hasattr(kmgmm, name) for name in kmgmm.__all__)
    rooms = [path.stem for path in SOURCES if not path.stem.startswith("_")]
    modules = [vars(importlib.import_module(f"kmgmm.{room}")) for room in rooms]
    defined = {
        name
        for room, module in zip(rooms, modules, strict=True)
        for name, value in module.items()
        if getattr(value, "__module__", "") == f"kmgmm.{room}" and inspect.isroutine(value)
        if not name.startswith("_") and room not in ("data", "plots", "runs", "slider")
    }
    assert defined <= set(kmgmm.__all__)


def test_every_room_is_on_the_page_about_the_package():
    rooms = {f"kmgmm.{path.stem}" for path in SOURCES if not path.stem.startswith("_")}
    shown = re.findall(r"^.. automodule:: (\S+)", read("book/api.md"), flags=re.M)
    assert sorted(shown) == sorted(rooms)


def test_numbers_under_the_picture_of_the_readme():
    """Its alternative text: k-means at the left end, the truth at ε = 1, one group from ε = 2."""
    alt = re.search(r"!\[(.*?)\]", (ROOT / "README.md").read_text(encoding="utf-8")).group(1)
    truth = kmgmm.data.two_normals
    assert f"{kmgmm.population_kmeans(truth)[1, 0]:.3f} (k-means)" in alt
    assert "the true 1 at ε = 1" in alt
    assert kmgmm.dial(truth, 1.0)[1, 0] == pytest.approx(1, abs=1e-9)
    assert "0 from ε = 2" in alt
    assert kmgmm.dial(truth, 2.0)[1, 0] == 0
