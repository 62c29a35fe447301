"""`make sizes`: what each adapter adds to a program: lines of our code, crates, and bytes. Writes the table of REFERENCE.md."""

import subprocess
import tempfile
from pathlib import Path

from project import ROOT, Failure, run

BENCH = "tests/bench/platforms"
ADAPTERS = ("sqlite", "postgres", "kafka")
BEGIN, END = "<!-- sizes:begin -->\n", "<!-- sizes:end -->"


def main():
    target = ROOT / "target" / "platforms"
    built = subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--bins", "--manifest-path",
                            f"{BENCH}/Cargo.toml", "--target-dir", str(target)], cwd=ROOT)
    if built.returncode != 0:
        raise Failure("cargo could not build the programs", "fix the errors above")
    none = stripped(target / "release" / "size-none")
    lines = ["| adapter | lines of code | crates that it brings, beside the kit's | adds to a program |", "|---|---|---|---|"]
    for name in ADAPTERS:
        added = stripped(target / "release" / f"size-{name}") - none
        lines.append(f"| `dekigoto-{name}` | {code(name):,} | {len(crates(name) - crates('core'))} | {added / 1e6:.2f} MB |")
    table = "\n".join(lines) + "\n"
    print(table)
    reference = ROOT / "REFERENCE.md"
    before, rest = reference.read_text().split(BEGIN)
    reference.write_text(before + BEGIN + table + END + rest.split(END)[1])


def stripped(program):
    """The bytes of a program without its symbols."""
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, program], check=True)
        return Path(copy.name).stat().st_size


def code(name):
    """Lines that are neither empty nor comments."""
    texts = [path.read_text() for path in Path(ROOT, "shared", name, "src").rglob("*.rs")]
    lines = (line.strip() for text in texts for line in text.splitlines())
    return sum(1 for line in lines if line and not line.startswith("//"))


def crates(name):
    package = "dekigoto" if name == "core" else f"dekigoto-{name}"
    command = ["cargo", "tree", "--locked", "--offline", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}"]
    tree = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {line.split()[0] for line in tree.splitlines() if line}


if __name__ == "__main__":
    run(main)
