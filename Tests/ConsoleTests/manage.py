"""An administrator in a real browser: adds an account, has codes and tokens made, takes them back, looks into the log.

manage.py BASE USER PASSWORD LANGUAGE WIDTH: prints each step, and waits for a line.
"""
import sys

from browser import Browser, Failed

base, user, password, language, width = sys.argv[1:6]
narrow = int(width) < 720
browser = Browser(int(width), 844 if narrow else 900, language, touch=narrow)


def check(what, holds):
    if not holds:
        raise Failed(what)


def step(*words):
    check("sideways overflow", browser.eval("document.documentElement.scrollWidth") <= int(width))
    print(*words, flush=True)
    sys.stdin.readline()


def secret():
    browser.wait("document.querySelector('dialog [data-secret]')")
    return browser.eval("document.querySelector('dialog [data-secret]').textContent")


try:
    browser.open(base + "/users")
    browser.wait("document.querySelector('form.sign')")
    browser.fill("[name=user]", user)
    browser.fill("[name=password]", password)
    browser.click("form.sign button")
    # Where he wanted to go.
    browser.wait("location.pathname === '/users' && document.querySelector('[data-add]')")
    browser.eval("window.mark = 'not reloaded'")

    browser.click("[data-add]")
    browser.fill("dialog [name=name]", "..")
    browser.click("dialog [data-k=make]")
    browser.wait("document.querySelector('dialog .error')?.textContent.length > 5")
    check("what was typed is gone", browser.eval("document.querySelector('dialog [name=name]').value") == "..")
    browser.eval("document.querySelector('dialog [name=name]').value = ''")
    browser.fill("dialog [name=name]", "网格员17")
    browser.fill("dialog [name=area]", "320583102")
    browser.click("dialog [data-k=make]")
    step("added", secret())
    browser.click("dialog [data-k=done]")
    browser.wait("!document.querySelector('dialog')")

    edit = "[data-edit='网格员17']"
    browser.click(edit)
    browser.click("dialog [data-do=token]")
    step("token", secret())
    browser.click("dialog [data-end]")
    browser.wait("!document.querySelector('dialog [data-end]')")
    step("ended")
    browser.click("dialog [data-do=reset]")
    browser.wait("document.querySelector('dialog [data-secret]')?.textContent.length === 20")
    step("reset", secret())
    browser.click("dialog [name=role][value=viewer]")
    browser.click("dialog [data-k=save]")
    browser.wait("document.querySelector('dialog [name=role][value=viewer]').hasAttribute('checked')")
    step("changed")
    browser.click("dialog [data-do=remove]")
    browser.click("dialog [data-do=really]")
    browser.wait("!document.querySelector('dialog')")
    browser.wait(f"!document.querySelector({edit!r})")
    step("removed")

    browser.click("[data-k=sub-audit]")
    browser.wait("document.querySelector('.note.ok') && document.querySelector('tbody tr') && document.querySelector('[name=event]').options.length > 1")
    browser.eval("document.querySelector('[name=event]').value = 'account.changed'")
    browser.click("[data-k=find]")
    browser.wait("location.search === '?event=account.changed' && document.querySelectorAll('tbody tr').length")
    step("audit", browser.eval("document.querySelectorAll('tbody tr').length"))

    browser.click("[data-k=who]")
    browser.wait("document.querySelector('[name=old]')")
    browser.fill("[name=old]", "not the password")
    browser.fill("[name=new]", "a new long password")
    browser.click("[data-k=change]")
    browser.wait("document.querySelector('[data-part=fault]').textContent.length > 5")
    check("signed out by a wrong password", browser.eval("location.pathname") == "/account")
    browser.eval("for (const e of document.querySelectorAll('[name=old], [name=new]')) e.value = ''")
    browser.fill("[name=old]", password)
    browser.fill("[name=new]", "a new long password")
    browser.click("[data-k=change]")
    browser.wait("document.querySelector('[data-part=done]').textContent.length > 5")
    step("password")

    check("the page was loaded again", browser.eval("window.mark") == "not reloaded")
    expected = ("401", "422")
    faults = [text for text in browser.complaints() if not any(code in text for code in expected)]
    check(f"the page complains: {faults}", not faults)
    browser.click("[data-k=out]")
    browser.wait("document.querySelector('form.sign')")
    print("done", flush=True)
finally:
    browser.close()
