"""axe over every page of the console, in both languages, all appearances and several widths.

accessibility.py BASE USER PASSWORD INCIDENT [FOLDER]: prints what it finds, a line each, and at the end how much it looked at.
FOLDER keeps a picture of each page. With case=NUMBER in place of an incident it walks the pages of a centre.

Each page is seen in every combination of width, language and appearance. In half of them, in which each of the three comes with each of
the others, by all rules; in the rest by those of colour, which is what an appearance changes, and for its width. With GRIDWARDEN_EVERY=1
all rules judge all of them ('make axe').
"""
import itertools
import json
import os
import sys

import axe
from chromium import Chromium

base, user, password, incident = sys.argv[1:5]
folder = sys.argv[5] if len(sys.argv) > 5 else None
WIDTHS = (1440, 390, 320)
THEMES = ("light", "dark", "sun")
LANGUAGES = ("en", "zh")
EVERY = os.environ.get("GRIDWARDEN_EVERY") == "1"

# Name, address, what stands there once it is ready, and what opens a dialog over it.
OUT = [("signin", "/signin", "form.sign"), ("setup", "/setup", "[name=code]")]
IN = [
    ("incidents", "/", ".item"),
    ("empty", "/?q=nothing-of-that-name", ".empty"),
    ("incident", f"/incident?id={incident}", ".incident"),
    ("gone", "/incident?id=0", ".note"),
    ("cameras", "/cameras", ".cams .cam .chip"),
    ("camera", "/camera?id=cam-01", ".camcols"),
    ("zones", "/zones?camera=cam-01", "[data-corner]"),
    ("versions", "/config", ".empty"),
    ("add", "/add", "#a-url"),
    ("health", "/health", "table.health"),
    ("account", "/account", "[data-part=sessions] tbody tr"),
    ("users", "/users", "table.cards tbody tr"),
    ("users-add", "/users", "table.cards tbody tr", "[data-add]"),
    ("users-edit", "/users", "table.cards tbody tr", "[data-edit]"),
    ("audit", "/audit", "table.cards tbody tr"),
    ("audit-none", "/audit?q=nothing-of-that-kind", ".empty"),
]

ITEM = ".item"
if incident.startswith("case="):
    ITEM = ".case"
    IN = [
        ("screen", "/", ".cgrid .tile"),
        ("grid", "/?area=320583102201&grid=003", ".cgrid .tile"),
        ("list", "/list", ".case"),
        ("list-empty", "/list?q=nothing-of-that-name", ".empty"),
        ("case", f"/?{incident}", ".history li"),
        ("case-decline", f"/?{incident}", ".history li", "[data-do=decline]"),
        ("nocase", "/?case=none", ".note"),
        ("sites", "/sites", "table.cards tbody tr"),
        ("deliveries", "/deliveries", ".empty"),
        ("centre-account", "/account", "[data-part=sessions] tbody tr"),
        ("centre-users-add", "/users", "table.cards tbody tr", "[data-add]"),
        ("centre-audit", "/audit", "table.cards tbody tr"),
    ]

try:
    code = axe.text()
except axe.Missing as missing:
    print(f"skipped: {missing}", flush=True)
    sys.exit(0)

browser = Chromium(1440, 900, "en")
looked, found = 0, 0


def find(what, by_all):
    """Says what axe holds against the page as it stands, by all its rules or by those of colour."""
    global looked, found
    # Named one by one: a tag also turns on what the standard set leaves out.
    rules = "" if by_all else ", runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}"
    result = browser.eval("axe.run(document, {resultTypes: ['violations']" + rules + "}).then(r => JSON.stringify(r.violations.map("
                          "v => [v.id, v.impact, v.help, v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + n.any.concat(n.all, n.none)"
                          ".map(c => c.message).join('; '))])))")
    looked += 1
    for rule, impact, text, nodes in json.loads(result):
        found += 1
        print(f"finding: {what}: {rule} ({impact}): {text}: {' | '.join(nodes)}"[:700], flush=True)


def check(page):
    name, _, ready, *opener = page
    for width in WIDTHS:
        browser.size(width, 844 if width < 720 else 900)
        browser.wait(f"document.querySelector({json.dumps(ready)})")
        for language, theme in itertools.product(LANGUAGES, THEMES):
            # As the switches in the bar do it, without the half second that each click takes.
            browser.eval(
                "(async () => { document.querySelector('dialog')?.close();"
                f" for (let i = 0; i < 2 && !document.documentElement.lang.startsWith('{language}'); i++)"
                " { document.querySelector('[data-act=lang]').click(); }"
                f" for (let i = 0; i < 3 && document.documentElement.dataset.theme !== '{theme}'; i++)"
                " { document.querySelector('[data-act=theme]').click(); }"
                " await new Promise(requestAnimationFrame); scrollTo(0, 0); })()")
            if opener:
                browser.eval(f"document.querySelector({json.dumps(opener[0])}).click()")
                browser.wait("document.querySelector('dialog[open]')")
            what = f"{name} {width} {language} {theme}"
            find(what, EVERY or (WIDTHS.index(width) + LANGUAGES.index(language) + THEMES.index(theme)) % 2 == 0)
            wide = browser.eval("Math.max(document.documentElement.scrollWidth,"
                                " ...[...document.querySelectorAll('dialog[open]')].map(d => d.scrollWidth))")
            if wide > width:
                global found
                found += 1
                who = browser.eval(
                    "JSON.stringify([...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right"
                    f" > {width} + 1 && !e.closest('.scroll')).slice(0, 4).map(e => e.tagName + '.' + e.className))")
                print(f"finding: {what}: {wide} px wide: {who}"[:700], flush=True)
            if folder and theme == ("dark" if name == "audit" else "light"):
                browser.picture(f"{folder}/{name}-{width}-{language}.png")


def open_page(page):
    browser.size(1440, 900)
    browser.open(base + page[1])
    browser.wait(f"document.querySelector({json.dumps(page[2])})")
    browser.eval(code + "; true")


try:
    for page in OUT:
        open_page(page)
        check(page)
    browser.size(1440, 900)
    browser.open(base + "/signin")
    browser.fill("[name=user]", user)
    browser.fill("[name=password]", password)
    browser.click("form.sign button")
    browser.wait(f"document.querySelector('{ITEM}')")
    for page in IN:
        open_page(page)
        check(page)
    # States that every page has: without a connection, and where reading fails.
    open_page(IN[0])
    browser.send("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    browser.eval("dispatchEvent(new Event('online'))")
    browser.wait("document.querySelector('.lost')", 40)
    check(("offline", "/", ".lost"))
    browser.eval("history.pushState(null, '', '/audit'); dispatchEvent(new PopStateEvent('popstate'))")
    browser.wait("document.querySelector('.note.bad, .lost.bad')", 40)
    check(("error", "/audit", ".note.bad, .lost.bad"))
    print(f"looked: {looked} found: {found}", flush=True)
finally:
    browser.close()
