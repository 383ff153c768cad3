"""The browser of the tests: Chromium, or what GRIDWARDEN_BROWSER names."""
import os

from chromium import Chromium, Failed
from firefox import Firefox

__all__ = ["Browser", "Failed"]

Browser = {"chromium": Chromium, "firefox": Firefox}[os.environ.get("GRIDWARDEN_BROWSER", "chromium")]
