"""The HTTP contract as plain HTML, readable without scripts. Made from the served OpenAPI document."""

from html import escape

from site_pages import page, prose


def http_page(document):
    """The page of all operations, by path and method."""
    info = document["info"]
    tools = ('<p>For tools: <a href="openapi.json">openapi.json</a>. To click through, with JavaScript: '
             '<a href="viewer.html">the same in Swagger UI</a>.</p>')
    parts = [f"<h1>{escape(info['title'])}</h1>", tools, paragraphs(info["description"])]
    for path, methods in document["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if "responses" in operation:
                parts.append(section(document, method.upper(), path, operation, shared))
    return page("HTTP API", "\n".join(parts), "").encode()


def section(document, method, path, operation, shared):
    parts = [f"<h2>{method} {escape(path)}</h2>", f"<p>{prose(operation['summary'])}</p>"]
    if "description" in operation:
        parts.append(paragraphs(operation["description"]))
    given = [resolved(document, it) for it in [*shared, *operation.get("parameters", [])]]
    fields = [(it["name"], it["in"], it.get("required", False), it.get("description", "")) for it in given]
    if "requestBody" in operation:
        fields += body_fields(document, resolved(document, operation["requestBody"]))
    if fields:
        parts.append(table(("name", "where", "meaning"), [
            (f"<code>{escape(name)}</code>", place + ("" if needed else ", may be absent"), prose(meaning))
            for name, place, needed, meaning in fields]))
    answers = [(status, resolved(document, it)["description"]) for status, it in operation["responses"].items()]
    parts.append(table(("answer", "when"), [(status, prose(meaning)) for status, meaning in answers]))
    return "\n".join(parts)


def body_fields(document, body):
    for kind, content in body["content"].items():
        schema = resolved(document, content["schema"])
        required = schema.get("required", [])
        for name, field in schema.get("properties", {}).items():
            meaning = field.get("description") or resolved(document, field).get("description", "")
            yield name, f"body ({kind})", name in required, meaning


def resolved(document, value):
    while "$ref" in value:
        found = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def table(head, rows):
    cells = lambda row, tag: "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>"
    return "<table>\n" + "\n".join([cells(head, "th"), *(cells(row, "td") for row in rows)]) + "\n</table>"


def paragraphs(text):
    return "\n".join(f"<p>{prose(part)}</p>" for part in text.strip().split("\n\n"))
