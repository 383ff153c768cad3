"""A browser's requests to a console behind a proxy with TLS, step by step.

proxied.py PORT PLAIN-PORT AUTHORITY NAME USER PASSWORD: writes each step with what it found, and waits for a line.
"""
import http.client
import json
import socket
import ssl
import sys
import time

port, plain, authority, name, user, password = sys.argv[1:7]
port, plain = int(port), int(plain)
context = ssl.create_default_context(cafile=authority)
origin = f"https://{name}:{port}"
# Not the loopback's usual address, so that it is known again.
source = ("127.0.0.2", 0)


def step(*words):
    print(*words, flush=True)
    sys.stdin.readline()


def connect():
    raw = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=source)
    connection = http.client.HTTPSConnection(name, port, timeout=20)
    connection.sock = context.wrap_socket(raw, server_hostname=name)
    return connection


def send(method, path, body=None, **others):
    headers = {"Host": f"{name}:{port}"}
    if method != "GET":
        headers |= {"Content-Type": "application/json", "Origin": origin, "X-Gridwarden": "1"}
    headers |= {key.replace("_", "-"): value for key, value in others.items()}
    connection = connect()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


answer, _ = send("GET", "/")
step("shell", answer.status, answer.headers["Strict-Transport-Security"] or "-")

answer, _ = send("POST", "/api/v1/session", json.dumps({"user": user, "password": password}),
                 X_Forwarded_For="9.9.9.9", X_Forwarded_Proto="http")
cookie = answer.headers["Set-Cookie"] or ""
step("session", answer.status, "Secure" in cookie)
cookie = cookie.split(";")[0]

answer, _ = send("POST", "/api/v1/session", "{}", Origin="https://evil.example")
step("origin", answer.status)
answer, data = send("GET", "/", Host="evil.example")
step("host", answer.status, b"Gridwarden" in data or "网格哨".encode() in data)

# Whoever asks for it in the clear is sent on, and nothing is answered there.
connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=20)
connection.request("GET", "/incident?id=1", headers={"Host": name})
answer = connection.getresponse()
step("clear", answer.status, answer.headers["Location"] or "-")

# Ten megabytes that nobody wants. The answer comes while they are still sent, or the line is cut.
connection = connect()
connection.putrequest("POST", "/api/v1/session", skip_host=True)
for key, value in {"Host": f"{name}:{port}", "Content-Type": "application/json", "Origin": origin,
                   "X-Gridwarden": "1", "Cookie": cookie, "Content-Length": str(10 << 20)}.items():
    connection.putheader(key, value)
connection.endheaders()
sent = 0
try:
    for _ in range(160):
        connection.send(b"x" * 65536)
        sent += 65536
except OSError:
    pass
try:
    status = connection.getresponse().status
except (OSError, http.client.HTTPException):
    status = "cut"
step("large", status)

# A stream: each event as it comes.
connection = connect()
connection.request("GET", "/api/v1/events", headers={"Host": f"{name}:{port}", "Cookie": cookie})
stream = connection.getresponse()


def event():
    kind = None
    while True:
        line = stream.readline().decode().strip()
        if line.startswith("event:"):
            kind = line[7:]
        if not line and kind:
            return kind


start = time.monotonic()
kind = event()
step("stream", stream.status, kind, time.monotonic() - start < 5)
for _ in range(3):
    # The test has reported an incident.
    start = time.monotonic()
    kind = event()
    step("event", kind, f"{time.monotonic() - start:.3f}")
connection.close()
print("done", flush=True)
