"""Starts the service, creates and renames an aggregate, and shows the results."""
import json, os, re, subprocess, urllib.request
binary = os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "local")
server = subprocess.Popen([binary], env={**os.environ, "PORT": "0", "STORE": "memory"}, stdout=subprocess.PIPE, text=True)
url = re.search(r"http://\S+", server.stdout.readline()).group()

def ask(path, body=None, key="demo"):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "idempotency-key": key}
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers)) as answer:
        said = json.load(answer)
        print("GET" if data is None else "POST", path, answer.status, json.dumps(said))
        return said

try:
    path = f"/v1/__name__/{ask('/v1/__name__', {'title': 'first'})['id']}"
    ask("/v1/__name__", {"title": "first"})  # The same key again: no second effect.
    assert ask(f"{path}/rename", {"title": "second"}, "again")["version"] == 2
    assert ask(f"{path}?minVersion=2") == {"title": "second", "changes": 2}
    assert len(ask("/local/stored")) == 2
finally:
    server.terminate()
