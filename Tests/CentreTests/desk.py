"""A dispatcher and a second screen in real browsers: an incident appears, is accepted, sent on, handled, checked and closed.

desk.py BASE USER PASSWORD LANGUAGE WIDTH [FOLDER]: reads lines from standard input between the steps, writes what it has
done, and keeps pictures in FOLDER where that is named.
"""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "ConsoleTests"))
from chromium import Chromium, Failed

base, user, password, language, width = sys.argv[1:6]
folder = sys.argv[6] if len(sys.argv) > 6 else None
narrow = int(width) < 720
words = {
    "en": {"none": "Nothing to act on", "kind": "Motor vehicle", "accepted": "Accepted", "dispatched": "Dispatched",
           "handled": "Handled", "checked": "Checked", "closed": "Closed", "lead": "a person has to look"},
    "zh": {"none": "没有需要处理的案件", "kind": "机动车", "accepted": "受理", "dispatched": "派遣", "handled": "处置",
           "checked": "核查", "closed": "结案", "lead": "须经人工核实"},
}[language]
height = 844 if narrow else 900


def says(text, where="body"):
    return f"document.querySelector('{where}')?.innerText.includes({text!r})"


def check(what, holds):
    if not holds:
        raise Failed(what)


def sign(browser):
    browser.open(base + "/")
    browser.wait("document.querySelector('form.sign')")
    browser.fill("[name=user]", user)
    browser.fill("[name=password]", password)
    browser.click("form.sign button")
    browser.wait(says(words["none"]))


def step(name):
    """Tells the test, and waits for its word."""
    if folder:
        desk.picture(f"{folder}/centre-{language}-{width}-{name}.png")
    check("sideways overflow", desk.eval("document.documentElement.scrollWidth") <= int(width))
    print(name, flush=True)
    sys.stdin.readline()


def stage(name):
    """The case stands there on both screens; of an end the second screen has no line any more."""
    desk.wait(says(words[name], "h1 ~ .row .chip, .chead .chip"))
    if name == "closed":
        wall.wait("!document.querySelector('.case')")
    else:
        wall.wait(f"document.querySelector('.case .st-{name}')")


desk = Chromium(int(width), height, language, touch=narrow)
wall = Chromium(1920, 1080, language)
try:
    sign(desk)
    sign(wall)
    wall.open(base + "/?wall")
    wall.wait(says(words["none"]))
    desk.eval("window.mark = 'not reloaded'")
    step("empty")

    # The test reports an incident: both hear of it.
    desk.wait(says(words["kind"], ".case"))
    wall.wait(says(words["kind"], ".case"))
    step("found")
    desk.click(".case")
    desk.wait("location.search.startsWith('?case=')")
    desk.wait(says(words["lead"]))

    desk.click("[data-confirmed]")
    desk.click("[data-do=accept]")
    stage("accepted")
    step("accepted")
    desk.click("[data-do=dispatch]")
    desk.wait("document.querySelector('dialog[open] [name=department]')")
    desk.click("dialog [data-k=do]")
    desk.wait("!document.querySelector('dialog')")
    stage("dispatched")
    # The department answers, from elsewhere.
    step("dispatched")
    stage("handled")
    step("handled")
    desk.click("[data-do=check]")
    stage("checked")
    step("checked")
    desk.click("[data-do=close]")
    stage("closed")
    desk.wait("document.querySelectorAll('.history li').length >= 6")
    step("closed")

    check("the page was loaded again", desk.eval("window.mark") == "not reloaded")
    # The case file on paper: no controls, and the hashes of its pictures.
    desk.send("Emulation.setEmulatedMedia", media="print")
    check("controls are printed", desk.eval("getComputedStyle(document.querySelector('.top')).display") == "none")
    check("hashes are not printed", desk.eval("getComputedStyle(document.querySelector('.hash')).display") != "none")
    desk.send("Emulation.setEmulatedMedia", media="")
    for path in ("/sites", "/list", "/account"):
        desk.eval(f"history.pushState(null, '', '{path}'); dispatchEvent(new PopStateEvent('popstate'))")
        desk.wait(f"document.body.dataset.page === '{path[1:]}' && document.querySelector('main').innerText.length > 20")
        check(f"sideways overflow at {path}", desk.eval("document.documentElement.scrollWidth") <= int(width))
        if folder:
            desk.picture(f"{folder}/centre-{language}-{width}-{path[1:]}.png")
    if folder:
        wall.picture(f"{folder}/centre-{language}-wall.png")
    for browser in (desk, wall):
        elsewhere = [url for url in browser.requests() if not url.startswith((base, "blob:", "about:", "data:"))]
        check(f"requests elsewhere: {elsewhere}", not elsewhere)
        # The picture that no site has sent is a 202.
        faults = [text for text in browser.complaints() if "401" not in text]
        check(f"the page complains: {faults}", not faults)
    print("done", flush=True)
finally:
    desk.close()
    wall.close()
