"""One stylesheet, one script, fonts of the glyphs that the pages show, and lighter pictures.

The theme and its extensions bring stylesheets for all that a book could have in it. A rule stays if
every class and id it names occurs in a page or in a script that may set it.
"""

import hashlib
import logging
import re
import shutil
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.errors import ExtensionError

# Scripts that this book has no use for: icons are drawn by the stylesheet's font, formulas are
# typeset, and chapters run in Binder, not in the page.
DROPPED = re.compile(r"fontawesome\.js|mathjax|thebe|kernelName|DOCUMENTATION_OPTIONS\.\w+ =", re.I)
LEFTOVERS = ("locales", "scripts", "styles", "vendor")  # folders of what is joined now

LATE = Path(__file__).parent / "late.js"
MEASURE = re.compile(r"""(\.observe\(\w+\.getElementById\("main-content"\),{[^}]*}\)),\w+\(\)""")

STRING = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')]*\)"""
TOKEN = re.compile(rf"{STRING}|[{{}};]", flags=re.S)
NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")
URL = re.compile(r"""url\(\s*["']?(?!data:|#)([^"')]+)["']?\s*\)""")
FACE = re.compile(r"@font-face\s*{[^}]*}")


def join(site, soups, mathematics):
    """Make one stylesheet and one script, and let all pages have these in the place of theirs."""
    pages = soups.values()
    for soup in pages:
        drop(soup)
    scripts = shared(pages, "script", "src")
    code = late("\n;".join(read(site, src) for src in scripts))
    words = vocabulary(site, soups, code) | set(NAME.findall(mathematics))
    styles = shared(pages, "link", "href", rel="stylesheet")
    css = "".join(absolute(site / path, site) for path in styles)
    css = minified(re.sub(r"/\*.*?\*/", "", css + mathematics, flags=re.S), words)
    css = URL.sub(lambda url: f"url({relative(url[1], site)})", with_fonts(css, site))
    for name, text in (("site.css", css), ("site.js", code)):
        (site / "_static" / name).write_text(text, encoding="utf-8")
    for soup in pages:
        replace(soup, "link", "href", styles, f"_static/site.css?v={digest(css)}")
        replace(soup, "script", "src", scripts, f"_static/site.js?v={digest(code)}")
        if soup.body:
            del soup.body["data-bs-spy"]  # late.js does it
        for script in soup.select("script[src]"):
            del script["async"]
            script["defer"] = ""  # in order, when the page has been read
    for path in {*styles, *scripts}:
        (site / path).unlink()
    for name in LEFTOVERS:
        shutil.rmtree(site / "_static" / name, ignore_errors=True)


def digest(text):
    """Tell versions of a file apart: a browser that has an old one asks for the new."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def root(soup):
    """Return the way from a page to the site's root, such as ``../../``."""
    return soup.html["data-content_root"] if soup.html else "./"


def drop(soup):
    """Remove scripts without use or repeated, and what announces them to the browser."""
    seen = set()
    for script in soup("script"):
        text = str(script)
        if DROPPED.search(script.get("src") or text) or text in seen:
            script.decompose()
        seen.add(text)
    for tag in soup.select('link[rel="preload"], .thebe-launch-button'):
        tag.decompose()


def local(soup, tag, key, **attrs):
    """Yield the tags that name a file of the site, each with its path from the site's root."""
    for found in soup.find_all(tag, attrs={key: True, **attrs}):
        url = urlsplit(found[key])
        if not url.netloc:
            yield found, url.path.removeprefix(root(soup)).removeprefix("./")


def shared(pages, tag, key, **attrs):
    """List the files that all pages of the book name, in their order."""
    lists = [[path for _, path in local(soup, tag, key, **attrs)] for soup in pages if soup.main]
    return list(dict.fromkeys(path for path in lists[0] if all(path in paths for paths in lists)))


def replace(soup, tag, key, old, new):
    """Put one tag in the place of the first of many; it takes the attributes of them all."""
    found = [element for element, path in local(soup, tag, key) if path in old]
    for element in found[1:]:
        found[0].attrs = element.attrs | found[0].attrs
        element.decompose()
    if found:
        found[0][key] = root(soup) + new


def late(code):
    """Leave to late.js what the theme does for the whole page at once."""
    short, n = MEASURE.subn(r"\1", code)
    if n != 1:
        raise ExtensionError("the theme measures boxes in another way than it did: see late.js")
    return short + LATE.read_text(encoding="utf-8")


def read(site, path):
    """Read a file of the site, without the address of its source map."""
    text = (site / path).read_text(encoding="utf-8")
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.M)


def vocabulary(site, soups, code):
    """Return all words that can be a class or an id: those of the pages, and of their scripts."""
    words = set(re.findall(r"[\w-]+", code))
    for soup in soups.values():
        for tag in soup.find_all(True):
            words.update(tag.get("class", ()), [tag.get("id")])
            if tag.name == "script" and not tag.get("src"):
                words.update(re.findall(r"[\w-]+", tag.get_text()))
        for _, path in local(soup, "script", "src"):
            words.update(re.findall(r"[\w-]+", read(site, path)))
    return words


def lighten(site, soups):
    """Make the PNG pictures WebP, a third of the size, and tell the browser how large they are."""
    sizes = {}
    for path in (site / "_images").glob("*.png"):
        with Image.open(path) as picture:
            exact, close = BytesIO(), BytesIO()
            picture.save(exact, "webp", lossless=True, method=6)
            picture.save(close, "webp", quality=90, method=6)
            photograph = 2 * close.tell() < exact.tell()  # drawings are best left exact
            path.with_suffix(".webp").write_bytes((close if photograph else exact).getvalue())
            sizes[path.name] = picture.size
        path.unlink()
    for soup in soups.values():
        pictures = soup.select('img[src*="_images/"][src$=".png"]')
        for i, tag in enumerate(pictures):
            tag["width"], tag["height"] = sizes[tag["src"].rpartition("/")[2]]
            tag["src"] = tag["src"].removesuffix(".png") + ".webp"
            if i:
                tag["loading"] = "lazy"  # all but the first are below what one sees first


# Stylesheets


def absolute(path, site):
    """Return a stylesheet with those it imports, the addresses in it as paths of files."""
    css = re.sub(r"@charset[^;]*;", "", read(site, path.relative_to(site)))
    css = URL.sub(lambda url: f"url({(path.parent / urlsplit(url[1]).path).resolve()})", css)
    imports = r"""@import\s+["']([^"']+)["']\s*;"""
    return re.sub(imports, lambda name: absolute((path.parent / name[1]).resolve(), site), css)


def relative(path, site):
    """Return the way from the one stylesheet to a file."""
    return Path(path).relative_to(site / "_static").as_posix()


def rules(css):
    """Yield the head and the body of each rule; a statement such as @layer has no body."""
    depth = start = 0
    for token in TOKEN.finditer(css):
        if token[0] == "{":
            depth += 1
            if depth == 1:
                head, start = css[start : token.start()].strip(), token.end()
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                yield head, css[start : token.start()]
                start = token.end()
        elif token[0] == ";" and depth == 0:
            yield css[start : token.start()].strip(), None
            start = token.end()


def minified(css, words):
    """Drop rules that no page can use, blanks, and comments."""
    kept = []
    for head, body in rules(css):
        if body is None:
            kept.append(f"{head};")
        elif head.startswith(("@media", "@supports", "@layer", "@container")):
            if inner := minified(body, words):
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{squeezed(body)}}}")
        elif heads := [part for part in split(head) if occurs(part, words)]:
            kept.append(f"{','.join(heads)}{{{squeezed(body)}}}")
    return "".join(kept)


def split(head):
    """Split a rule's head at the commas that stand in no parentheses."""
    parts = re.findall(r"(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^,(])+", head)
    return [" ".join(part.split()) for part in parts]


def occurs(selector, words):
    """Tell whether all names outside of :is(), :not() and their like occur."""
    while "(" in selector:
        selector = re.sub(r"\([^()]*\)", "", selector)
    names = NAME.findall(re.sub(r"\[[^]]*\]", "", selector))
    return all(re.sub(r"\\(.)", r"\1", name) in words for name in names)


def squeezed(body):
    """Drop the blanks of a rule's body that do not stand in a string."""
    parts = re.split(f"({STRING})", body)
    parts[::2] = (re.sub(r"\s*([;:,{}])\s*", r"\1", re.sub(r"\s+", " ", p)) for p in parts[::2])
    return "".join(parts).strip("; ")


# Fonts


def with_fonts(css, site):
    """Give each font the glyphs that the stylesheet itself writes, and drop those without any."""
    written = "\n".join(re.findall(r"""content:["']([^"']*)["']""", css))
    written = re.sub(r"\\([0-9a-fA-F]{1,6})", lambda code: chr(int(code[1], 16)), written)
    glyphs = set(map(ord, written))
    folder = site / "_static/fonts"
    folder.mkdir(exist_ok=True)

    def face(rule):
        files = [Path(path) for path in URL.findall(rule[0])]
        source = next((path for path in files if path.suffix in (".ttf", ".woff")), None)
        if source is None:
            return rule[0]
        font = TTFont(source)
        if not glyphs & set(font.getBestCmap()):
            return ""
        target = folder / f"{source.stem}.woff"
        target.write_bytes(of_glyphs(font, glyphs))
        return re.sub(r"src:[^;}]*", f"src:url({target})", rule[0])

    return FACE.sub(face, css)


def of_glyphs(font, glyphs):
    """Return a font with only these glyphs, compressed."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells hundreds of steps
    options = subset.Options(layout_features=[], drop_tables=["FFTM", "GSUB", "GPOS"])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=glyphs)
    subsetter.subset(font)
    font.flavor = "woff"
    file = BytesIO()
    font.save(file)
    return file.getvalue()
