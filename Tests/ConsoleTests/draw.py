"""An administrator in a real browser: draws a zone, sees what it would have reported, saves it, meets somebody else's edit, goes back.

draw.py BASE USER PASSWORD LANGUAGE WIDTH [FOLDER]: as walk.py.
"""
import json
import sys

from browser import Browser, Failed

base, user, password, language, width = sys.argv[1:6]
folder = sys.argv[6] if len(sys.argv) > 6 else None
narrow = int(width) < 720
words = {
    "en": {"one": "1 would be reported", "none": "0 would be reported", "crosses": "crosses side", "saved": "Saved and in force",
           "clash": "Somebody else has changed", "restored": "Restored and in force", "still": "No still"},
    "zh": {"one": "会上报 1 件", "none": "会上报 0 件", "crosses": "相交", "saved": "已保存并生效",
           "clash": "配置已被他人修改", "restored": "已恢复并生效", "still": "没有画面"},
}[language]
browser = Browser(int(width), 844 if narrow else 900, language, touch=narrow)
if narrow:
    browser.touchable()


def says(text, where="#main"):
    return f"document.querySelector('{where}')?.innerText.includes({text!r})"


def check(what, holds):
    if not holds:
        raise Failed(what)


def step(name):
    if folder:
        browser.picture(f"{folder}/draw-{language}-{width}-{name}.png")
    check("sideways overflow", browser.eval("document.documentElement.scrollWidth") <= int(width))
    print(name, flush=True)
    sys.stdin.readline()


def at(x, y):
    """Where a share of the picture is on the screen."""
    return browser.eval(
        "(() => { const e = document.querySelector('#canvas'); e.scrollIntoView({block: 'center'});"
        f" const b = e.getBoundingClientRect(); return [b.x + b.width * {x}, b.y + b.height * {y}]; }})()")


def mouse(kind, point, **more):
    browser.mouse(kind, *point, **more)


def tap(x, y):
    point = at(x, y)
    if narrow:
        browser.touch("touchStart", point)
        browser.touch("touchEnd")
    else:
        mouse("mouseMoved", point)
        mouse("mousePressed", point, button="left", clickCount=1)
        mouse("mouseReleased", point, button="left", clickCount=1)


def drag(start, end):
    a, b = at(*start), at(*end)
    middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
    if narrow:
        browser.touch("touchStart", a)
        browser.touch("touchMove", middle)
        browser.touch("touchMove", b)
        check("no loupe under the finger", browser.eval("!document.querySelector('#loupe').hasAttribute('hidden')"))
        browser.touch("touchEnd")
    else:
        mouse("mousePressed", a, button="left", clickCount=1)
        mouse("mouseMoved", middle, button="left", buttons=1)
        mouse("mouseMoved", b, button="left", buttons=1)
        mouse("mouseReleased", b, button="left", clickCount=1)


def corners():
    """Of the zone that is chosen, as the screen reader hears them."""
    return browser.eval("[...document.querySelectorAll('[data-corner]')].map(e => e.getAttribute('aria-label').replace(/^.*: /, ''))")


def replace(selector, text):
    browser.eval(f"document.querySelector({json.dumps(selector)}).value = ''")
    browser.fill(selector, text)
    browser.eval("document.activeElement.blur()")


def go(address):
    browser.eval(f"history.pushState(null, '', {address!r}); dispatchEvent(new PopStateEvent('popstate'))")


def save():
    browser.click("[data-do=save]")
    browser.wait("document.querySelector('#dlg').open")
    browser.wait("document.querySelector('#dlg .diff .add, #dlg .diff .del')")
    browser.click("[data-do=write]")


try:
    browser.open(base + "/zones?camera=cam-01")
    browser.wait("document.querySelector('form.sign')")
    browser.fill("[name=user]", user)
    browser.fill("[name=password]", password)
    browser.click("form.sign button")
    # The page that was asked for, with the zone, its last hour, and an empty ground where there is no still.
    browser.wait("document.querySelectorAll('[data-corner]').length === 4")
    browser.wait(says(words["one"]))
    browser.wait(says(words["still"]))
    # Without the page on which one signs in, which went before.
    code = [url for url in browser.requests() if url.startswith(base) and "/api/" not in url and not url.endswith((".svg", ".ico", "/sign.js"))]
    check(f"{len(code)} requests: {code}", len(code) <= 12)
    browser.wait("document.querySelector('.stay.rep')")
    browser.eval("window.mark = 'not reloaded'")
    step("shown")

    # A zone where nothing stood, drawn with mouse or fingers.
    browser.click("[data-do=new]")
    browser.click("[data-template='parking.motor']")
    if narrow:
        # A pinch sets no point.
        a, b = at(0.4, 0.5), at(0.6, 0.5)
        browser.touch("touchStart", a)
        browser.touch("touchStart", a, b)
        browser.touch("touchMove", [a[0] - 40, a[1]], [b[0] + 40, b[1]])
        browser.touch("touchEnd")
        check("a pinch set a point", browser.eval("document.querySelectorAll('.corner').length") == 0)
        check("a pinch did not zoom", browser.eval("document.querySelector('#canvas').viewBox.baseVal.width") < 999)
        browser.click("[data-do=fit]")
    for point in ((0.62, 0.1), (0.92, 0.12), (0.9, 0.3), (0.64, 0.28)):
        tap(*point)
    browser.wait("document.querySelectorAll('.corner').length === 4")
    if narrow:
        browser.click("[data-do=finish]")
    else:
        tap(0.62, 0.1)
    browser.wait("document.querySelectorAll('.ztab').length === 2")
    replace("[data-field=name]", "South side")
    browser.wait(says(words["none"]))
    step("drawn")
    save()
    browser.wait(says(words["saved"]))
    browser.wait("!document.querySelector('.phead .chip')")
    step("saved")

    # Sides that cross are refused with a sentence; one step back, and all is well.
    browser.click("[data-zone-tab='0']")
    browser.wait("document.querySelectorAll('[data-corner]').length === 4")
    before = corners()
    drag((0.1, 0.4), (0.7, 0.7))
    browser.wait("document.querySelector('.zone.bad')")
    browser.wait(says(words["crosses"]))
    step("refused")
    browser.press("z", ctrl=True)
    browser.wait("!document.querySelector('.zone.bad')")
    check(f"undo: {corners()} is not {before}", corners() == before)
    browser.wait(f"!{says(words['crosses'])}")

    # Keys: a corner by half a percent, one more, and that one away again.
    browser.eval("document.querySelector('[data-corner=\"0\"]').focus()")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        browser.press(key)
    check(f"keys: {corners()}", corners()[0] == "11.0 %, 40.5 %")
    check("the corner keeps the focus", browser.eval("document.activeElement.dataset.corner") == "0")
    browser.press("Insert")
    check(f"one more: {corners()}", len(corners()) == 5)
    browser.press("Delete")
    check(f"one less: {corners()}", len(corners()) == 4)
    # A moved camera: all zones follow in one step.
    browser.click("[data-do=shift]")
    check(f"shifted: {corners()}", corners()[0] == "13.0 %, 39.5 %")
    browser.click("[data-do=undo]")
    check(f"shifted back: {corners()}", corners()[0] == "11.0 %, 40.5 %")
    # By numbers.
    browser.click("details[data-k=pts] summary")
    replace("[data-corner-input='1'][data-axis='0']", "52.5")
    browser.wait("document.querySelector('[data-corner=\"1\"]').getAttribute('aria-label').includes('52.5')")
    save()
    browser.wait(says(words["saved"]))
    step("moved")

    # Somebody has changed the file meanwhile.
    replace("[data-field=name]", "Mine")
    browser.click("[data-do=save]")
    browser.wait(says(words["clash"]))
    browser.wait(says("North gate", "[data-part=notes]"))
    step("clash")
    browser.click("[data-do=rebase]")
    browser.wait("!document.querySelector('[data-do=rebase]')")
    save()
    browser.wait(says(words["saved"]))
    step("merged")

    # The versions, and the way back.
    go("/config")
    browser.wait("document.querySelectorAll('[data-open]').length >= 3")
    browser.click("[data-open]")
    browser.wait(says("Mine", ".diff"))
    step("versions")
    browser.click(".phead [data-restore]")
    browser.wait("document.querySelector('#dlg').open")
    browser.click("[data-confirm]")
    browser.wait(says(words["restored"]))
    step("undone")

    go("/zones?camera=cam-01")
    browser.wait("document.querySelectorAll('[data-corner]').length === 4")
    for theme in range(3):
        browser.click("[data-act=theme]")
        if folder:
            browser.picture(f"{folder}/draw-{language}-{width}-theme-{browser.eval('document.documentElement.dataset.theme')}.png")
        check("sideways overflow", browser.eval("document.documentElement.scrollWidth") <= int(width))
    # How long somebody may stay: what tenths of a minute do not say exactly is said in seconds.
    for typed, form, shown in (("0.33", "seconds", "19.8"), ("20", "seconds", "20"), ("90", "minutes", "1.5")):
        replace("[data-key=dwell]", typed)
        browser.wait(f"(e => e.dataset.form === '{form}' && e.value === '{shown}')(document.querySelector('[data-key=dwell]'))")
    check("the page was loaded again", browser.eval("window.mark") == "not reloaded")
    elsewhere = [url for url in browser.requests() if not url.startswith((base, "blob:", "about:", "data:"))]
    check(f"requests elsewhere: {elsewhere}", not elsewhere)
    faults = [text for text in browser.complaints() if not any(code in text for code in ("401", "404", "412", "503"))]
    check(f"the page complains: {faults}", not faults)
    print("done", flush=True)
finally:
    browser.close()
