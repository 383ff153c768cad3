"""An operator in a real browser: cameras with their stills, one that goes offline, its zones, the last day, and what is gone.

look.py BASE USER PASSWORD LANGUAGE WIDTH GONE DAMAGED [FOLDER]: reads lines from standard input between the steps, writes what it
has done, and keeps pictures in FOLDER where that is named. GONE and DAMAGED are incidents whose picture is not there any more,
or none.
"""
import sys

from browser import Browser, Failed

base, user, password, language, width, gone, damaged = sys.argv[1:8]
folder = sys.argv[8] if len(sys.argv) > 8 else None
narrow = int(width) < 720
words = {
    "en": {
        "sees": "Sees", "ago": "s ago", "offline": "no stream", "do": "Check power", "old": "Old picture", "rule": "allowed 5 min",
        "covered": "offline 5 min", "most": "At most 41 waited, for about 12 min", "refused": "cannot be masked",
        "gone": "no longer kept", "damaged": "damaged"},
    "zh": {
        "sees": "正常", "ago": "秒前", "offline": "没有视频流", "do": "检查电源", "old": "旧画面", "rule": "允许 5 分",
        "covered": "离线 5 分", "most": "最多 41 条等待，累计约 12 分", "refused": "无法可靠遮挡", "gone": "已超过保存期限", "damaged": "已损坏"},
}[language]
most_requests = 12
browser = Browser(int(width), 844 if narrow else 900, language, touch=narrow)


def says(text, where="body"):
    return f"document.querySelector({where!r})?.innerText.includes({text!r})"


def check(what, holds):
    if not holds:
        raise Failed(what)


def step(name):
    """Tells the test, and waits for its word."""
    if folder:
        browser.picture(f"{folder}/{language}-{width}-{name}.png")
    for size in {int(width), 320}:
        browser.size(size, 844, touch=narrow)
        check(f"sideways overflow at {size}", browser.eval("document.documentElement.scrollWidth") <= size)
    browser.size(int(width), 844 if narrow else 900, touch=narrow)
    check("a picture that the browser cannot show", browser.eval("[...document.images].every(i => !i.complete || i.naturalWidth)"))
    print(name, flush=True)
    sys.stdin.readline()


def load(path):
    """Loads a page as a link does; its code comes in few requests."""
    before = len(browser.requests())
    browser.open(base + path)
    browser.wait("document.querySelector('#top nav')")
    return before


def count(before):
    code = [url for url in browser.requests()[before:] if "/api/" not in url and not url.endswith((".svg", ".ico")) and not url.startswith("blob:")]
    check(f"{len(code)} requests: {code}", len(code) <= most_requests)


try:
    browser.open(base + "/")
    browser.wait("document.querySelector('form.sign')")
    browser.fill("[name=user]", user)
    browser.fill("[name=password]", password)
    browser.click("form.sign button")
    browser.wait("document.querySelector('.item')")
    browser.click("[data-k=tab-cameras]")
    browser.wait("document.querySelectorAll('.cam .still img').length === 2")
    browser.wait(says(words["ago"], ".cam .age"))
    check("the state in words", browser.eval(says(words["sees"], ".cam .chip")))
    browser.eval("window.mark = 'not reloaded'")
    step("cameras")

    # The test says that the first camera is offline: the page hears of it, and it comes first.
    browser.wait("document.querySelector('.cam.offline .veil')")
    for key in ("offline", "old"):
        browser.wait(says(words[key], ".cam.offline .veil"))
    check("what to do", browser.eval(says(words["do"], ".cam:first-child .cline")))
    check("the page was loaded again", browser.eval("window.mark") == "not reloaded")
    browser.click("[data-k=f-bad]")
    browser.wait("document.querySelectorAll('.cam').length === 1 && location.search === '?f=bad'")
    step("offline")

    browser.click("[data-k=cam-cam-01]")
    browser.wait("document.querySelector('.zones.on polygon')?.getAttribute('points')")
    check("the zone's rule", browser.eval(says(words["rule"], "main")))
    before = load("/camera?id=cam-01")
    browser.wait("document.querySelector('.zones.on polygon')?.getAttribute('points') && document.querySelector('svg.cover')")
    check("what to do", browser.eval(says(words["do"], "main")))
    count(before)
    step("camera")

    before = load("/health")
    browser.wait("document.querySelectorAll('.covers svg.cover').length === 2 && document.querySelector('svg.bars rect')")
    check("the last day in words", browser.eval(says(words["covered"], ".covers")))
    check("and for who hears them", browser.eval(f"document.querySelector('.covers svg.cover').ariaLabel.includes({words['covered']!r})"))
    check("what waited", browser.eval(says(words["most"], "main")))
    count(before)
    step("health")

    before = load("/camera?id=cam-02")
    browser.wait(says(words["refused"], ".still"))
    count(before)
    step("refused")

    for name, incident in (("gone", gone), ("damaged", damaged)):
        before = load(f"/incident?id={incident}")
        browser.wait(says(words[name], ".shot"))
        check("a picture is there all the same", not browser.eval("document.querySelector('.shot img, .shot canvas')"))
        count(before)
        step(name)

    elsewhere = [url for url in browser.requests() if not url.startswith((base, "blob:", "about:", "data:"))]
    check(f"requests elsewhere: {elsewhere}", not elsewhere)
    faults = [text for text in browser.complaints() if not any(code in text for code in ("401", "410", "503"))]
    check(f"the page complains: {faults}", not faults)
    print("done", flush=True)
finally:
    browser.close()
