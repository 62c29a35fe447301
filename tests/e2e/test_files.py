"""The one-process system on a file that it cannot use: it ends with one sentence, and changes nothing."""

import os
import subprocess

import pytest

from test_kills import System

pytestmark = pytest.mark.skipif("DEKIGOTO_BINARY" not in os.environ, reason="needs the one-process system; make journey builds it")


def refusal(database):
    """What it says on standard error."""
    ended = subprocess.run([os.environ["DEKIGOTO_BINARY"]], env={**os.environ, "PORT": "0", "DATABASE": str(database)},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def test_a_second_process_on_one_file_says_so_and_the_first_goes_on(tmp_path, monkeypatch):
    file = tmp_path / "it.db"
    monkeypatch.setenv("DATABASE", str(file))
    system = System(tmp_path / "log")
    system.start()
    try:
        assert refusal(file) == f"{file} is in use by another process. Stop that process, or choose another file\n"
        assert system.api.get("/v1/health").status == 200
    finally:
        system.kill()


def test_a_folder_that_cannot_be_written_is_named():
    said = refusal("/sys/it.db")
    assert said.startswith("/sys/it.db cannot be written (") and said.endswith("choose a file in another folder\n")
    assert said.count("\n") == 1


def test_a_damaged_file_is_left_as_it_is(tmp_path):
    file = tmp_path / "it.db"
    file.write_text("damaged" * 99)
    said = refusal(file)
    assert said.startswith(f"{file} is damaged (") and "restore a copy, or move it away" in said, said
    assert file.read_text() == "damaged" * 99
