"""`make dev`: runs the system in one process, and builds and starts it again after each change of its sources.

Prints the seconds from the edit to the first answer. What is stored stays (SQLite, as with `make run`). A build that fails
shows cargo's errors, and the old process goes on. PORT, STORE, DATABASE, BUS and AUTH_MODE as for `make run`.
"""

import os
import signal
import stat
import subprocess
import time
import urllib.error
import urllib.request

import journey
from project import ROOT, Failure, run, say

POLL_SECONDS = 0.3
# An editor saves in steps: it empties the file or writes another, and then it writes or renames.
STILL_SECONDS = 0.15
END_SECONDS_MAX = 10
ANSWER_SECONDS_MAX = 30
# What the binary is made of.
WATCHED = ("Cargo.toml", "Cargo.lock", "functions", "shared", "infra/openapi.yaml", "infra/asyncapi.json", "infra/schemas")


def main():
    features = [name for name, setting in (("jwt", "AUTH_MODE"), ("postgres", "STORE"), ("kafka", "BUS"))
                if os.environ.get(setting) == name]
    port = os.environ.get("PORT", "3000")
    Dev([ROOT / name for name in WATCHED], lambda: journey.build_alone(*features), f"http://127.0.0.1:{port}").run()


class Dev:
    """The loop: watch, build, start again."""

    def __init__(self, watched, build, url):
        self.watched, self.build, self.url = watched, build, url
        self.process = None
        self.pause = time.sleep

    def run(self):
        seen = self.newest()
        self.restart(self.build(), None)
        try:
            while True:
                self.pause(POLL_SECONDS)
                now = self.newest()
                if now != seen:
                    before, seen = seen, self.saved(now)
                    self.rebuild(edited=edit_time(before, seen))
                elif self.process.poll() is not None:
                    raise Failure(f"the system ended by itself with code {self.process.returncode}", "look at its output above")
        except KeyboardInterrupt:
            print()
        finally:
            self.stop()

    def saved(self, seen):
        """Waits until the sources are the same twice, so that one save is one build."""
        while True:
            self.pause(STILL_SECONDS)
            now = self.newest()
            if now == seen:
                return now
            seen = now

    def rebuild(self, edited):
        say("a source changed: building")
        try:
            binary = self.build()
        except Failure as failure:
            say(f"{failure}; the old build goes on. {failure.next_step}")
            return
        self.restart(binary, edited)

    def restart(self, binary, edited):
        """Ends the old process, starts the new one, and says how long that took since the edit."""
        self.stop()
        self.process = subprocess.Popen([binary], stdin=subprocess.DEVNULL)
        self.answers()
        if edited is None:
            say(f"watching for changes; {self.url} answers")
        else:
            say(f"{self.url} answers {time.time() - edited:.1f} s after the edit")

    def answers(self):
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/v1/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise Failure(f"{self.url} does not answer", "read the output above; is the port taken? PORT=3001 make dev")

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def newest(self):
        """The names and times of all watched files: it changes when one is edited, added or removed."""
        files = [path for place in self.watched for path in (sorted(place.rglob("*")) if place.is_dir() else [place])]
        return [seen for seen in map(time_of, files) if seen]


def time_of(path):
    """The file and when it was written; `None` for a folder, and for a file that an editor removes just now."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (path, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def edit_time(before, after):
    """When the newest changed file was written, in seconds. A removed file has no time; then it is now."""
    written = [nanoseconds for _, nanoseconds in set(after) - set(before)]
    return max(written) / 1e9 if written else time.time()


if __name__ == "__main__":
    run(main)
