"""What every door of the app asks for: a right of services.access.rights for each address, page, callback and socket
event.

Closed by default: what is not listed is refused (403), and a test walks the app's own registries, so that a new
address, callback or event without a right fails it. Which street or case is meant is judged behind the door, where it
is known (``access.allowed``).
"""

from collections.abc import Mapping

# For everybody, logged in or not: the log-in itself, its style and scripts, and whether the process is up.
PUBLIC = "public"

# Flask endpoint → right.
ADDRESSES: dict[str, str] = {
    "_dash_assets.static": PUBLIC,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": PUBLIC,
    "/_favicon.ico": PUBLIC,
    "script_file": PUBLIC,
    "log_in_page": PUBLIC,
    "log_in": PUBLIC,
    "oidc_begin": PUBLIC,
    "oidc_return": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "log_out": "be_here",
    "factor_page": "be_here",
    "show_factor": "be_here",
    "account_page": "be_here",
    "change_password": "be_here",
    "end_session": "keep_account",
    "own_factor_page": "change_factor",
    "set_factor": "change_factor",
    "remove_factor": "change_factor",
    "new_recovery_codes": "change_factor",
    "reauth_page": "keep_account",
    "reauth": "keep_account",
    "reauth_json": "keep_account",
    "reauth_due": "keep_account",
    "reauth_by_sso": "keep_account",
    "here": "be_here",
    "read_notices": "keep_account",
    "admin_page": "be_here",
    "people_page": "manage_people",
    "people_act": "manage_people",
    "system_page": "see_system",
    "system_act": "manage_system",
    "notices_page": "manage_system",
    "notices_act": "manage_system",
    "words_file": "be_here",
    "/_dash-layout": "be_here",
    "/_dash-dependencies": "be_here",
    "/_reload-hash": "be_here",
    "/_dash-update-component": "be_here",
    "/": "be_here",
    "/<path:path>": "be_here",
    "metrics": "see_metrics",
    "board": "see_figures",
    "panel": "see_case",
    "photo": "see_texts",
    "outline": "see_ground",
    "coverage": "see_coverage",
    "sights": "see_coverage",
    "changes": "see_coverage",
    "whole_plan": "see_coverage",
    "as_geojson": "export_plan",
    "as_csv": "export_plan",
    "indicators": "see_lists",
    "cases": "see_lists",
    "commands": "command",
    "commands_now": "command",
    "repair_camera": "camera.repair",
    "confirm_proposal": "decide_proposal",
    "decline_proposal": "decide_proposal",
    "saved_views": "keep_views",
    "save_view": "keep_views",
    "drop_view": "keep_views",
    "cases_csv": "export_cases",
    "reveal_field": "reveal",
    "reveal_grid_person": "reveal",
    "search_cases": "search",
    "search_people": "search_people",
    "units_near": "see_units",
    "brigades": "see_units",
    "acknowledge_alarm": "take_alarm",
    "shelve_alarm": "take_alarm",
    "unshelve_alarm": "take_alarm",
    "alarm_lives": "see_acts",
    "log_entries": "see_acts",
    "add_log_entry": "write_log",
    "handovers": "see_log",
    "sign_out": "sign_handover",
    "sign_in": "sign_handover",
    "add_note": "note_handover",
    "accept_handover": "accept_handover",
    "brief": "see_log",
    "reports_due": "see_log",
    "report_done": "write_report",
    "grids": "see_street",
    "leadership": "see_leadership",
    "leadership_cases": "see_leadership",
    "leadership_cases_csv": "export_cases",
    "leadership_csv": "export_report",
    "ask_paper": "export_report",
    "ask_review": "export_review",
    "paper_state": "export_report",
    "paper_file": "export_report",
    "replay_day": "see_replay",
    "replay_room": "see_replay",
    "replay_span": "see_replay",
    "policy_page": "manage_package",
    "change_policy": "manage_package",
    "table_page": "manage_package",
    "change_table": "manage_package",
    "areas_page": "manage_package",
    "change_area": "manage_package",
    "area_figures": "manage_package",
    "undo_version": "manage_package",
    "upload_page": "manage_package",
    "upload_files": "manage_package",
    "save_upload": "manage_package",
    "audit_page": "read_audit",
    "audit_check": "read_audit",
    "audit_csv": "export_audit",
}

# What a session may do whose second factor has not been shown: show it, or leave. Nothing else, by any door.
HALF_WAY = frozenset({"factor_page", "show_factor", "log_out"})

# Who must choose a new password first may do only this.
CHANGE_FIRST = frozenset({"account_page", "change_password", "log_out"})

# Rights that ask for a fresh proof (the password or the second factor again) at every address that has them:
# LIANQIN_REAUTH_MINUTES. A test holds that no page, callback, event or room has one of them.
FRESH = frozenset({
    "reveal", "search_people", "export_cases", "export_report", "export_review", "export_plan", "export_audit",
    "sign_handover", "change_factor",
})  # fmt: skip
# Of these even where that setting is «off».
ALWAYS_FRESH = frozenset({"change_factor"})

# Rights whose changes ask for a fresh proof; to look asks for none.
FRESH_CHANGES = frozenset({"manage_people"})

# Dash page → right.
PAGES: dict[str, str] = {
    "/wall": "see_wall",
    "/coverage": "see_coverage",
    "/desk": "see_desk",
    "/street/": "see_street",
    "/unit/": "see_unit",
    "/grid/": "see_grid",
    "/replay": "see_replay",
    "/handover/": "see_log",
}

# Dash callback, by its output → right. Dash's own router shows only what the page's right lets through.
CALLBACKS: dict[str, str] = {
    ".._pages_content.children..._pages_store.data..": "be_here",
    "_pages_dummy.children": "be_here",
}

# Socket event → right.
EVENTS: dict[str, str] = {
    "connect": "be_here",
    "disconnect": PUBLIC,
    "hello": "be_here",
    "watch_coverage": "see_coverage",
    "at_case": "see_texts",
    "ahead": "see_texts",
}

# Socket room (its first word) → right.
ROOMS: Mapping[str, str] = {
    "wall": "see_wall",
    "coverage": "see_coverage",
    "desk": "see_desk",
    "street": "see_street",
    "unit": "see_unit",
    "grid": "see_grid",
}
