"""Somebody who has never seen the page puts a camera into service, from nothing to its first alert, in a real browser.

newcomer.py BASE CODE STREAM USER PASSWORD LANGUAGE WIDTH [FOLDER]: CODE is that of `gridwarden users setup`. Writes what it has done,
and keeps pictures in FOLDER where that is named.
"""
import json
import sys
import time

from browser import Browser, Failed

base, code, stream, user, password, language, width = sys.argv[1:8]
folder = sys.argv[8] if len(sys.argv) > 8 else None
narrow = int(width) < 720
words = {
    "en": {"wrong": "User or password is wrong", "signage": "Without a sign", "sees": "The camera sees", "kind": "Motor vehicle"},
    "zh": {"wrong": "用户名或口令不对", "signage": "没有提示标识", "sees": "摄像机看得见", "kind": "机动车"},
}[language]
browser = Browser(int(width), 844 if narrow else 900, language, touch=narrow)


def says(text):
    return f"document.body.innerText.includes({text!r})"


def check(what, holds):
    if not holds:
        raise Failed(f"{what}; the page says: {browser.eval('document.body.innerText')[:600]}")


def step(name):
    if folder:
        browser.picture(f"{folder}/newcomer-{language}-{width}-{name}.png")
    check("sideways overflow", browser.eval("document.documentElement.scrollWidth") <= int(width))
    print(name, flush=True)


def write(selector, text):
    """In place of what stands there."""
    browser.click(selector)
    browser.eval(f"document.querySelector({json.dumps(selector)}).select()")
    browser.type(text)


def choose(selector, value):
    browser.eval(
        f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.value = {json.dumps(value)};"
        " e.dispatchEvent(new Event('input', { bubbles: true })); })()")


def kept():
    return browser.eval("JSON.stringify([{...sessionStorage}, {...localStorage}, location.href, history.state])")


try:
    browser.open(base + "/setup")
    browser.wait("document.querySelector('[name=code]')")
    browser.fill("[name=code]", code)
    browser.fill("[name=user]", "admin")
    browser.fill("[name=password]", "correct horse battery")
    browser.click("form.sign button")
    browser.wait("document.querySelector('a[href=\"/add\"]')")
    step("signed-in")

    browser.click('a[href="/add"]')
    browser.wait("document.querySelector('#a-url')")
    # A password in the address does not stay there.
    write("#a-url", stream.replace("://", f"://{user}:not-the-password@"))
    browser.click("[data-k=wn]")
    browser.wait("location.search.includes('step=test')")
    browser.wait(says(words["wrong"]), 40)
    check("the password is kept", "not-the-password" not in kept())
    step("wrong-password")

    browser.click("[data-k=wb]")
    browser.wait("document.querySelector('#a-password')")
    check("the address holds the password", browser.eval("document.querySelector('#a-url').value") == stream)
    check("the user is gone", browser.eval("document.querySelector('#a-user').value") == user)
    write("#a-password", password)
    browser.click("[data-k=wn]")
    browser.wait("document.querySelector('progress')")
    step("testing")
    browser.wait("document.querySelector('.tested table')", 60)
    browser.wait("document.querySelector('img.teststill')?.naturalWidth > 100")
    check("a row is missing", browser.eval("document.querySelectorAll('.tested tbody tr').length") >= 6)
    step("tested")

    # A reload goes on where it was, without the password.
    browser.reload()
    time.sleep(0.5)
    browser.wait("document.querySelector('.tested table')", 40)
    check("the password is kept", password not in kept())
    browser.click("[data-k=wn]")
    browser.wait("document.querySelector('#a-purpose')")
    browser.wait("document.querySelector('#a-id').value === 'cam-01'")
    browser.eval("window.mark = 'not reloaded'")
    write("#a-name", "东门")
    write("#a-purpose", "parking at the gate")
    browser.click("[data-k=wn]")
    browser.wait("document.querySelector('#f-signage')")
    check("no word of the sign", words["signage"] in browser.eval("document.querySelector('#f-signage').innerText"))
    browser.click("[name=signage]")
    step("place")
    browser.click("[data-k=wn]")

    browser.wait("document.querySelector('[data-k=\"on-parking.motor\"]')")
    browser.click('[data-k="on-parking.motor"]')
    choose('[data-k="shape-parking.motor"]', "all")
    write('[data-k="minutes-parking.motor"]', "0.1")
    browser.wait("document.querySelector('.zoneview polygon')")
    step("zones")
    browser.click("[data-k=wn]")
    browser.wait("document.querySelector('.diff .add')", 40)
    check("the password is shown", password not in browser.eval("document.body.innerText"))
    step("plan")
    browser.click("[data-k=wn]")
    browser.wait("location.search.includes('step=done')", 60)
    browser.wait(says(words["sees"]), 60)
    check("no way to the zones", browser.eval("document.querySelector('[data-k=zones]').getAttribute('href')") == "/zones?camera=cam-01")
    check("the draft is kept", "parking at the gate" not in kept())
    step("sees")

    browser.click("[data-k=list]")
    browser.wait(f"document.querySelector('.item')?.innerText.includes({words['kind']!r})", 120)
    step("alert")
    check("the page was loaded again", browser.eval("window.mark") == "not reloaded")
    elsewhere = [url for url in browser.requests() if not url.startswith((base, "blob:", "about:", "data:"))]
    check(f"requests elsewhere: {elsewhere}", not elsewhere)
    faults = [text for text in browser.complaints() if "401" not in text]
    check(f"the page complains: {faults}", not faults)
    print("done", flush=True)
finally:
    browser.close()
