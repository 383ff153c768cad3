"""Pictures of the console for its documentation: docs/shots.sh calls it with a running daemon that has one incident.

shots.py BASE USER PASSWORD FOLDER: console-PAGE-LANGUAGE.png of each page, in both languages.
"""
import sys

from browser import Browser

base, user, password, folder = sys.argv[1:5]
# Name, address, what stands there once it is ready, width and height.
PAGES = [
    ("incidents", "/", ".item", 1280, 800),
    ("phone", "/", ".item", 390, 844),
    ("cameras", "/cameras", ".cam .still img", 1280, 800),
    ("zones", "/zones?camera=cam-01", "[data-corner]", 1280, 800),
    ("health", "/health", "table.health", 1280, 800),
]

for language in ("en", "zh"):
    browser = Browser(1280, 800, language)
    try:
        browser.open(base + "/")
        browser.wait("document.querySelector('form.sign')")
        browser.fill("[name=user]", user)
        browser.fill("[name=password]", password)
        browser.click("form.sign button")
        browser.wait("document.querySelector('.item')", 120)
        for name, address, ready, width, height in PAGES:
            browser.size(width, height, touch=width < 720)
            browser.open(base + address)
            browser.wait(f"document.querySelector({ready!r})", 60)
            if name == "phone":
                browser.click(".item")
                browser.wait("location.pathname === '/incident'")
            if name in ("incidents", "phone"):
                browser.wait("[...document.querySelectorAll('.shot img')].some(i => i.complete && i.naturalWidth)", 60)
            # What is still being fetched, and what fades in.
            browser.wait("[...document.images].every(i => i.complete)", 30)
            browser.eval("new Promise(done => setTimeout(done, 1500))")
            browser.picture(f"{folder}/console-{name}-{language}.png")
    finally:
        browser.close()
