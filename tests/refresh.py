"""Run chapters and write their text outputs back: ``python tests/refresh.py [chapter.ipynb …]``.

Text outputs and execution counts are kept, because the tests compare them; pictures are dropped,
because the book draws them anew. A second run changes nothing.
"""

import sys
from pathlib import Path

import nbformat
from links import pages
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(notebook, folder):
    """Execute in place, in a fresh kernel; refuse errors and anything on stderr."""
    NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise RuntimeError(f"this cell writes to stderr:\n{cell.source}\n\n{output.text}")


def normalize(notebook):
    """Drop what changes from run to run, or is drawn again when the book is built."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind in [kind for kind in output.get("data", {}) if kind.startswith("image/")]:
                del output.data[kind]


def refresh(path):
    """Run and rewrite one chapter."""
    notebook = nbformat.read(path, as_version=4)
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")
    run(notebook, path.parent)
    normalize(notebook)
    path.write_text(nbformat.writes(notebook).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    every = [path for page in pages(ROOT) if (path := ROOT / f"{page}.ipynb").exists()]
    for chapter in [Path(name).resolve() for name in sys.argv[1:]] or every:
        print(chapter, flush=True)
        refresh(chapter)
