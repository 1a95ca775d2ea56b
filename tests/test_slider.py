"""The slider: frames drawn beforehand, put together by a script that is read here in its place."""

import gzip
import json
import re
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup

import kmgmm as km

VALUES = [0.5, 1.0, 1.5]


def wave(value, ax):
    """Draw what has clipping, marks, ticks that change, and words."""
    x = np.linspace(0, 6, 50)
    ax.plot(x, value * np.sin(value * x), "o-", markevery=10, label="wave & <sine>")
    ax.fill_between(x, 0, value, alpha=0.3)
    ax.set(title="$x_i^2$ grows", xlabel=f"value {value}")
    ax.legend(loc="upper right")


def words(value):
    return f"a wave of height {value}"


def make(values=VALUES, draw=wave, label="height", describe=words, **options):
    return km.plots.slider(draw, values, label=label, describe=describe, **options)


@cache
def plain():
    return make()


def parts(slider):
    """Return the static drawing's lines, and what the script holds."""
    page = slider._repr_html_()
    drawing = re.search(r"<svg [^>]*>(.*?)</svg>", page, flags=re.S)[1].split("\n")
    data = re.search(r"const \{ lines, spans, texts \} = (.*);$", page, flags=re.M)[1]
    return drawing, json.loads(data)


def frames(slider):
    """Put the frames together as the script does."""
    drawing, data = parts(slider)
    lines = drawing + data["lines"]
    return [[line for a, b in spans for line in lines[a:b]] for spans in data["spans"]]


def test_every_frame_is_what_a_slider_that_starts_there_draws():
    assert frames(make(start=1)) == [parts(make(start=i))[0] for i in range(3)]
    assert frames(make(start=-1)) == frames(plain())


def test_frames_differ_where_the_drawings_do_and_share_the_rest():
    drawing, data = parts(plain())
    assert all(a != b for a, b in pairwise(frames(plain())))
    assert len(data["lines"]) < len(drawing)  # all of both other frames would be twice that
    assert data["spans"][0] == [[0, len(drawing)]]


def test_the_same_call_gives_the_same_bytes():
    page = plain().html
    before = dict(mpl.rcParams)
    with mpl.rc_context({"svg.hashsalt": "other", "svg.fonttype": "path"}):
        assert make().html == page
    assert dict(mpl.rcParams) == before


def test_nothing_hangs_on_digits_that_are_rounded_away():
    """Matplotlib's own names would."""

    def draw(value, ax):
        wave(value, ax)
        ax.set_position([0.1, 0.1, 0.8, 0.8 + moved])

    moved = 0.0
    exact = make(draw=draw)
    moved = 1e-12
    assert make(draw=draw).html == exact.html
    assert not re.search(r"\d\.\d{3}", "\n".join(parts(exact)[0] + parts(exact)[1]["lines"]))


def ids(slider):
    return re.findall(r" id=[\"'](.*?)[\"']", slider.html)


def test_no_two_sliders_share_a_name_and_every_reference_is_met():
    one, two = plain(), make(label="depth")
    assert set(ids(one)).isdisjoint(ids(two))
    for slider in (one, two):
        for frame in map("\n".join, frames(slider)):
            found = re.findall(r" id='(.*?)'", frame)
            assert len(found) == len(set(found))
            assert set(re.findall(r"(?:url\(|href=')#([\w-]+)", frame)) == set(found)


def test_each_frame_is_well_formed_and_words_stay_words():
    for value, frame in zip(VALUES, frames(plain()), strict=True):
        root = ElementTree.fromstring("<svg>" + "\n".join(frame) + "</svg>")
        shown = ["".join(text.itertext()) for text in root.iter("text")]
        assert {"wave & <sine>", f"value {value}"} <= set(shown)
        assert any("grows" in text and "\n" not in text for text in shown)
        assert not {e.tag for e in root.iter()} & {"style", "metadata"}


def test_without_scripts_the_first_frame_and_its_text_are_seen():
    soup = BeautifulSoup(make(start=2).html, "html.parser")
    hidden = soup.find_all(hidden=True)
    assert [tag.name for tag in hidden] == ["label"]
    assert soup.svg["role"] == "img"
    assert soup.svg["aria-label"] == soup.p.text == words(1.5)
    assert soup.input["type"] == "range"
    assert soup.input.parent is hidden[0]
    assert (soup.input["min"], soup.input["max"], soup.input["value"]) == ("0", "2", "2")
    assert "height" in soup.label.text
    assert not re.search(r"https?:|src=|@import", soup.decode())


def test_what_is_written_cannot_break_the_page():
    text = "</script> <!-- \"a\" & 'b'"
    slider = make(label=text, describe=lambda value: f"{text} {value}")
    soup = BeautifulSoup(slider.html, "html.parser")
    assert len(soup.find_all("script")) == 1
    assert soup.p.text == soup.svg["aria-label"] == f"{text} 0.5"
    assert soup.label.text.strip() == text
    assert parts(slider)[1]["texts"] == [f"{text} {value}" for value in VALUES]


def test_all_frames_are_laid_out_like_the_first():
    def draw(value, axes):
        axes[0].plot([0, 10**value], [0, 10**value])
        axes[1].set_title("x")

    with mpl.rc_context({"figure.constrained_layout.use": True}):
        slider = make(draw=draw, values=[1, 5], ncols=2, figsize=(4, 2))
    boxes = [[line for line in frame if "fill:#ffffff" in line][:3] for frame in frames(slider)]
    assert boxes[0] == boxes[1]
    assert 'viewBox="0 0 288 144"' in slider.html


def test_thirty_frames_are_small():
    page = make(values=np.linspace(0.5, 2, 30)).html
    assert len(page) < 150_000
    assert len(gzip.compress(page.encode())) < 60_000


def test_it_prints_its_texts():
    assert repr(plain()) == "slider 'height' with 3 positions\n  " + "\n  ".join(map(words, VALUES))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"values": [1]}, r"values must be two or more; got \[1\]"),
        ({"start": 3}, "start must be a position among 3 values; got 3"),
        ({"start": 0.5}, "start must be a position among 3 values; got 0.5"),
        ({"label": " "}, "label must be a text, and not empty; got ' '"),
        ({"describe": lambda value: value}, r"describe\(value\) must be a text.*got 0.5"),
    ],
)
def test_faults_are_named(fault, message):
    with pytest.raises(ValueError, match=message):
        make(**fault)
