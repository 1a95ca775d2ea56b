"""A Sphinx extension: what is done to the book's pages once Sphinx has written them.

A page of the theme asks its reader's device to typeset the formulas, to load a hundred times more
icons than it shows, and to fetch thirteen stylesheets and as many scripts. Here that is done once,
by whoever builds the book:

- `ways`: where a page leads to another, that one leads back;
- `formulas`: mathematics is typeset, by the MathJax that the page would have loaded;
- `assets`: one stylesheet without what no page uses, one script, fonts of the glyphs that occur,
  and lighter pictures;
- `heads`: description, social card and canonical address of each page; site map, and a page for
  addresses that lead nowhere;
- `mends`: faults of the theme that a reader notices who does not see, or uses no mouse.

Every build does all of it anew, so that no page is left with what an older build made.
"""

from pathlib import Path

from bs4 import BeautifulSoup

from . import assets, formulas, heads, mends, ways


def finish(app, exception):
    """Read all pages, change them, write them back."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir).resolve()
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    soups = {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in paths}
    heads.describe(site, soups, app.config)
    mends.mend(soups)
    ways.lead(site, soups, app.env.toctree_includes[app.config.root_doc])
    assets.lighten(site, soups)
    markup, mathematics = formulas.typeset(site, soups)
    assets.join(site, soups, mathematics)
    for path, soup in soups.items():
        path.write_text(formulas.insert(str(soup), markup), encoding="utf-8")


def setup(app):
    """Run last: other extensions copy their stylesheets when the build has finished."""
    heads.setup(app)
    app.connect("env-updated", lambda app, env: list(env.found_docs))  # write all pages anew
    app.connect("build-finished", finish, priority=999)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
