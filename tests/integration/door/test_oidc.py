"""The single sign-on, its whole way with a provider of our own: who comes in, and each forgery refused."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import redis
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import Engine
from sqlalchemy import text as sql
from werkzeug.test import TestResponse

from dashboard.app import Doors, Web, create_app
from dashboard.door.oidc import COOKIE, KEYS_KEPT_S
from services.access import reader
from services.access import service as accounts
from services.access.account import Account
from services.audit.log_service import AuditQuery, newest
from services.district.package import District
from services.platform.clock import SetClock
from services.platform.database import writing
from services.platform.sealing import make_key
from services.platform.settings import Settings
from tests.accounts import set_account
from tests.tiny import NOON

CLIENT, SECRET, ORIGIN = "lianqin", "not so secret", "https://lianqin.example.cn"


@cache
def first_key() -> RSAKey:
    """What a provider signs with unless a test lets it change keys: made once, it takes as long as ten requests."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class Provider:
    """An OpenID provider on loopback; ``forge`` changes the next token before it is signed."""

    url: str = ""
    keys: list[Any] = field(default_factory=lambda: [first_key()])
    about: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    signs_with: Any = None
    raw: Any = None
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            **self.about,
        }

    def authorize(self, url: str) -> str:
        """What a person's browser is sent back to once they have logged in there."""
        assert url.startswith(f"{self.url}/authorize?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == f"{ORIGIN}/oidc/return"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"/oidc/return?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or authorization.lower() != f"basic {basic}".lower() or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "77", "nonce": asked["nonce"], "iat": now, "exp": now + 300,
                  "preferred_username": "songtao", **self.claims}  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not ...}
        key = self.signs_with or self.keys[-1]
        header = {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": key.kid, **self.header}
        signed = jwt.encode(header, claims, key, algorithms=["RS256", "ES256"])
        return 200, {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": signed if self.raw is None else self.raw(claims, header),
        }


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, code: int, body: Any) -> None:
            found.asked.append(self.path)
            data = json.dumps(body).encode()
            self.send_response(503 if found.is_down else code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            if self.path == "/.well-known/openid-configuration":
                self.answer(200, found.configuration())
            elif self.path == "/jwks":
                self.answer(200, KeySet(found.keys).as_dict(private=False))
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self.answer(*found.token(form, self.headers.get("Authorization", "")))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def web(provider: Provider, sqlite_engine: Engine, tiny: District) -> Web:
    accounts.add(sqlite_engine, 1, Account("songtao", "宋涛", "leader"), "")
    accounts.add(sqlite_engine, 1, Account("qianli", "钱立", "auditor"), "")
    settings = Settings(origin=ORIGIN, oidc_issuer=provider.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET)
    return create_app(
        Doors(
            sqlite_engine, redis.Redis(port=1), SetClock(NOON), tiny, hosts=("lianqin.example.cn",), settings=settings
        )
    )


@pytest.fixture
def client(web: Web) -> FlaskClient:
    found = web.flask.test_client()
    found.environ_base = {"REMOTE_ADDR": "10.1.2.3"}
    return found


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=ORIGIN)


def enter(client: FlaskClient, provider: Provider, query: str = "") -> TestResponse:
    """The whole way: to the provider and back."""
    return get(client, provider.authorize(get(client, f"/oidc{query}").headers["Location"]))


def is_in(client: FlaskClient) -> bool:
    return get(client, "/account").status_code == 200


def refused(client: FlaskClient, answer: TestResponse) -> None:
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers or "__Host-lianqin=" not in str(answer.headers.getlist("Set-Cookie"))
    assert "统一身份认证没有通过" in answer.text
    assert not is_in(client)


def last_record(engine: Engine) -> tuple[str, str]:
    with engine.connect() as connection:
        (record,) = newest(connection, AuditQuery(), 1)
    return record.action, record.detail


def test_who_the_provider_names_comes_in(client: FlaskClient, provider: Provider, sqlite_engine: Engine) -> None:
    assert "/oidc" in get(client, "/login").text
    answer = enter(client, provider)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/leadership")
    assert is_in(client)
    with sqlite_engine.connect() as connection:
        found = reader.account(connection, "songtao")
    assert found is not None
    assert found.subject == f"{provider.url}|77"
    assert last_record(sqlite_engine)[0] == "log_in"


def test_the_way_back_is_known_to_this_browser_alone(client: FlaskClient, web: Web, provider: Provider) -> None:
    """The cookie is HttpOnly and Secure, for /oidc only, and short-lived; another browser cannot finish the way."""
    begun = get(client, "/oidc")
    (cookie,) = begun.headers.getlist("Set-Cookie")
    for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/oidc", "Max-Age=600"):
        assert part in cookie
    back = provider.authorize(begun.headers["Location"])
    other = web.flask.test_client()
    refused(other, get(other, back))


@pytest.mark.parametrize(
    ("aim", "leads_to"),
    [
        ("/desk?lang=en", "/desk?lang=en"), ("//evil.example", "/leadership"), ("https://evil.example/", "/leadership"),
        ("/\\evil.example", "/leadership"), ("\\\\evil.example", "/leadership"), ("javascript:alert(1)", "/leadership"),
        ("/\tevil", "/leadership"), ("/logout", "/leadership"), ("/login", "/leadership"),
        ("evil", "/leadership"), ("", "/leadership"),
        ("/%5Cevil.example", "/%5Cevil.example"), ("/..//evil.example", "/..//evil.example"),
        ("/wall.a.b.c", "/wall.a.b.c"),
    ],
)  # fmt: skip
def test_it_leads_on_to_a_page_of_ours_alone(client: FlaskClient, provider: Provider, aim: str, leads_to: str) -> None:
    location = enter(client, provider, f"?{urlencode({'next': aim})}").headers["Location"]
    assert location == leads_to
    assert urlsplit(urljoin(ORIGIN, location)).netloc == urlsplit(ORIGIN).netloc


@pytest.mark.parametrize("state", ["", "x", "another"])
def test_another_state_is_refused(client: FlaskClient, provider: Provider, state: str) -> None:
    back = provider.authorize(get(client, "/oidc").headers["Location"])
    code = parse_qs(urlsplit(back).query)["code"][0]
    refused(client, get(client, f"/oidc/return?{urlencode({'code': code, 'state': state})}"))


def test_the_way_is_gone_only_once(client: FlaskClient, provider: Provider) -> None:
    """The cookie goes with the first answer, and the provider gives a code's token once."""
    begun = get(client, "/oidc")
    way = client.get_cookie(COOKIE, domain="lianqin.example.cn", path="/oidc")
    assert way is not None
    back = provider.authorize(begun.headers["Location"])
    assert get(client, back).status_code == 303
    assert client.get_cookie(COOKIE, domain="lianqin.example.cn", path="/oidc") is None
    client.delete_cookie("__Host-lianqin", domain="lianqin.example.cn")
    refused(client, get(client, back))
    client.set_cookie(COOKIE, way.value, domain="lianqin.example.cn", path="/oidc")
    refused(client, get(client, back))
    assert client.get_cookie(COOKIE, domain="lianqin.example.cn", path="/oidc") is None


CLAIMS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"}, "no nonce": {"nonce": ...}, "another audience": {"aud": "somebody"},
    "no audience": {"aud": ...}, "an audience of several, made for another": {"aud": [CLIENT, "other"], "azp": "other"},
    "an audience of several, made for nobody": {"aud": [CLIENT, "other"]},
    "made for another": {"azp": "other"}, "another issuer": {"iss": "https://evil.example"}, "no issuer": {"iss": ...},
    "expired": {"exp": int(time.time()) - 3600}, "no end": {"exp": ...}, "not yet": {"nbf": int(time.time()) + 3600},
    "issued in the future": {"iat": int(time.time()) + 3600},
    "no subject": {"sub": ...}, "an empty subject": {"sub": ""}, "a subject that is no text": {"sub": ["77"]},
    "no account's name": {"preferred_username": ...}, "an unknown account": {"preferred_username": "nobody"},
    "a name that begins like an account's": {"preferred_username": "songtao\0x"},
    "a name that is no text": {"preferred_username": ["songtao"]},
}  # fmt: skip


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_a_token_with_wrong_claims_is_refused(
    client: FlaskClient, provider: Provider, sqlite_engine: Engine, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    refused(client, enter(client, provider))
    assert last_record(sqlite_engine)[0] == "log_in_failed"
    with sqlite_engine.connect() as connection:
        assert [one.subject for one in reader.all_accounts(connection)] == ["", ""]


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: Any, header: Any) -> str:
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def test_a_token_signed_by_another_key_is_refused(client: FlaskClient, provider: Provider) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    refused(client, enter(client, provider))
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "unknown"})
    refused(client, enter(client, provider))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(client: FlaskClient, provider: Provider) -> None:
    public = provider.keys[0].as_pem(private=False)

    def sign(claims: Any, _header: Any) -> str:
        text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
        mac = hmac.digest(public, text.encode(), "sha256")
        return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    provider.raw = sign
    refused(client, enter(client, provider))


RAW: dict[str, Any] = {
    "unsigned": unsigned, "unsigned, in capitals": lambda c, h: f"{part({'alg': 'NONE'})}.{part(c)}.",
    "no algorithm": lambda c, h: f"{part({})}.{part(c)}.{part('x')}", "empty": lambda c, h: "",
    "no token": lambda c, h: None, "a number": lambda c, h: 7, "a list": lambda c, h: ["x"],
    "two dots": lambda c, h: "..", "letters": lambda c, h: "三只绿鹭.a.b",
    "a key of its own": lambda c, h: jwt.encode(
        {"alg": "RS256", "jwk": (k := RSAKey.generate_key(2048)).as_dict(private=False)}, c, k
    ),
}  # fmt: skip


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_signed_token_is_refused(client: FlaskClient, provider: Provider, raw: Any) -> None:
    provider.raw = raw
    refused(client, enter(client, provider))


@pytest.mark.parametrize("error", ["access_denied", "login_required", "<script>"])
def test_the_providers_refusal_is_no_way_in(client: FlaskClient, provider: Provider, error: str) -> None:
    back = provider.authorize(get(client, "/oidc").headers["Location"])
    state = parse_qs(urlsplit(back).query)["state"][0]
    answer = get(client, f"/oidc/return?{urlencode({'error': error, 'state': state})}")
    refused(client, answer)
    assert "<script>" not in answer.text


def test_a_verifier_that_is_not_the_ones_challenge_gets_no_token(client: FlaskClient, provider: Provider) -> None:
    back = provider.authorize(get(client, "/oidc").headers["Location"])
    way = client.get_cookie(COOKIE, domain="lianqin.example.cn", path="/oidc")
    assert way is not None
    state, nonce, _, aim = way.value.split(".", 3)
    client.set_cookie(COOKIE, f"{state}.{nonce}.{'x' * 43}.{aim}", domain="lianqin.example.cn", path="/oidc")
    refused(client, get(client, back))


def test_a_disabled_account_stays_out(client: FlaskClient, provider: Provider, sqlite_engine: Engine) -> None:
    set_account(sqlite_engine, 2, "songtao", is_disabled=True)
    refused(client, enter(client, provider))


def test_once_known_the_subject_counts_and_not_the_name(
    client: FlaskClient, provider: Provider, sqlite_engine: Engine
) -> None:
    """Whoever renames themselves at the provider to somebody who has been here stays out, or who they are."""
    enter(client, provider)
    client.delete_cookie("__Host-lianqin", domain="lianqin.example.cn")
    provider.claims = {"sub": "88"}
    refused(client, enter(client, provider))
    provider.claims = {"preferred_username": "qianli"}
    enter(client, provider)
    assert "songtao" in get(client, "/account").text
    with sqlite_engine.connect() as connection:
        auditor = reader.account(connection, "qianli")
    assert auditor is not None
    assert auditor.subject == ""


def test_keys_that_the_provider_has_changed_are_fetched_again(client: FlaskClient, provider: Provider) -> None:
    enter(client, provider)
    assert provider.asked.count("/jwks") == 1
    enter(client, provider)
    assert provider.asked.count("/jwks") == 1
    provider.keys = [ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})]
    assert enter(client, provider).status_code == 303
    assert provider.asked.count("/jwks") == 2
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})  # a key that was withdrawn
    client.delete_cookie("__Host-lianqin", domain="lianqin.example.cn")
    refused(client, enter(client, provider))


def test_keys_are_not_kept_for_ever() -> None:
    assert KEYS_KEPT_S <= 24 * 3600


def test_a_provider_that_is_another_than_it_says_is_refused(client: FlaskClient, provider: Provider) -> None:
    provider.about = {"issuer": "https://evil.example"}
    answer = get(client, "/oidc")
    assert answer.status_code == 503
    assert "Location" not in answer.headers


def test_a_provider_that_does_not_answer_is_told_in_words(client: FlaskClient, provider: Provider) -> None:
    provider.is_down = True
    answer = get(client, "/oidc")
    assert answer.status_code == 503
    assert "统一身份认证没有通过" in answer.text
    provider.is_down = False
    back = provider.authorize(get(client, "/oidc").headers["Location"])
    provider.is_down = True
    refused(client, get(client, back))
    provider.is_down = False
    assert enter(client, provider).status_code == 303


@pytest.mark.filterwarnings("ignore")
def test_tries_from_one_address_are_counted(client: FlaskClient, provider: Provider) -> None:
    provider.raw = unsigned
    codes = [enter(client, provider).status_code for _ in range(32)]
    assert codes[:30] == [403] * 30
    assert codes[30:] == [429, 429]


def test_nothing_of_the_provider_is_there_without_its_settings(tiny: District, sqlite_engine: Engine) -> None:
    web = create_app(Doors(sqlite_engine, redis.Redis(port=1), SetClock(NOON), tiny))
    for path in ("/oidc", "/oidc/return?code=x&state=y"):
        assert web.flask.test_client().get(path).status_code == 404
    for missing in ("origin", "oidc_client_id", "oidc_client_secret"):
        values = {
            "origin": ORIGIN,
            "oidc_issuer": "https://sso.example.cn",
            "oidc_client_id": "a",
            "oidc_client_secret": "b",
            missing: "",
        }
        with pytest.raises(ValueError, match=missing.upper()):
            create_app(Doors(sqlite_engine, redis.Redis(port=1), SetClock(NOON), tiny, settings=Settings(**values)))


@pytest.mark.parametrize(
    ("claims", "is_in_at_once"),
    [
        ({"amr": ["pwd", "mfa"]}, True), ({"acr": "urn:level:2"}, True), ({"amr": ["pwd"]}, False), ({}, False),
        ({"acr": "MFA"}, False), ({"acr": ["mfa"]}, False), ({"amr": "mfa"}, False), ({"amr": [["mfa"], None]}, False),
        ({"acr": ""}, False), ({"mfa": True}, False),
    ],
    ids=str,
)  # fmt: skip
def test_the_sign_ons_own_second_factor_counts_where_the_setting_names_it(
    provider: Provider, sqlite_engine: Engine, tiny: District, claims: dict[str, Any], is_in_at_once: bool
) -> None:
    client = strict(provider, sqlite_engine, tiny)
    provider.claims = claims
    asked = parse_qs(urlsplit(get(client, "/oidc").headers["Location"]).query)
    assert asked["acr_values"] == ["mfa urn:level:2"]
    answer = enter(client, provider)
    assert answer.headers["Location"] == ("/leadership" if is_in_at_once else "/factor")
    assert is_in(client) == is_in_at_once


def strict(provider: Provider, engine: Engine, tiny: District) -> FlaskClient:
    """A house whose leader shows a second factor: the sign-on's, in these words, or ours."""
    accounts.add(engine, 1, Account("songtao", "宋涛", "leader"), "")
    settings = Settings(
        origin=ORIGIN,
        oidc_issuer=provider.url,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        data_key=make_key(),
        second_factor=("leader",),
        oidc_factors=("mfa", "urn:level:2"),
    )
    doors = Doors(engine, redis.Redis(port=1), SetClock(NOON), tiny, hosts=("lianqin.example.cn",), settings=settings)
    found = create_app(doors).flask.test_client()
    found.environ_base = {"REMOTE_ADDR": "10.1.2.3"}
    return found


@pytest.mark.parametrize("name", ["withpass", "named", "wall", "taken"])
def test_only_an_account_that_was_prepared_is_bound(
    client: FlaskClient, provider: Provider, sqlite_engine: Engine, name: str
) -> None:
    """A person changes their name at the provider to somebody's who has an account here."""
    accounts.add(sqlite_engine, 1, Account("withpass", "孙伟", "admin"), "three green herons 7")
    accounts.add(sqlite_engine, 1, Account("named", "孙伟", "admin", sso_name="sunwei01"), "")
    accounts.add(sqlite_engine, 1, Account("wall", "大屏", "wall", addresses="10.9.0.5/32"), "")
    accounts.add(sqlite_engine, 1, Account("taken", "孙伟", "admin", subject=f"{provider.url}|5"), "")
    provider.claims = {"sub": "88", "preferred_username": name}
    refused(client, enter(client, provider))
    with sqlite_engine.connect() as connection:
        assert {one.subject for one in reader.all_accounts(connection)} == {"", f"{provider.url}|5"}
    provider.claims = {"sub": "88", "preferred_username": "sunwei01"}
    enter(client, provider)
    assert "named" in get(client, "/account").text
    client.delete_cookie("__Host-lianqin", domain="lianqin.example.cn")
    provider.claims = {"sub": "5", "preferred_username": "songtao"}
    enter(client, provider)
    assert "taken" in get(client, "/account").text  # its subject was registered beforehand: the name says nothing


def test_a_password_that_is_set_later_ends_the_waiting_for_a_sign_on(
    client: FlaskClient, provider: Provider, sqlite_engine: Engine
) -> None:
    set_account(sqlite_engine, 2, "songtao", password="$argon2id$x", must_change=True)
    refused(client, enter(client, provider))


def test_a_sign_on_proves_again_who_one_is_when_it_has_asked_again(
    client: FlaskClient, provider: Provider, sqlite_engine: Engine
) -> None:
    enter(client, provider)
    with writing(sqlite_engine) as connection:
        connection.execute(sql("UPDATE sessions SET proved_at = 5"))

    def prove(**claims: Any) -> TestResponse:
        provider.claims = claims
        begun = get(client, "/reauth/sso?next=/desk")
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        return get(client, provider.authorize(begun.headers["Location"]))

    def is_due() -> bool:
        found: bool = get(client, "/api/v1/reauth").json["due"]
        return found

    now = int(time.time())
    for claims in ({}, {"auth_time": now - 3600}, {"auth_time": "now"}, {"auth_time": now, "sub": "78"}):
        assert prove(**claims).status_code == 403
        assert is_due()
    answer = prove(auth_time=now)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk")
    assert not is_due()
