"""A figure with one thing to turn, for a page that runs no Python.

Every position of the slider is drawn beforehand, as SVG: a list of lines, one for each tag. Most
lines are the same in all positions. So the page holds one position whole, the lines that are new in
the others, and for each the spans of lines that it consists of; a little script puts them together.
Where scripts do not run, and on paper, that one position is what one sees.

Chapters: Gaussian mixtures; one line of estimators.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

UNDATED = dict.fromkeys(("Creator", "Date", "Format", "Type"))
PAGE = """\
<div class="km-slider" id="{name}">
<style>
.km-slider {{ background: #fff; color: #222; padding: 0.5rem; }}
.km-slider svg {{ display: block; width: 100%; height: auto; stroke-linejoin: round; }}
.km-slider label {{ display: flex; gap: 1rem; align-items: center; margin: 0; }}
.km-slider input {{ flex: 1; min-width: 0; height: 2rem; accent-color: #0072b2; }}
.km-slider p {{ margin: 0; min-height: 3em; }}
.km-slider [hidden] {{ display: none; }}
@media print {{ .km-slider label {{ display: none; }} }}
</style>
<svg viewBox="{box}" role="img" aria-label="{text}">{drawing}</svg>
<label hidden>{label}
<input type="range" min="0" max="{last}" value="{start}" autocomplete="off"></label>
<p>{text}</p>
<script>
(() => {{
  const home = document.getElementById("{name}"), svg = home.querySelector("svg");
  const input = home.querySelector("input"), words = home.querySelector("p");
  const {{ lines, spans, texts }} = {data};
  const all = svg.innerHTML.split("\\n").concat(lines);
  const show = () => {{
    const i = input.value;
    svg.innerHTML = spans[i].map(([a, b]) => all.slice(a, b).join("\\n")).join("\\n");
    svg.setAttribute("aria-label", texts[i]);
    input.setAttribute("aria-valuetext", texts[i]);
    words.textContent = texts[i];
  }};
  input.addEventListener("input", show);
  input.parentNode.hidden = false;
  show();
}})();
</script>
</div>"""


@dataclass(frozen=True, eq=False)
class _Slider:
    """What `slider` returns: a notebook shows it as a figure, and prints its texts."""

    label: str
    texts: tuple[str, ...]
    html: str

    def __repr__(self) -> str:
        head = f"slider {self.label!r} with {len(self.texts)} positions"
        return "\n  ".join([head, *self.texts])

    def _repr_html_(self) -> str:
        return self.html


def slider(
    draw: Callable[[Any, Any], object],
    values: Iterable[Any],
    *,
    label: str,
    describe: Callable[[Any], str],
    start: int = 0,
    figsize: tuple[float, float] | None = None,
    **subplots: Any,
) -> _Slider:
    """Draw a figure for each of many values, from which a reader of the page chooses.

    The figure needs no Python and no third party, obeys mouse, finger and keyboard, and tells a
    screen reader what is to be seen. The same call gives the same bytes.
    Chapters: Gaussian mixtures; one line of estimators.

    Parameters
    ----------
    draw : callable
        ``draw(value, ax)`` draws one value into fresh axes, or into an array of axes.
    values : iterable
        What the slider runs through, from left to right, such as 20 to 50 values of ε, or the
        states of an algorithm.
    label : str
        What it turns, such as "variance ε".
    describe : callable
        ``describe(value)`` says in words what is to be seen there.
    start : int
        The position shown first, and where scripts do not run; −1 is the last.
    figsize : pair of float, optional
        Width and height, in inches; Matplotlib's, unless you say.
    **subplots
        Whatever `matplotlib.figure.Figure.subplots` takes, such as ``nrows=2``.

    Returns
    -------
    object
        What a notebook shows as the figure: leave it on the last line of a cell.

    Raises
    ------
    ValueError
        If there are fewer than two values, start is not one of their positions, or label or a
        description is not a text.

    Examples
    --------
    >>> import kmgmm as km
    >>> def rings(eps, ax):
    ...     means = km.dial(km.data.two_normals, eps)
    ...     km.plots.centers(means, population=True, color=km.plots.MIXTURE, ax=ax)
    ...     ax.set(xlim=(-2, 2))
    >>> km.plots.slider(rings, [0.01, 1, 2], label="ε", describe="variance {}".format)
    slider 'ε' with 3 positions
      variance 0.01
      variance 1
      variance 2
    """
    values = list(values)
    if len(values) < 2:
        raise ValueError(f"values must be two or more; got {values}")
    if start not in range(-len(values), len(values)):
        raise ValueError(f"start must be a position among {len(values)} values; got {start!r}")
    texts = tuple(describe(value) for value in values)
    for name, text in [("label", label), *(("describe(value)", text) for text in texts)]:
        if not (isinstance(text, str) and text.strip()):
            raise ValueError(f"{name} must be a text, and not empty; got {text!r}")
    drawings: list[Element] = []
    places: list[Bbox] = []
    for value in values:
        figure = Figure(figsize)
        axes = figure.subplots(**subplots)
        if places:  # the first lays out them all
            figure.set_layout_engine("none")
        for ax, place in zip(figure.axes, places, strict=False):
            ax.set_position(place)
        draw(value, axes)
        drawings.append(_svg(figure))
        places = places or [ax.get_position() for ax in figure.axes]
    return _Slider(label, texts, _page(drawings, label, texts, start % len(values)))


def _svg(figure: Figure) -> Element:
    """Return the figure as SVG, without namespaces, its numbers rounded."""
    file = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "kmgmm", "svg.fonttype": "none"}):  # text stays text
        figure.savefig(file, format="svg", metadata=UNDATED)
    root = ElementTree.fromstring(file.getvalue())
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        attributes = element.attrib.items()
        element.attrib = {name.rpartition("}")[2]: _short(value) for name, value in attributes}
    return root


def _short(value: str) -> str:
    """Round to hundredths of a point, leave out needless blanks, take the fonts of the page."""
    value = re.sub(
        r"-?\d+\.\d+", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), value
    )
    value = re.sub(r"\s*([A-Zz;:])\s*", r"\1", value)
    return re.sub(r"(?<=font-family:)[^;]*", "sans-serif", value)


def _page(drawings: list[Element], label: str, texts: tuple[str, ...], start: int) -> str:
    """Return the figure as HTML."""
    plain = [line for drawing in drawings for line in _lines(drawing, {})]
    used = list(dict.fromkeys(re.findall(r"(?:url\(|href=')#(\w+)", "\n".join(plain))))
    # Matplotlib's names hang on digits that are rounded away; these do not, and no other slider of
    # the page has them.
    numbered = {old: str(i) for i, old in enumerate(used)}
    content = [label, *texts, *(line for drawing in drawings for line in _lines(drawing, numbered))]
    name = "slider-" + hashlib.sha256("\n".join(content).encode()).hexdigest()[:8]
    names = {old: f"{name}-{i}" for old, i in numbered.items()}
    frames = [list(_lines(drawing, names)) for drawing in drawings]
    lines = frames[start].copy()
    spans = [_spans(frame, lines) for frame in frames]
    data = {"lines": lines[len(frames[start]) :], "spans": spans, "texts": texts}
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return PAGE.format(
        name=name,
        box=drawings[start].get("viewBox"),
        drawing="\n".join(frames[start]),
        label=escape(label),
        text=escape(texts[start]),
        last=len(frames) - 1,
        start=start,
        data=packed.replace("</", "<\\/").replace("<!", "\\u003c!"),
    )


def _lines(parent: Element, names: dict[str, str]) -> Iterator[str]:
    """Yield what is inside an element, a line for each tag; rename what is in `names`."""
    for element in parent:
        tag, head, text = element.tag, element.tag, escape((element.text or "").strip())
        for key, value in element.attrib.items():
            if key != "id" or value in names:
                new = names.get(value, value) if key == "id" else _refer(value, names)
                head += f" {key}='{escape(new)}'"
        inside = list(_lines(element, names))
        if tag == "text":  # a line's end would be a blank
            yield f"<{head}>{text}{''.join(inside)}</{tag}>"
        elif head == "g":
            yield from inside
        elif inside:
            yield from [f"<{head}>", *inside, f"</{tag}>"]
        elif tag not in ("g", "defs", "style", "metadata"):
            yield f"<{head}>{text}</{tag}>"


def _refer(value: str, names: dict[str, str]) -> str:
    return re.sub(r"(?<=#)\w+", lambda old: names.get(old[0], old[0]), value)


def _spans(frame: list[str], lines: list[str]) -> list[list[int]]:
    """Return the spans of `lines` that make up a frame; lines that are new are appended."""
    place = {line: i for i, line in reversed(list(enumerate(lines)))}
    spans: list[list[int]] = []
    for line in frame:
        end = spans[-1][1] if spans else 0
        if end == len(lines) or lines[end] != line:
            end = place.setdefault(line, len(lines))
        if end == len(lines):
            lines.append(line)
        if spans and spans[-1][1] == end:
            spans[-1][1] += 1
        else:
            spans.append([end, end + 1])
    return spans
