"""Print what CHANGELOG.md says of one version: ``python .ci/notes.py 0.1.0``."""

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def notes(changelog, version):
    """Return the text below the heading of a version."""
    section = rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|^\[|\Z)"
    found = re.search(section, changelog, flags=re.M | re.S)
    if not found:
        raise SystemExit(f"CHANGELOG.md has no section [{version}]")
    return found[1].strip()


if __name__ == "__main__":
    print(notes(CHANGELOG.read_text(encoding="utf-8"), sys.argv[1]))
