"""`make dev`: a change is built and started again, what was stored stays, and a broken build stops nothing."""

import os
import socket
import threading
import time

import pytest

from client import Api, eventually, place

import dev
from project import Failure

pytestmark = pytest.mark.skipif("DEKIGOTO_BINARY" not in os.environ, reason="make journey names the program")


@pytest.fixture
def system(tmp_path, monkeypatch):
    """The loop over one file, with a build that can fail; runs in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    monkeypatch.setenv("PORT", port)
    monkeypatch.setenv("DATABASE", str(tmp_path / "dev.db"))
    source = tmp_path / "source.rs"
    source.write_text("one")
    builds = []

    def build():
        builds.append(source.read_text())
        if source.read_text() == "broken":
            raise Failure("cargo could not build it", "fix the errors above")
        return os.environ["DEKIGOTO_BINARY"]

    loop = dev.Dev([source], build, f"http://127.0.0.1:{port}")
    ended = threading.Event()

    def sleep(seconds):
        if ended.wait(seconds):
            raise KeyboardInterrupt

    loop.pause = sleep
    thread = threading.Thread(target=loop.run)
    thread.start()
    api = Api(loop.url)
    eventually(lambda: loop.process and answers(api), bool, "the first start")
    yield loop, api, source, builds
    ended.set()
    thread.join(30)
    assert loop.process.poll() is not None, "the system ends with the loop"


def answers(api):
    try:
        return api.get("/v1/health").status == 200
    except OSError:
        return False


def test_a_change_is_built_and_answers_soon_and_what_was_stored_stays(system, capsys):
    loop, api, source, builds = system
    order, first = place(api), loop.process.pid
    began = time.monotonic()
    source.write_text("two")
    eventually(lambda: loop.process.pid != first and answers(api), bool, "the new process")
    print(f"{time.monotonic() - began:.1f} s from the edit to an answer, without the build")
    assert builds == ["one", "two"]
    assert api.get(f"/v1/orders/{order}", minVersion=1).status == 200
    eventually(lambda: capsys.readouterr().out, lambda out: "s after the edit" in out, "the time it took")


def test_a_build_that_fails_leaves_the_old_process_running(system, capsys):
    loop, api, source, builds = system
    first = loop.process.pid
    source.write_text("broken")
    eventually(lambda: builds, lambda builds: builds[-1] == "broken", "the build")
    eventually(lambda: capsys.readouterr().out, lambda out: "the old build goes on" in out, "the message")
    assert loop.process.pid == first and answers(api)
    source.write_text("mended")
    eventually(lambda: loop.process.pid != first and answers(api), bool, "the mended build")


def test_a_save_in_steps_is_built_once(system):
    """Editors empty a file or move it away before they write it, and save several files one after another."""
    loop, api, source, builds = system
    first = loop.process.pid
    for text in ("", "half", "halfway", "whole"):
        source.write_text(text)
        time.sleep(dev.STILL_SECONDS / 2)
    eventually(lambda: loop.process.pid != first and answers(api), bool, "the new process")
    assert builds == ["one", "whole"]
