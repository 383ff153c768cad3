"""A real Chromium without a window, by the pipe of its debugging protocol. No packages are needed."""
import base64, json, os, select, shutil, subprocess, tempfile, time


class Failed(Exception):
    pass


class Chromium:
    def __init__(self, width=1440, height=900, language="en", scale=1, touch=False):
        self.folder = tempfile.mkdtemp()
        # What the browser reads is its descriptor 3, what it writes 4.
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        command = [
            "/bin/sh", "-c", f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"', "sh", "/usr/bin/chromium", "--headless=new",
            "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.folder}",
            f"--lang={language}", "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(
            command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.size(width, height, scale, touch)
        accept = "zh-CN,zh;q=0.9" if language.startswith("zh") else "en-GB,en;q=0.9"
        self.send("Emulation.setLocaleOverride", locale="zh-CN" if language.startswith("zh") else "en-GB")
        agent = self.send("Browser.getVersion")["userAgent"]
        self.send("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=accept)

    def size(self, width, height, scale=1, touch=False):
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=touch)

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer.get("result", {})
            self.events.append(answer)

    def read(self, deadline):
        while b"\0" not in self.rest:
            if not select.select([self.into], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failed("the browser does not answer")
            part = os.read(self.into, 1 << 20)
            if not part:
                raise Failed("the browser has ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def open(self, url):
        self.send("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def eval(self, expression):
        result = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise Failed(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, expression, seconds=20):
        end = time.monotonic() + seconds * float(os.environ.get("GRIDWARDEN_SLOWNESS", "1"))
        while time.monotonic() < end:
            if self.eval(f"!!({expression})"):
                return
            time.sleep(0.05)
        raise Failed(f"never: {expression}; the page says: {self.eval('document.body.innerText')[:600]}")

    def click(self, selector):
        self.wait(f"document.querySelector({json.dumps(selector)})")
        x, y = self.eval(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def touchable(self):
        """From here on the page has fingers."""
        self.send("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)

    def touch(self, kind, *points):
        """touchStart and touchMove with all fingers that are down, or touchEnd."""
        self.send("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)])

    def type(self, text):
        self.send("Input.insertText", text=text)

    def fill(self, selector, text):
        self.click(selector)
        self.type(text)

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")

    def press(self, key, ctrl=False):
        """A key that writes nothing."""
        for kind in ("rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, modifiers=2 if ctrl else 0)

    def reload(self):
        self.send("Page.reload")

    def picture(self, path):
        data = self.send("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the console of the page has seen: refused by the policy, thrown, not found."""
        self.eval("1")
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details["text"])
            if method == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        return found

    def requests(self):
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]

    def close(self):
        self.process.kill()
        self.process.wait()
        # The shell that starts the next one takes descriptors of one digit only.
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.folder, ignore_errors=True)
