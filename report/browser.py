# SPDX-License-Identifier: BSD-2-Clause
"""A real browser, headless Chromium, and what a page in it is asked."""
import base64
import json
import os
import shutil
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--hide-scrollbars", "--force-color-profile=srgb"]

# For all questions: what is there for a reader. A colour with its opacity is laid over what lies below it.
LIBRARY = r"""
window.ask = (() => {
  const shown = e => { const s = getComputedStyle(e), r = e.getBoundingClientRect();
    return s.visibility === 'visible' && s.display !== 'none' && r.width > 0 && r.height > 0; };
  const rgba = text => { const m = text.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const paper = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor);
    if (c[3] > 0) return over(c, [255, 255, 255]); } return [255, 255, 255]; };
  const light = c => { const l = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  return {shown, rgba, over, paper, contrast};
})();
"""


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        options = Options()
        for flag in FLAGS + ["--user-data-dir=" + os.path.join(self.folder, "profile")]:
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.media()

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, html, width=1280):
        path = os.path.join(self.folder, "report.html")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(html)
        self.width(width)
        self.messages()
        self.requests()
        self.driver.get("file://" + path)
        # A page's policy forbids scripts in the page; this one comes from outside it.
        self.driver.execute_script(LIBRARY)

    def ask(self, script, *values):
        return self.driver.execute_script(script, *values)

    def width(self, width, height=900):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def media(self, media="screen", scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [
            {"name": "prefers-color-scheme", "value": scheme}]})

    def messages(self):
        """What the browser complained of since the last time: policy violations are among it."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The addresses that the page asked for since the last time."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def press(self, key, code, modifiers=0):
        for kind in ("rawKeyDown", "keyUp"):
            self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "modifiers": modifiers,
                                                                   "windowsVirtualKeyCode": code})

    def picture(self):
        answer = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
        return base64.b64decode(answer["data"])

    def pdf(self):
        self.media("")  # a medium that is emulated would be printed
        answer = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
        self.media()
        return base64.b64decode(answer["data"])
