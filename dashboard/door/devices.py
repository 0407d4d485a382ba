"""What a browser calls itself, in a few words for its owner's list of sessions. Pure."""

import re

# The first that is found counts: Chinese shells name Chrome too, Chrome names Safari, all name Mozilla.
_BROWSERS = (
    ("MicroMessenger", "微信"), ("wxwork", "企业微信"), ("DingTalk", "钉钉"), ("TaurusApp", "浙政钉"),
    ("QQBrowser", "QQ"), ("360SE", "360"), ("360EE", "360"), ("MetaSr", "搜狗"), ("UBrowser", "UC"), ("Edg", "Edge"),
    ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("Trident", "IE"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Kylin", "麒麟"), ("UOS", "统信 UOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def words_of(agent: str) -> str:
    """«Chrome 141 · Windows»; empty where nothing is known."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    mark = next((mark for mark, name in _BROWSERS if name == browser and mark in agent), "")
    version = re.search(rf"{re.escape(mark)}[A-Za-z]*/(\d{{1,4}})(?!\d)", agent) if mark else None
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    shown = f"{browser} {version[1]}" if browser and version else browser
    return " · ".join(part for part in (shown, system) if part)
