"""Starts the service, creates and renames, and shows what became of it. Fails when something is not as it should be."""
import json, os, re, subprocess, urllib.request

target = os.environ.get("CARGO_TARGET_DIR", "target")
server = subprocess.Popen([f"{target}/debug/local"], env={**os.environ, "PORT": "0"}, stdout=subprocess.PIPE, text=True)
url = re.search(r"http://\S+", server.stdout.readline()).group()


def ask(path, body=None, key="demo"):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "idempotency-key": key}
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers)) as answer:
        said = json.load(answer)
        print(f"{'GET' if data is None else 'POST'} {path}\n  {answer.status} {json.dumps(said)}")
        return said


try:
    created = ask("/v1/__name__", {"title": "first"})
    assert ask("/v1/__name__", {"title": "first"}) == created, "the same key has one effect"
    path = f"/v1/__name__/{created['id']}"
    assert ask(f"{path}/rename", {"title": "second"}, "again")["version"] == 2
    assert ask(f"{path}?minVersion=2") == {"title": "second", "changes": 2}
    assert len(ask("/local/stored")) == 2
    print("it works")
finally:
    server.terminate()
