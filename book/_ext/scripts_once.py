"""A Sphinx extension: emit each inline script once a page.

The launch buttons' inline script is added twice to every page, and the
browser refuses the second declaration of its constant ("Identifier
'THEBE_JS_URL' has already been declared").
"""


def drop_repeats(app, pagename, templatename, context, doctree):
    """Keep the first of the page's inline scripts that have the same text."""
    seen = set()

    def is_new(script):
        body = (getattr(script, "attributes", None) or {}).get("body")
        return body is None or not (body in seen or seen.add(body))

    context["script_files"] = [
        s for s in context.get("script_files", []) if is_new(s)
    ]


def setup(app):
    """Run after the extensions that add scripts."""
    app.connect("html-page-context", drop_repeats, priority=900)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
