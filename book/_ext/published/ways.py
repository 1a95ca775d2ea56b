"""Ways back: where one page leads to another, that one leads back, and nobody has to write it.

- A word of the glossary leads to where chapters use it.
- A chapter leads to its claims in the ledger, and to the problem set of its part.
- A name of the package leads, from text and code, to its description, and this to its chapters.
"""

import os
import re

from sphinx.errors import ExtensionError

ROOMS = ("data", "plots")  # of the package: what is in the others is reached as km.name


class Page:
    """A written page: its title, and links from it."""

    def __init__(self, path, soup):
        self.path, self.soup = path, soup
        self.title = soup.h1.find(string=True).strip() if soup.h1 else ""

    def link(self, page, anchor="", text=None):
        """Return a link from here to a place on a page, with that page's title."""
        way = os.path.relpath(page.path, self.path.parent).replace(os.sep, "/")
        href = f"{way}#{anchor}" if anchor else way
        link = self.soup.new_tag("a", href=href, attrs={"class": "reference internal"})
        link.string = text or page.title
        return link

    def wrap(self, parts, page, anchor):
        """Make a link of parts of this page."""
        link = self.link(page, anchor)
        parts[0].insert_before(link)
        link.clear()
        link.extend(parts)

    def line(self, before, links, after="", tag="p"):
        """Return links in a row, with words before and after."""
        line = self.soup.new_tag(tag, attrs={"class": "ways"})
        for i, link in enumerate(links):
            line.extend([", " if i else before, link])
        line.append(after)
        return line


def words(glossary, chapters):
    """Let each word lead to where chapters use it first, in the book's order."""
    for term in glossary.soup.select("dl.glossary > dt"):
        links = []
        for page in chapters:
            if used := page.soup.select_one(f'a[href$="glossary.html#{term["id"]}"]'):
                used["id"] = term["id"]
                links.append(glossary.link(page, term["id"]))
        meaning = term.find_next_sibling("dd").p
        meaning.append(glossary.line(" →\N{NO-BREAK SPACE}", links, tag="span"))


def claims(ledger, chapters):
    """Let a chapter end with the claims that it settles."""
    for page in chapters:
        links = []
        for way in ledger.soup.select(f'td a[href^="{page.path.parent.name}/{page.path.name}#c"]'):
            row = way.find_parent("tr")
            row["id"] = way["href"].partition("#")[2]
            links.append(page.link(ledger, row["id"], way.get_text()))
        if links:
            line = page.line("Claims of the ledger that are settled here: ", links, ".")
            page.soup.select_one(".take-away").append(line)


def sets(instructors, chapters):
    """Let a problem set lead to the chapters of its part, and their exercises to the set."""
    for name in instructors.soup.select("td:first-child code"):
        part = [page for page in chapters if page.path.parent.name == name.get_text()]
        row = name.find_parent("tr")
        row["id"] = f"set-{name.get_text()}"
        row.td.append(" ")
        row.td.append(instructors.line("", [instructors.link(page) for page in part]))
        for page in part:
            link = page.link(instructors, row["id"], "problem set for classes")
            line = page.line("There is also a ", [link], " on this part of the book.")
            page.soup.select_one("section#exercises > h2").insert_after(line)


def descriptions(api, chapters):
    """Let "Chapter: k-means; Old Faithful." in a docstring lead there."""
    titles = {page.title.lower(): page for page in chapters}
    for text in api.soup.find_all(string=re.compile(r"Chapters?: [^.]+\.")):
        before, names, after = re.fullmatch(r"(.*?Chapters?: )([^.]+)(\..*)", text, re.S).groups()
        names = [" ".join(name.split()) for name in names.split(";")]
        if lost := [name for name in names if name.lower() not in titles]:
            raise ExtensionError(f"a docstring names a chapter {lost[0]!r}, and there is none")
        links = [api.link(titles[name.lower()], text=name) for name in names]
        text.replace_with(api.line(before, links, after, "span"))


def dotted(first):
    """Return the parts of a name in code that begins with this one: km.plots.cells has five."""
    parts = [first]
    while (dot := parts[-1].next_sibling) and dot.get_text() == "." and dot.next_sibling:
        parts += [dot, dot.next_sibling]
    return parts


def names(api, pages):
    """Let `km.name` lead to its description: in the text, and the first time in each cell."""
    places = {}
    for place in (tag["id"] for tag in api.soup.select("dt[id^=kmgmm]")):
        _, *room, name = place.split(".")
        if len(room) <= 1:  # else it is a method
            places[".".join(["km", *(word for word in room if word in ROOMS), name])] = place
    for page in pages:
        for word in page.soup.select("article :not(a) > code.literal"):
            if place := places.get("km." + word.get_text().removeprefix("km.")):
                page.wrap([word], api, place)
        for cell in page.soup.select(".cell_input"):
            found = {}
            for first in cell.find_all("span", class_="n", string="km"):
                for parts in (dotted(first)[:5], dotted(first)[:3]):
                    name = "".join(part.get_text() for part in parts)
                    if name in places:
                        found.setdefault(name, parts)
                        break
            for name, parts in found.items():
                page.wrap(parts, api, places[name])


def lead(site, soups, order):
    """Make all ways; `order` are the book's pages."""
    pages = {name: Page(site / f"{name}.html", soups[site / f"{name}.html"]) for name in order}
    chapters = [page for name, page in pages.items() if name.count("/") == 2]
    words(pages["book/glossary"], chapters)
    claims(pages["book/ledger"], chapters)
    sets(pages["book/instructors"], chapters)
    descriptions(pages["book/api"], chapters)
    names(pages["book/api"], [page for name, page in pages.items() if name != "book/api"])
