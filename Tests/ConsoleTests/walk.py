"""A grid worker in a real browser: signs in, sees an incident come, judges it, undoes it, judges again.

walk.py BASE USER PASSWORD LANGUAGE WIDTH [FOLDER]: reads lines from standard input between the steps, writes what it has
done, and keeps pictures in FOLDER where that is named.
"""
import sys

from browser import Browser, Failed

base, user, password, language, width = sys.argv[1:6]
folder = sys.argv[6] if len(sys.argv) > 6 else None
narrow = int(width) < 720
words = {
    "en": {"empty": "Nothing waits for a review", "kind": "Motor vehicle", "withdrawn": "A withdrawn incident stays"},
    "zh": {"empty": "没有待核实的事件", "kind": "机动车", "withdrawn": "撤回后不能恢复"},
}[language]
browser = Browser(int(width), 844 if narrow else 900, language, touch=narrow)


def says(text, where="body"):
    return f"document.querySelector('{where}')?.innerText.includes({text!r})"


def check(what, holds):
    if not holds:
        raise Failed(what)


def step(name):
    """Tells the test, and waits for its word."""
    if folder:
        browser.picture(f"{folder}/{language}-{width}-{name}.png")
    check("sideways overflow", browser.eval("document.documentElement.scrollWidth") <= int(width))
    print(name, flush=True)
    sys.stdin.readline()


try:
    browser.open(base + "/")
    browser.wait("document.querySelector('form.sign')")
    browser.fill("[name=user]", user)
    browser.fill("[name=password]", "not the password")
    browser.click("form.sign button")
    browser.wait("document.querySelector('.error').textContent.length > 5")
    browser.eval("document.querySelector('[name=password]').value = ''")
    browser.fill("[name=password]", password)
    browser.click("form.sign button")
    browser.wait(says(words["empty"]))
    browser.eval("window.mark = 'not reloaded'")
    step("empty")

    # The test reports an incident.
    browser.wait(says(words["kind"], ".item"))
    if narrow:
        browser.click(".item")
        browser.wait("location.pathname === '/incident'")
    browser.wait("document.querySelector('.shot img')?.complete")
    step("incident")

    browser.click("[data-v=false_positive]")
    browser.wait("!document.querySelector('#toast').hidden")
    browser.wait("document.querySelector('[data-v=false_positive]').ariaPressed === 'true'")
    step("said")
    browser.click("#toast button")
    browser.wait("document.querySelector('#toast').hidden")
    browser.wait("document.querySelector('[data-v=false_positive]').ariaPressed === 'false'")
    # Whoever changes his mind within five seconds has said nothing.
    step("undone")
    browser.click("[data-v=false_positive]")
    browser.wait(says(words["withdrawn"]), 20)
    step("withdrawn")

    for theme in ("dark", "sun", "light"):
        browser.click("[data-act=theme]")
        if browser.eval("document.documentElement.dataset.theme") == theme and folder:
            browser.picture(f"{folder}/{language}-{width}-{theme}.png")
    browser.eval("history.pushState(null, '', '/health'); dispatchEvent(new PopStateEvent('popstate'))")
    browser.wait("document.querySelector('table.health')")
    step("health")

    check("the page was loaded again", browser.eval("window.mark") == "not reloaded")
    elsewhere = [url for url in browser.requests() if not url.startswith((base, "blob:", "about:", "data:"))]
    check(f"requests elsewhere: {elsewhere}", not elsewhere)
    faults = [text for text in browser.complaints() if "401" not in text]
    check(f"the page complains: {faults}", not faults)
    browser.click("[data-act=out]")
    browser.wait("document.querySelector('form.sign')")
    print("done", flush=True)
finally:
    browser.close()
