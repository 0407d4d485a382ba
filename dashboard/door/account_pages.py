"""One's own account: password, second factor, sessions; and the page on which one proves again who one is."""

from dataclasses import dataclass
from typing import Annotated, Any

import flask
import msgspec
from flask import Flask, Response, request

from dashboard.door.access import person
from dashboard.door.bodies import as_json, body
from dashboard.door.login import Pages, entered, label, offered, query, refusal_words, safe_aim
from dashboard.door.navigation import links
from dashboard.door.oidc import SignOnFailed
from dashboard.door.routes import add_routes, redirect
from dashboard.texts import texts
from services.access import notices_service as notices
from services.access import reader
from services.access import service as accounts
from services.access.log_in import factors_service as factors
from services.access.log_in import own_sessions_service as own_sessions
from services.access.log_in.factors_service import FactorRefused
from services.access.notice import PersonNotice
from services.access.rights import home
from services.access.service import LogInRefused
from services.platform.clock import machine_ms
from services.platform.refusal import Refusal

# How the audit and the notices name whoever has used the machine's command line (services.audit.service.local_who).
MACHINE = "cli:"


class Proof(msgspec.Struct, frozen=True):
    """The password, or a code of the second factor, again."""

    secret: Annotated[str, msgspec.Meta(max_length=200)]


def show_account(pages: Pages, code: int = 200, *, wrong: str = "", said: str = "") -> Response:
    """One's own account."""
    access, asking, found = pages.access, person(), flask.g.found
    said = said or (label("must_change") if found.must_change else "")
    back = "" if found.must_change or home(asking) == "/account" else home(asking)
    street = pages.street(asking.street) if asking.street else ""
    now = machine_ms()

    def read() -> tuple[Any, bool]:
        with access.engine.connect() as connection:
            mine = reader.account(connection, asking.user_id)
            return (accounts.open_sessions(connection, now, mine), bool(mine.password)) if mine else ([], False)

    sessions, has_password = pages.offload(read) if asking.session else ([], False)
    shown = [
        {
            "name": own_sessions.name_of_session(one.token_hash),
            "device": one.device or one.address,
            "address": one.address,
            "since": pages.at(one.made_at),
            "seen": pages.at(one.seen_at),
            "mine": one.token_hash == asking.session,
        }
        for one in sessions[::-1]
    ]
    told = pages.offload(lambda: notices.unread(access.engine, asking)) if asking.session else []
    factor = pages.offload(lambda: factors.look(access.engine, asking, access.rules)) if asking.session else None
    return pages.show(
        "account", code, wrong=wrong, said=said, p=asking, street=street, home=back, sessions=shown, factor=factor,
        since=pages.at(factor.since) if factor and factor.since else "", has_password=has_password,
        can_enrol=bool(pages.sealer), must_change=found.must_change,
        told=[_notice(pages, one) for one in told], told_until=max((one.at for one in told), default=0),
        links=[] if found.must_change else links(asking, texts(request.args.get("lang", ""))),
    )  # fmt: skip


def _notice(pages: Pages, one: PersonNotice) -> str:
    """What was done to the person's account, in words."""
    words = texts(request.args.get("lang", ""))
    detail = dict(one.detail)
    by = str(detail.get("by", ""))
    if by.startswith(MACHINE):
        by = str(words["login"]["told_machine"]).format(by=by.removeprefix(MACHINE))
    said = str(words["login"]["told"].get(one.kind, one.kind)).format(at=pages.at(one.at), by=by)
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        for name in ("role", "street"):
            if before.get(name) != after.get(name):
                old, new = (_named(pages, words, name, str(side.get(name) or "")) for side in (before, after))
                said += str(words["login"]["told_changed"]).format(old=old or "—", new=new or "—")
    return said + (str(words["login"]["told_alone"]) if detail.get("alone") else "")


def _named(pages: Pages, words: dict[str, Any], name: str, value: str) -> str:
    return str(words["role"].get(value, value)) if name == "role" else pages.street(value) if value else ""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The password and the sessions."""

    pages: Pages

    def account_page(self) -> Response:
        """Show one's own account."""
        return show_account(self.pages)

    def change_password(self) -> Response:
        """Change the password."""
        pages, access, asking = self.pages, self.pages.access, person()
        old, new = entered("old", 200), entered("new", 200)
        if new != request.form.get("again", ""):
            return show_account(pages, 400, wrong=label("differ"))
        try:
            pages.tried(
                lambda: accounts.change_password(access.engine, machine_ms(), asking, old, new, rules=access.rules)
            )
        except Refusal as error:
            pages.note_refused(error, asking, asking.user_id, "wrong_old")
            wrong, code = pages.why(error, "wrong_old")
            return show_account(pages, code, wrong=wrong)
        pages.record("password_changed", asking, asking.user_id, {})
        flask.g.found = flask.g.found._replace(must_change=False)
        return show_account(pages, said=label("changed"))

    def end_session(self) -> Response:
        """End one of one's own sessions; this one: also the cookie."""
        pages, access, asking, which = self.pages, self.pages.access, person(), entered("session", 64)
        ended = pages.offload(lambda: own_sessions.end_own_session(access.engine, machine_ms(), asking, which))
        if ended:
            pages.record("session_ended", asking, asking.user_id, {"by": "owner", "sessions": ended})
        if which == own_sessions.name_of_session(asking.session):
            response = redirect(f"/login{query()}", 303)
            access.forget_cookie(response)
            return response
        return show_account(pages, said=label("sessions_ended", n=ended))

    def read_notices(self) -> Response:
        """The person has read what they were told, and goes on."""
        pages, access, asking, until = self.pages, self.pages.access, person(), entered("until", 16)
        moment = int(until) if until.isascii() and until.isdigit() else 0
        pages.offload(lambda: notices.read(access.engine, machine_ms(), asking, moment))
        aim = safe_aim(request.args.get("next", "")) or home(asking)
        return redirect(aim, 303)

    def here(self) -> tuple[dict[str, Any], int]:
        """Note that a person is at the screen: the session goes on."""
        self.pages.access.touch()
        return {}, 200


@dataclass(frozen=True, slots=True)
class FactorPage:
    """The second factor: set up, removed, its recovery codes."""

    pages: Pages

    def _ask(self, code: int = 200, wrong: str = "") -> Response:
        pages, asking = self.pages, person()
        try:
            offer = factors.make_offer(pages.sealer, asking)
        except FactorRefused as error:
            return show_account(pages, error.status, wrong=refusal_words(error))
        return pages.show("own_factor", code, wrong=wrong, p=asking, **offered(offer, asking, pages.name))

    def own_factor_page(self) -> Response:
        """Show a new secret to set up."""
        return self._ask()

    def set_factor(self) -> Response:
        """Set the factor up with a code of it."""
        pages, asking, typed, offer = self.pages, person(), entered("code", 64), entered("offer", 400)
        try:
            codes = pages.tried(
                lambda: factors.enrol(pages.access.engine, pages.sealer, machine_ms(), asking, typed=typed, offer=offer)
            )
        except Refusal as error:
            wrong, code = pages.why(error, "wrong_code")
            return self._ask(code, wrong)
        pages.record("factor_changed", asking, asking.user_id, {"what": "factor_set"})
        return pages.show("codes", codes=codes, aim=f"/account{query(next='')}")

    def remove_factor(self) -> Response:
        """Remove the factor."""
        pages, access, asking = self.pages, self.pages.access, person()
        try:
            pages.offload(lambda: factors.remove(access.engine, asking, access.rules))
        except FactorRefused as error:
            return show_account(pages, error.status, wrong=refusal_words(error))
        pages.record("factor_changed", asking, asking.user_id, {"what": "factor_removed"})
        return show_account(pages, said=label("factor_removed"))

    def new_recovery_codes(self) -> Response:
        """Make new recovery codes; the old ones are void."""
        pages, asking = self.pages, person()
        try:
            codes = pages.offload(lambda: factors.new_codes(pages.access.engine, asking))
        except FactorRefused as error:
            return show_account(pages, error.status, wrong=refusal_words(error))
        pages.record("factor_changed", asking, asking.user_id, {"what": "new_codes"})
        return pages.show("codes", codes=codes, aim=f"/account{query(next='')}")


@dataclass(frozen=True, slots=True)
class ProofPage:
    """The page on which one proves again who one is."""

    pages: Pages

    def _prove(self, secret: str) -> None:
        """A code where it looks like one and a factor is set up; else the password. Raises Refusal."""
        pages, access, asking = self.pages, self.pages.access, person()

        def work() -> str:
            if factors.is_code(secret) and factors.look(access.engine, asking, access.rules).since:
                factors.prove(access.engine, pages.sealer, machine_ms(), asking, secret)
                return "factor"
            accounts.check_password(access.engine, machine_ms(), asking, secret)
            own_sessions.prove(access.engine, machine_ms(), asking)
            return "password"

        try:
            how = pages.tried(work)
        except Refusal as error:
            pages.note_refused(error, asking, asking.user_id, "proof")
            raise
        pages.record("proved", asking, asking.user_id, {"how": how})

    def _ask(self, code: int = 200, wrong: str = "") -> Response:
        by_sso = self.pages.sso is not None and flask.g.found.how == "sso"
        return self.pages.show("reauth", code, wrong=wrong, p=person(), by_sso=by_sso)

    def reauth_page(self) -> Response:
        """Ask for the proof."""
        return self._ask()

    def reauth(self) -> Response:
        """Take the proof from the form, and go on to where the person was going."""
        try:
            self._prove(entered("secret", 200))
        except Refusal as error:
            wrong, code = self.pages.why(error, "wrong_proof")
            return self._ask(409 if code == 403 else code, wrong)
        aim = safe_aim(request.args.get("next", "")) or home(person())
        # A file would leave this page standing there: it says so and offers the way back.
        is_file = aim.startswith("/api/") or aim.partition("?")[0].endswith((".csv", ".geojson"))
        if is_file:
            return self.pages.show("reauth_done", aim=aim, home=home(person()))
        return redirect(aim, 303)

    def reauth_due(self) -> Response:
        """Say whether a proof would be asked for."""
        return as_json({"due": not self.pages.access.rules.is_fresh(flask.g.found.proved_at, machine_ms())})

    def reauth_json(self) -> Response:
        """Take the proof from a page's dialog."""
        proof = body(Proof)
        try:
            self._prove(proof.secret[:200].replace("\0", ""))
        except LogInRefused as error:
            return as_json({"error": self.pages.why(error, "wrong_proof")[0], "code": error.code}, 409)
        return as_json({})

    def reauth_by_sso(self) -> Response:
        """Ask the single sign-on for the proof."""
        if (sso := self.pages.sso) is None:
            flask.abort(404)
        try:
            return sso.begin(safe_aim(request.args.get("next", "")), self.pages.access.is_https, proves=True)
        except SignOnFailed:
            return self._ask(503, label("sso_failed"))


def register_account(server: Flask, pages: Pages) -> None:
    """Add the addresses."""
    account, factor, proof = AccountPage(pages), FactorPage(pages), ProofPage(pages)
    add_routes(
        server,
        [
            ("/account", "GET", account.account_page),
            ("/account/password", "POST", account.change_password),
            ("/account/sessions", "POST", account.end_session),
            ("/account/notices", "POST", account.read_notices),
            ("/api/v1/here", "POST", account.here),
            ("/account/factor", "GET", factor.own_factor_page),
            ("/account/factor", "POST", factor.set_factor),
            ("/account/factor/remove", "POST", factor.remove_factor),
            ("/account/factor/codes", "POST", factor.new_recovery_codes),
            ("/reauth", "GET", proof.reauth_page),
            ("/reauth", "POST", proof.reauth),
            ("/api/v1/reauth", "GET", proof.reauth_due),
            ("/api/v1/reauth", "POST", proof.reauth_json),
            ("/reauth/sso", "GET", proof.reauth_by_sso),
        ],
    )
