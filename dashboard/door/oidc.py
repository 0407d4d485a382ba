"""The door to a government's single sign-on: OpenID Connect, authorization code with PKCE (Authlib).

What the way back is checked by (state, nonce, verifier) lies in a short-lived cookie of this browser alone, so that any
web process can finish what another began. The sign-on says who it is; what they may do is in our accounts.
"""

import secrets
import time
from typing import Any, NamedTuple

import flask
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from dashboard.door.routes import redirect
from services.platform.every import Every
from services.platform.refusal import Refusal

COOKIE, WAY_S, TIMEOUT_S = "lianqin_way", 600, 10
KEYS_KEPT_S = 3600.0
CLOCKS_S = 60  # by so much the provider's clock may be behind ours
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]


FAULTS = (AuthlibBaseError, requests.RequestException, JoseError, ValueError)


class SignOnFailed(Refusal):
    """The sign-on's answer is not taken; the text says why, for the audit log, not for the page."""

    texts, status = "login.", 503

    def __init__(self, text: str) -> None:
        super().__init__(text, "sso_failed")


class SignedOn(NamedTuple):
    """Whom the provider names: ``subject`` (issuer|sub), the claim's value, and where they wanted to go.

    ``has_factor``: it has asked for a second factor that we count. ``proves``: they were sent to prove it again.
    """

    subject: str
    name: str
    aim: str
    has_factor: bool = False
    proves: bool = False


class SingleSignOn:
    """One provider. ``claim`` names the person in its token, for the first log-in of an account that waits for it.

    ``factors``: the values of ``acr`` or ``amr`` that count as a second factor; none: ours is asked where one is due.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        *,
        origin: str,
        claim: str = "preferred_username",
        factors: tuple[str, ...] = (),
    ) -> None:
        self._factors = factors
        self._issuer, self._client_id, self._secret, self._claim = issuer.rstrip("/"), client_id, secret, claim
        self._return = f"{origin}/oidc/return"
        self._known: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._keys_every = Every(KEYS_KEPT_S)

    def begin(self, aim: str, is_https: bool, *, proves: bool = False) -> Response:
        """Send the browser to the provider, which ``proves`` must ask again. Raises SignOnFailed without an answer."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        try:
            authorize = self._about()["authorization_endpoint"]
        except (*FAULTS, KeyError) as error:
            raise SignOnFailed(f"{type(error).__name__}: {error}"[:200]) from error
        more = {"prompt": "login", "max_age": "0"} if proves else {}
        if self._factors:
            more["acr_values"] = " ".join(self._factors)
        with self._client(state) as client:
            url, _ = client.create_authorization_url(
                authorize,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                **more,
            )
        asked_at = int(time.time()) if proves else 0
        response = redirect(url)
        response.set_cookie(
            COOKIE,
            f"{state}.{nonce}.{verifier}.{asked_at}.{aim}",
            max_age=WAY_S,
            httponly=True,
            secure=is_https,
            samesite="Lax",
            path="/oidc",
        )
        return response

    def finish(self) -> SignedOn:
        """Whom the provider names. Raises SignOnFailed."""
        parts = flask.request.cookies.get(COOKIE, "").split(".", 4)
        if len(parts) != 5 or not parts[3].isdecimal():
            raise SignOnFailed("this browser did not begin here, or too long ago")
        state, nonce, verifier, asked_at, aim = parts
        if not secrets.compare_digest(flask.request.args.get("state", "").encode(), state.encode()):
            raise SignOnFailed("another state")
        try:
            with self._client(state) as client:
                token = client.fetch_token(
                    self._about()["token_endpoint"],
                    code=flask.request.args.get("code", ""),
                    code_verifier=verifier,
                    timeout=TIMEOUT_S,
                )
            claims = self._read(str(token["id_token"]), nonce)
        except (*FAULTS, KeyError) as error:
            raise SignOnFailed(f"{type(error).__name__}: {error}"[:200]) from error
        proves = int(asked_at) > 0
        if proves and _seconds(claims.get("auth_time")) < int(asked_at) - CLOCKS_S:
            raise SignOnFailed("the sign-on has not asked again (auth_time)")
        return SignedOn(
            f"{self._issuer}|{claims['sub']}", str(claims.get(self._claim, "")), aim, self._has_factor(claims), proves
        )

    def _has_factor(self, claims: dict[str, Any]) -> bool:
        """Whether the token says that a second factor was asked for, in a word that we count."""
        ways = claims.get("amr")
        told = [claims.get("acr"), *(ways if isinstance(ways, list) else [])]
        return any(isinstance(one, str) and one in self._factors for one in told)

    def forget(self, response: Response) -> None:
        """The way is done."""
        response.delete_cookie(COOKIE, path="/oidc", httponly=True, samesite="Lax")

    def _read(self, id_token: str, nonce: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):  # signed with a key that is newer than ours, perhaps
            self._keys_every.reset()
            claims = jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS).claims
        JWTClaimsRegistry(
            leeway=CLOCKS_S,
            iss={"essential": True, "value": self._about()["issuer"]},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self._client_id if len(others) == 1 else "") != self._client_id:
            raise SignOnFailed("made for several, and not for us")  # OpenID Connect Core, 3.1.3.7
        return claims

    def _client(self, state: str) -> OAuth2Session:
        return OAuth2Session(
            self._client_id, self._secret, scope="openid profile", redirect_uri=self._return, state=state
        )

    def _about(self) -> dict[str, Any]:
        if not self._known:
            found = self._get(f"{self._issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                raise SignOnFailed(f"LIANQIN_OIDC_ISSUER calls itself {found.get('issuer')!r}"[:200])
            self._known = found
        return self._known

    def _key_set(self) -> KeySet:
        if self._keys is None or self._keys_every.is_due():
            keys: Any = self._get(self._about()["jwks_uri"])
            self._keys = KeySet.import_key_set(keys)
            self._keys_every.begin()
        return self._keys

    @staticmethod
    def _get(url: str) -> dict[str, Any]:
        answer = requests.get(url, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def _seconds(value: object) -> float:
    """A time of the token; 0 where it has none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
