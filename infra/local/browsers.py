"""Calls the one-process system from a browser on another origin, and from a typed client, and reads the site in a browser, as
tests/browsers says. Pictures of the site go into .local/site.

Needs Node.js 20 and Chromium. The packages of tests/browsers/package-lock.json are installed into .tools/browsers.
"""

import hashlib
import os
import shutil
import socket
import subprocess

import build_site
from journey import build_all, running
from project import LOCAL, LOGS, ROOT, TOOLS, Failure, run, say, tail

SOURCES = ROOT / "tests" / "browsers"
HOME = TOOLS / "browsers"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main():
    environment = {"CHROMIUM": chromium()}
    install()
    for source in SOURCES.glob("*.*s"):
        shutil.copy(source, HOME)
    build_site.main()
    pictures = LOCAL / "site"
    pictures.mkdir(parents=True, exist_ok=True)
    environment |= {"SITE": str(build_site.SITE), "PICTURES": str(pictures)}
    binary = build_all()
    port = str(free_port())
    os.environ["ALLOWED_ORIGINS"] = f"http://127.0.0.1:{port}"
    with running(binary, "none") as url:
        environment |= {**os.environ, "DEKIGOTO_URL": url, "PAGES_PORT": port}
        # The folder has the tests of the console too.
        tests = sorted(source.name for source in SOURCES.glob("*.test.mjs"))
        tested = subprocess.run(["node", "--test", *tests], cwd=HOME, env=environment)
    if tested.returncode != 0:
        raise Failure("a browser or the typed client does not work with this API", "read the failed test above")


def install():
    """Installs the packages of the lock file, unless they are there."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        raise Failure("the browser tests need Node.js and npm", "install Node.js 20 or newer, then run this again")
    lock = (SOURCES / "package-lock.json").read_bytes()
    stamp, wanted = HOME / "installed", hashlib.sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("installing the packages of tests/browsers into .tools/browsers (once)")
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / name, HOME)
    logged(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "could not install the packages of tests/browsers",
           "check that the npm registry is reachable, then run this again", cwd=HOME)
    stamp.write_text(wanted)


def chromium():
    """The path of the browser. On Debian, root installs it if it is missing."""
    if not find() and shutil.which("apt-get") and os.geteuid() == 0:
        say("installing Chromium with apt-get (once)")
        for step in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
            logged(step, "could not install Chromium", "install it by hand, then run this again")
    path = find()
    if not path:
        raise Failure("the browser tests need Chromium", "install Chromium or Chrome, then run this again")
    return path


def find():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def logged(step, failure, advice, cwd=ROOT):
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "browsers.log"
    with log.open("w") as out:
        if subprocess.run(step, cwd=cwd, stdout=out, stderr=subprocess.STDOUT).returncode != 0:
            raise Failure(f"{failure}:\n{tail(log)}", advice)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


if __name__ == "__main__":
    run(main)
