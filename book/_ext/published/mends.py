"""Mend what keeps a reader out who does not see, or uses no mouse, or reads in the dark."""

# The theme decides between light and dark when all its scripts have run, and the page flashes.
THEME = """
const root = document.documentElement, mode = localStorage.getItem("mode") || "auto";
const dark = mode === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : mode === "dark";
root.dataset.mode = mode;
root.dataset.theme = dark ? "dark" : "light";
// See late.js; one who comes back, or to a place, finds it only where all is laid out.
const {type} = performance.getEntriesByType("navigation")[0] ?? {};
if (type === "navigate" && !location.hash) root.dataset.late = "";
"""


def mend(soups):
    """Mend all pages."""
    for soup in soups.values():
        if soup.html:
            soup.html["data-theme"] = "light"  # where scripts are off, the theme knows no color
        for script in soup.select("script[data-cfasync]"):
            script.string = f"{{{THEME}}}"
        # All that is read belongs to a landmark: the title and the search button do not.
        for sidebar in soup.select("#pst-primary-sidebar"):
            sidebar.attrs |= {"role": "complementary", "aria-label": "Book"}
        # The roles that docutils gives to references are deprecated, or no items of a list.
        for entry in soup.select('[role="list"] > [role="doc-biblioentry"]'):
            entry["role"] = "listitem"
        # Who speaks to the browser says what is seen.
        for summary in soup.select("summary[aria-label]"):
            del summary["aria-label"]
        for icon in soup.select(".page-toc i"):
            icon["aria-hidden"] = "true"
        for nothing in soup.select("#jb-print-docs-body:has(> h1:empty)"):
            nothing.decompose()
        for repeated in soup.select('meta[name="viewport"]')[1:]:
            repeated.decompose()
        # The blank before a link is not part of it.
        for exercise in soup.select(".solution > .admonition-title > a"):
            exercise.insert_before(" ")
            exercise.contents[0].replace_with(exercise.contents[0].lstrip())
    for path, soup in soups.items():
        for table in soup.select(".execution-times table"):
            tell_times(table, lambda link, path=path: soups[(path.parent / link).resolve()])


def tell_times(table, page):
    """Name chapters by their titles, not their files; say no more than how long they take."""
    for row in table.select("tr"):
        chapter, _, _, _, status = cells = row.select("th, td")
        for cell in (cells[1], cells[2], status):
            cell.decompose()
        if link := chapter.a:
            link.string = page(link["href"]).h1.find(string=True, recursive=False)
    for head, title in zip(table.select("th p"), ("Chapter", "Seconds"), strict=True):
        head.string = title
