"""Mend what keeps a reader out who does not see, or uses no mouse."""


def mend(soups):
    """Mend all pages."""
    for soup in soups.values():
        # All that is read belongs to a landmark: the title and the search button do not.
        for sidebar in soup.select("#pst-primary-sidebar"):
            sidebar.attrs |= {"role": "complementary", "aria-label": "Book"}
        # The roles that docutils gives to references are deprecated, or no items of a list.
        for entry in soup.select('[role="list"] > [role="doc-biblioentry"]'):
            entry["role"] = "listitem"
        for viewport in soup.select('meta[name="viewport"]')[1:]:
            viewport.decompose()
