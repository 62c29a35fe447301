"""The part of Markdown that REFERENCE.md, infra/sessions.md and the beginning of README.md use, as HTML: headings, paragraphs,
lists, tables, code, links and strong text."""

import re
from html import escape


def html(text):
    """HTML of the whole text. Comments, such as the markers of generated tables, are left out."""
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.S)
    # Every second part is fenced code, which may have empty lines.
    parts = re.split(r"^```\n(.*?)^```$", text, flags=re.S | re.M)
    return "\n".join(f"<pre><code>{escape(part, quote=False)}</code></pre>" if place % 2 else blocks(part)
                     for place, part in enumerate(parts))


def blocks(text):
    found = [lines for lines in re.split(r"\n\s*\n", text.strip()) if lines]
    return "\n".join(block(lines.split("\n")) for lines in found)


def block(lines):
    first = lines[0]
    heading = re.match(r"(#+) (.*)", first)
    if heading and len(lines) == 1:
        level, title = len(heading[1]), heading[2]
        name = re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        return f'<h{level} id="{name}">{inline(title)}</h{level}>'
    if first.startswith("|"):
        return table(lines)
    if first.startswith("* "):
        items = re.split(r"\n\* ", "\n".join(lines)[2:])
        return "<ul>\n" + "\n".join(f"<li>{inline(item)}</li>" for item in items) + "\n</ul>"
    return f"<p>{inline(' '.join(lines))}</p>"


def table(lines):
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{inline(cell)}</th>" for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>" for row in rows[2:])
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def inline(text):
    """Links to files of the repository keep only their text: the site does not have the files."""
    text = escape(text, quote=False)
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*(\w[^*]*)\*", r"<em>\1</em>", text)
