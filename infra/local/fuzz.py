"""`make fuzz`: runs one fuzz target under libFuzzer, on the stable toolchain. TARGET=request|cursor|stored_event, SECONDS=60.

An input that breaks a property is saved into the target's corpus, so that `make test` fails until it is fixed. Inputs that
only reached new code stay in target/libfuzzer/found; copy the useful ones into the corpus by hand.
"""

import os
import subprocess

from project import ROOT, Failure, run, say

FUZZ = ROOT / "tests" / "fuzz"
# The flags of cargo-fuzz, without the sanitizer: it needs a nightly toolchain, and our code forbids `unsafe`.
COVERAGE = ("-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 "
            "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table "
            "-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1")
INPUT_BYTES_MAX = 4096


def main():
    targets = sorted(path.name for path in (FUZZ / "corpus").iterdir())
    target = os.environ.get("TARGET", "request")
    if target not in targets:
        raise Failure(f"unknown target {target!r}", f"TARGET={targets[0]} make fuzz; the targets are {', '.join(targets)}")
    seconds = os.environ.get("SECONDS", "60")
    found = ROOT / "target" / "libfuzzer" / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    corpus = FUZZ / "corpus" / target
    say(f"building {target} with coverage counters (the first time about a minute)")
    binary = build(target)
    say(f"running it for {seconds} s")
    command = [binary, f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES_MAX}", f"-dict={FUZZ / 'words.dict'}",
               "-timeout=5", "-print_final_stats=1", f"-artifact_prefix={corpus}/", found, corpus]
    ended = subprocess.run(command, cwd=ROOT)
    if ended.returncode != 0:
        raise Failure(f"{target} ended with code {ended.returncode}",
                      f"the input is in {corpus.relative_to(ROOT)}; cargo test -p fuzz reproduces it")
    say(f"{target}: no failure; inputs that reached new code are in {found.relative_to(ROOT)}")


def build(target):
    """Builds one target and returns its path."""
    about = subprocess.run(["rustc", "-vV"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    host = next(line.split()[1] for line in about.splitlines() if line.startswith("host:"))
    folder = ROOT / "target" / "libfuzzer"
    # With an explicit target, build scripts and macros are built without the counters.
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--target", host, "--target-dir", folder,
               "--manifest-path", FUZZ / "libfuzzer" / "Cargo.toml", "--bin", target]
    if subprocess.run(command, cwd=ROOT, env={**os.environ, "RUSTFLAGS": COVERAGE}).returncode != 0:
        raise Failure("cargo could not build the target", "it needs a C++ compiler for libFuzzer itself, such as g++")
    return folder / host / "release" / target


if __name__ == "__main__":
    run(main)
