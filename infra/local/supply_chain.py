"""`make supply-chain`: checks the licences, sources and bans of deny.toml, and writes a bill of materials for each binary.

The bills are CycloneDX 1.5 in target/sbom. Known vulnerabilities need a clone of the RustSec database, which this command
does not fetch: run `cargo deny fetch` once where GitHub is reachable. Without it the command says so and checks the rest.
"""

import json
import os
import subprocess
import uuid
from pathlib import Path

from project import ROOT, Failure, run, say
from tools import executable, install

# The functions and the operator's command. They are what is deployed or handed to people.
BINARIES = ("api", "publisher", "policy", "projector", "ops", "postgres-functions")
TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
OUT = ROOT / "target" / "sbom"
# Names the serial numbers, so that one lock file gives one bill.
NAMESPACE = uuid.UUID("6f0f3a0c-2f43-4bb0-9c6a-3f5a0f7b7d11")


def main():
    install("deny")
    deny("bans", "licenses", "sources")
    say("licences, sources and bans: no findings")
    advisories()
    packages = {(it["name"], it["version"]): it for it in cargo_json("metadata", "--format-version", "1")["packages"]}
    checksums = checksums_of((ROOT / "Cargo.lock").read_text())
    OUT.mkdir(parents=True, exist_ok=True)
    for binary in BINARIES:
        bill = bill_of(binary, dependencies(binary), packages, checksums)
        (OUT / f"{binary}.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
        say(f"target/sbom/{binary}.cdx.json: {len(bill['components'])} components")


def deny(*checks):
    """Runs cargo-deny. Warnings, such as two versions of a crate, are not shown."""
    command = [executable("deny", "cargo-deny"), "--locked", "--offline", "check", "-A", "warnings", *checks]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if checked.returncode != 0:
        raise Failure(f"cargo-deny found:\n{checked.stdout}{checked.stderr}"[-4000:],
                      "replace the crate, or allow it in deny.toml with a reason")


def advisories():
    """Checks known vulnerabilities, if there is a clone of their database."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "advisory-dbs"
    if any(home.glob("*/crates")):
        deny("advisories")
        say(f"known vulnerabilities: none ({home})")
    else:
        say(f"known vulnerabilities: NOT CHECKED, because {home} holds no database; run `cargo deny fetch` where GitHub is "
            "reachable")


def cargo_json(*arguments):
    return json.loads(cargo(*arguments))


def cargo(*arguments):
    command = ["cargo", *arguments, "--offline", "--locked"]
    answered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answered.returncode != 0:
        raise Failure(f"{' '.join(command)}: {answered.stderr.strip()}", "build the workspace once, so that its crates are here")
    return answered.stdout


def dependencies(binary):
    """Name and version of every crate that is linked into a binary, on any processor it is built for."""
    lines = set()
    for target in TARGETS:
        tree = cargo("tree", "-p", binary, "-e", "normal", "--prefix", "none", "-f", "{p}", "--target", target)
        lines.update(tree.splitlines())
    words = (line.split() for line in lines if line)
    return sorted({(name, version.removeprefix("v")) for name, version, *_ in words})


def checksums_of(lock):
    """The checksum of each crate of the registry, from the lock file."""
    found = {}
    for block in lock.split("[[package]]")[1:]:
        fields = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if "checksum" in fields:
            found[(fields["name"].strip('"'), fields["version"].strip('"'))] = fields["checksum"].strip('"')
    return found


def bill_of(binary, crates, packages, checksums):
    """A bill of materials. Every crate in it has a licence, and every crate of the registry a checksum."""
    components = []
    for crate in crates:
        name, version = crate
        package = packages[crate]
        if not package["license"]:
            raise Failure(f"{name} {version} names no licence", "name it in its Cargo.toml, or replace the crate")
        component = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version,
                     "licenses": [{"expression": package["license"].replace("/", " OR ")}]}
        if package["source"]:
            component["purl"] = f"pkg:cargo/{name}@{version}"
            component["hashes"] = [{"alg": "SHA-256", "content": checksums[crate]}]
        components.append(component)
    own = next(it for it in components if it["name"] == binary)
    rest = [it for it in components if it is not own]
    serial = uuid.uuid5(NAMESPACE, json.dumps(components, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", "version": 1,
            "metadata": {"component": {**own, "type": "application"}}, "components": rest}


if __name__ == "__main__":
    run(main)
