"""`make site`: writes the documentation as static files to target/site, for a file server or to open from the disk.

It fails if a relative link has no file, or a file has no link to it. Part of `make test`: needs cargo and Python.
"""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from journey import build_all, running
from project import ROOT, Failure, run, say
from site_http import http_page
from site_pages import page, pages

SOURCE = ROOT / "functions" / "local" / "docs"
SITE = ROOT / "target" / "site"
# Each file of the site, and its source. With `.txt` a browser shows a licence instead of saving it.
COPIED = {
    "viewer.html": "site.html",
    "site.js": "site.js",
    "viewer/viewer.js": "viewer.js.gz",
    "viewer/viewer.css": "viewer.css.gz",
    "viewer/LICENSE.txt": "LICENSE",
    "viewer/LICENSE-parts.txt": "LICENSE-parts.txt",
    "viewer/NOTICE.txt": "NOTICE",
}
# Of tracing and of the AWS SDK, which rustdoc repeats beside our types.
OF_OTHER_CRATES = ("dispatcher#setting-the-default-subscriber", "::aws_types::sdk_config::SdkConfig")
CSS_LINK = re.compile(r"""url\(\s*['"]?([^'")]+)""")


def main():
    contract = served_contract()
    with_api = "api" in sys.argv[1:]
    shutil.rmtree(SITE, ignore_errors=True)
    write(contract, with_api)
    if with_api:
        add_api()
    faults = faults_of(SITE)
    if faults:
        raise Failure(f"target/site is not complete: {'; '.join(faults)}", f"look at {SOURCE} and {__file__}")
    check_that_a_broken_link_is_found()
    say("target/site/index.html is ready, and every link in target/site leads to a file")


def add_api():
    """Adds the kit's API documentation under target/site/api, which takes minutes to build."""
    say("building the API documentation of the kit")
    crates = [path.parent.name for path in (ROOT / "shared").glob("*/Cargo.toml") if "publish = true" in path.read_text()]
    names = [re.search(r'^name = "(.+)"', (ROOT / "shared" / crate / "Cargo.toml").read_text(), re.M)[1] for crate in crates]
    # With the features of all targets, so that nothing is compiled twice. Binaries and crates of our own use are left out.
    command = ["cargo", "doc", "--workspace", "--features", "local/jwt", "--lib", "--locked", "--no-deps", "--quiet"]
    folder = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "doc"
    # What an earlier command has documented does not belong to the site.
    shutil.rmtree(folder, ignore_errors=True)
    if subprocess.run(command, cwd=ROOT, env={**os.environ, "RUSTDOCFLAGS": "-D warnings"}).returncode != 0:
        raise Failure("the API documentation does not build", "fix rustdoc's errors above")
    shutil.copytree(folder, SITE / "api")
    links = "\n".join(f'<li><a href="{name.replace("-", "_")}/index.html">{name}</a></li>' for name in sorted(names))
    put("api/index.html", page("API of the kit", f"<h1>API of the kit</h1>\n<ul>\n{links}\n</ul>", "../").encode())


def check_that_a_broken_link_is_found():
    """A checker that finds nothing proves nothing: it must miss a file that is not there."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "site"
        shutil.copytree(SITE, copy)
        (copy / "style.css").unlink()
        if not faults_of(copy):
            raise Failure("the link checker does not miss style.css", f"look at {__file__}")


def served_contract():
    """The contract as the one-process system serves it."""
    say("building the one-process system")
    with running(build_all(), "none") as url, urllib.request.urlopen(url + "/v1/openapi.json", timeout=10) as answer:
        return answer.read()


def write(contract, with_api):
    for name, source in COPIED.items():
        content = (SOURCE / source).read_bytes()
        put(name, gzip.decompress(content) if source.endswith(".gz") else content)
    for name, content in pages(with_api).items():
        put(name, content)
    put("openapi.json", contract)
    put("http.html", http_page(json.loads(contract)))
    # A page opened from a disk may not load JSON, but it may load a script.
    put("openapi.js", b"const embeddedContract = " + contract + b";\n")


def put(name, content):
    target = SITE / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def faults_of(site):
    """The broken links, and the files without a link."""
    files = {path.resolve() for path in site.rglob("*") if path.is_file()}
    linked = {(site / "index.html").resolve()}
    faults = []
    for path in sorted(files):
        for link in links_of(path):
            target = (path.parent / unquote(urlsplit(link).path)).resolve()
            linked.add(target)
            if target not in files:
                faults.append(f"{path.relative_to(site)} links to {link}, which is missing")
    # Rustdoc's scripts load what its pages do not link to.
    ours = {path for path in files - linked if not path.is_relative_to((site / "api").resolve())}
    return faults + [f"nothing links to {path.relative_to(site)}" for path in sorted(ours)]


def links_of(path):
    """The relative links of a page or a style sheet."""
    if path.suffix == ".html":
        links = Links()
        links.feed(path.read_text())
        found = links.found
    elif path.suffix == ".css":
        found = CSS_LINK.findall(path.read_text())
    else:
        found = []
    return [link for link in found if is_relative(link) and not is_of_rustdoc(link)]


def is_of_rustdoc(link):
    """Links in what rustdoc takes from the comments of other crates, and scripts that it loads only if they are there."""
    return link in OF_OTHER_CRATES or "/trait.impl/" in link


def is_relative(link):
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc and bool(parts.path)


class Links(HTMLParser):
    """Collects what a page links to or loads."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


if __name__ == "__main__":
    run(main)
