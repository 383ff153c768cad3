"""A real Firefox without a window, by WebDriver BiDi, which it speaks by itself. No packages are needed."""
import base64, json, os, re, secrets, select, shutil, socket, struct, subprocess, tempfile, time

from chromium import Failed

PREFERENCES = {
    "app.normandy.enabled": False, "app.update.disabledForTesting": True, "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False, "browser.startup.page": 0, "datareporting.policy.dataSubmissionEnabled": False,
    "dom.w3c_touch_events.enabled": 1, "extensions.update.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "toolkit.telemetry.enabled": False,
}
KEYS = {
    "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Insert": "\ue016", "Delete": "\ue017",
    "Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Home": "\ue011", "End": "\ue010",
}
CONTROL = "\ue009"


class WebSocket:
    """As much of RFC 6455 as one local program asks another."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.more(time.monotonic() + 30)
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Failed(f"the browser takes no connection: {head[:200]}")

    def more(self, deadline):
        if not select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
            raise Failed("the browser does not answer")
        part = self.socket.recv(1 << 20)
        if not part:
            raise Failed("the browser has ended")
        self.rest += part

    def take(self, count, deadline):
        while len(self.rest) < count:
            self.more(deadline)
        part, self.rest = self.rest[:count], self.rest[count:]
        return part

    def send(self, text, opcode=1):
        data, mask = text.encode(), secrets.token_bytes(4)
        size = len(data)
        head = bytes([0x80 | opcode]) + (
            bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size) if size < 65536
            else bytes([0x80 | 127]) + struct.pack(">Q", size))
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def receive(self, deadline):
        whole = b""
        while True:
            first, second = self.take(2, deadline)
            size = second & 0x7F
            if size == 126:
                size, = struct.unpack(">H", self.take(2, deadline))
            elif size == 127:
                size, = struct.unpack(">Q", self.take(8, deadline))
            part, opcode = self.take(size, deadline), first & 0x0F
            if opcode == 8:
                raise Failed("the browser has ended")
            if opcode == 9:
                self.send(part.decode(), 10)
            if opcode in (0, 1, 2):
                whole += part
                if first & 0x80:
                    return whole.decode()


class Firefox:
    def __init__(self, width=1440, height=900, language="en", scale=1, touch=False):
        self.folder = tempfile.mkdtemp()
        accept = "zh-CN, zh" if language.startswith("zh") else "en-GB, en"
        with open(f"{self.folder}/user.js", "w") as file:
            for name, value in {**PREFERENCES, "intl.accept_languages": accept}.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.log = open(f"{self.folder}/log", "w+b")
        self.process = subprocess.Popen(
            ["/usr/bin/firefox-esr", "--headless", "--no-remote", "--profile", self.folder, "--remote-debugging-port", "0", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log,
            env={**os.environ, "HOME": self.folder, "MOZ_CRASHREPORTER_DISABLE": "1"})
        self.number, self.events, self.fingers = 0, [], {}
        self.line = WebSocket(self.port(), "/session")
        self.send("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self.send("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        # A tab of its own: what stands in the first one never has the focus, and no field there says that it has changed.
        self.context = self.send("browsingContext.create", type="tab")["context"]
        self.send("browsingContext.activate", context=self.context)
        self.size(width, height, scale, touch)

    def port(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            self.log.seek(0)
            found = re.search(rb"BiDi listening on ws://127\.0\.0\.1:(\d+)", self.log.read())
            if found:
                return int(found[1])
            time.sleep(0.05)
        raise Failed("the browser does not start")

    def send(self, method, **params):
        self.number += 1
        self.line.send(json.dumps({"id": self.number, "method": method, "params": params}))
        deadline = time.monotonic() + 60
        while True:
            answer = json.loads(self.line.receive(deadline))
            if answer.get("id") == self.number:
                if answer.get("type") == "error":
                    raise Failed(f"{method}: {answer['error']}: {answer.get('message')}")
                return answer["result"]
            self.events.append(answer)

    def size(self, width, height, scale=1, touch=False):
        self.send(
            "browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height}, devicePixelRatio=scale)

    def touchable(self):
        """Fingers: every page takes them here."""

    def open(self, url):
        self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def reload(self):
        self.send("browsingContext.reload", context=self.context)

    def eval(self, expression):
        result = self.send(
            "script.evaluate", expression=expression, target={"context": self.context}, awaitPromise=True, resultOwnership="none",
            serializationOptions={"maxDomDepth": 0})
        if result["type"] == "exception":
            raise Failed(f"{expression}: {result['exceptionDetails'].get('text')}")
        return self.plain(result["result"])

    def plain(self, value):
        if value["type"] == "array":
            return [self.plain(one) for one in value.get("value", [])]
        if value["type"] == "object":
            return {key: self.plain(one) for key, one in value.get("value", [])}
        return value.get("value")

    def wait(self, expression, seconds=20):
        end = time.monotonic() + seconds * float(os.environ.get("GRIDWARDEN_SLOWNESS", "1"))
        while time.monotonic() < end:
            if self.eval(f"!!({expression})"):
                return
            time.sleep(0.05)
        raise Failed(f"never: {expression}; the page says: {self.eval('document.body.innerText')[:600]}")

    def perform(self, *sources):
        self.send("input.performActions", context=self.context, actions=list(sources))

    def mouse(self, kind, x, y, **_):
        action = {
            "mouseMoved": {"type": "pointerMove", "x": round(x), "y": round(y)}, "mousePressed": {"type": "pointerDown", "button": 0},
            "mouseReleased": {"type": "pointerUp", "button": 0}}[kind]
        move = [] if kind == "mouseMoved" else [{"type": "pointerMove", "x": round(x), "y": round(y)}]
        self.perform({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": move + [action]})

    def touch(self, kind, *points):
        def finger(number, *actions):
            return {"type": "pointer", "id": f"finger{number}", "parameters": {"pointerType": "touch"}, "actions": list(actions)}

        if kind == "touchEnd":
            self.perform(*(finger(number, {"type": "pointerUp", "button": 0}) for number in self.fingers))
            self.fingers = {}
            return
        sources = []
        for number, (x, y) in enumerate(points):
            if self.fingers.get(number) != (x, y):
                actions = [{"type": "pointerMove", "x": round(x), "y": round(y)}]
                sources.append(finger(number, *actions, *([] if number in self.fingers else [{"type": "pointerDown", "button": 0}])))
            self.fingers[number] = (x, y)
        self.perform(*sources)

    def click(self, selector):
        self.wait(f"document.querySelector({json.dumps(selector)})")
        x, y = self.eval(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def keys(self, *values):
        self.perform({"type": "key", "id": "keys", "actions": [{"type": kind, "value": value} for kind, value in values]})

    def type(self, text):
        self.keys(*((kind, letter) for letter in text for kind in ("keyDown", "keyUp")))

    def fill(self, selector, text):
        self.click(selector)
        self.type(text)

    def key(self, key, ctrl=False):
        value = KEYS.get(key, key)
        held = [("keyDown", CONTROL), ("keyUp", CONTROL)] if ctrl else []
        self.keys(*held[:1], ("keyDown", value), ("keyUp", value), *held[1:])

    press = key

    def picture(self, path):
        data = self.send("browsingContext.captureScreenshot", context=self.context)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What scripts of the page threw, or wrote as an error; what was not found or is against the policy, Firefox keeps to itself."""
        self.eval("1")
        return [e["params"]["text"] or "" for e in self.events if e.get("method") == "log.entryAdded" and e["params"]["level"] == "error"]

    def requests(self):
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "network.beforeRequestSent"]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
