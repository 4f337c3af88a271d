"""Authlib: a web application (its Flask client, with discovery, nonce and ID token), and its session for everything else."""

import time
import unittest

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign
from authlib.oidc.core import CodeIDToken
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from browser import SITE, Browser, register

# Where the application lives. Nothing listens there: what comes to it is handed to Flask by hand.
HOME = "https://app.example"
REDIRECT = f"{HOME}/callback"
METADATA = requests.get(f"{SITE}/.well-known/openid-configuration", timeout=30).json()


class Assertion(PrivateKeyJWT):
    """As the library's, but good for a minute instead of its hour: the site takes ten minutes at most."""

    def sign(self, auth, token_endpoint):
        return private_key_jwt_sign(
            auth.client_secret, auth.client_id, token_endpoint, alg=self.alg, claims={"exp": int(time.time()) + 60}
        )


def registered(**metadata):
    usual = {
        "client_name": "Anime Diary",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    }
    response = requests.post(METADATA["registration_endpoint"], json=usual | metadata, timeout=30)
    assert response.status_code == 201, response.text
    return response.json()


def application(client, **more):
    """An application with a page that sends people to the site, one to which they return, and one that signs them out."""
    app = Flask("diary")
    app.secret_key = "of the application's own cookies"
    oauth = OAuth(app)
    oauth.register(
        "bangumoe",
        client_id=client["client_id"],
        client_secret=client.get("client_secret"),
        server_metadata_url=f"{SITE}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email offline_access",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": client["token_endpoint_auth_method"],
        },
        authorize_params=more,
    )

    @app.get("/sign-in")
    def sign_in():
        return oauth.bangumoe.authorize_redirect(REDIRECT)

    @app.route("/callback", methods=["GET", "POST"])
    def callback():
        try:
            token = oauth.bangumoe.authorize_access_token()
        except OAuthError as error:
            return jsonify(error=error.error, description=error.description), 400
        return jsonify(token=token, userinfo=oauth.bangumoe.userinfo(token=token))

    @app.get("/sign-out")
    def sign_out():
        hint = request.args["hint"]
        return oauth.bangumoe.logout_redirect(f"{HOME}/bye", id_token_hint=hint, client_id=client["client_id"])

    @app.get("/bye")
    def bye():
        return jsonify(oauth.bangumoe.validate_logout_response())

    return app.test_client()


def come_back(diary, back):
    """What the browser brings to the application."""
    if isinstance(back, tuple):
        return diary.post(back[0].removeprefix(HOME), data=back[1], base_url=HOME)
    return diary.get(back.removeprefix(HOME), base_url=HOME)


class WebApplication(unittest.TestCase):
    def test_people_sign_in_and_out_by_each_way_of_authenticating(self):
        for method in ["client_secret_basic", "client_secret_post", "none"]:
            with self.subTest(method):
                user = register()
                grants = ["authorization_code", "refresh_token"]
                client = registered(
                    token_endpoint_auth_method=method, grant_types=grants, post_logout_redirect_uris=[f"{HOME}/bye"]
                )
                diary, browser = application(client), Browser(user)
                start = diary.get("/sign-in", base_url=HOME)
                answer = come_back(diary, browser.go(start.location)).json
                self.assertEqual(answer["userinfo"]["sub"], user["user_id"])
                self.assertEqual(answer["userinfo"]["email"], user["email"])
                # What the library took out of the ID token once it had verified it.
                self.assertEqual(answer["token"]["userinfo"]["sub"], user["user_id"])
                hint = answer["token"]["id_token"]
                leave = diary.get("/sign-out", query_string={"hint": hint}, base_url=HOME)
                left = come_back(diary, browser.go(leave.location))
                self.assertEqual(left.json["post_logout_redirect_uri"], f"{HOME}/bye")

    def test_an_answer_comes_by_a_form_that_is_posted(self):
        user, diary = register(), application(registered(), response_mode="form_post")
        back = Browser(user).go(diary.get("/sign-in", base_url=HOME).location)
        self.assertIsInstance(back, tuple)
        self.assertEqual(come_back(diary, back).json["userinfo"]["sub"], user["user_id"])

    def test_id_tokens_are_signed_as_registered(self):
        for alg in METADATA["id_token_signing_alg_values_supported"]:
            with self.subTest(alg):
                diary = application(registered(id_token_signed_response_alg=alg))
                answer = come_back(diary, Browser(register()).go(diary.get("/sign-in", base_url=HOME).location)).json
                self.assertEqual(answer["token"]["userinfo"]["sub"], answer["userinfo"]["sub"])

    def test_a_no_and_a_foreign_state_end_at_the_application(self):
        client = registered()
        diary = application(client)
        back = Browser(register(), "deny").go(diary.get("/sign-in", base_url=HOME).location)
        self.assertEqual(come_back(diary, back).json["error"], "access_denied")
        browser = Browser(register())
        back = browser.go(diary.get("/sign-in", base_url=HOME).location)
        self.assertEqual(come_back(application(client), back).status_code, 400)


class Session(unittest.TestCase):
    def session(self, client, **more):
        method = client["token_endpoint_auth_method"]
        return OAuth2Session(
            client["client_id"],
            more.pop("secret", client.get("client_secret")),
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            redirect_uri=REDIRECT,
            code_challenge_method="S256",
            **more,
        )

    def sign_in(self, session, user, scope="openid profile offline_access"):
        verifier, nonce = "v" * 64, "n" * 20
        url, state = session.create_authorization_url(
            METADATA["authorization_endpoint"], scope=scope, code_verifier=verifier, nonce=nonce
        )
        back = Browser(user).go(url)
        token = session.fetch_token(
            METADATA["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
        )
        return token, nonce

    def check_everything(self, client, session):
        user = register()
        token, nonce = self.sign_in(session, user)
        keys = KeySet.import_key_set(requests.get(METADATA["jwks_uri"], timeout=30).json())
        decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
        options = {"iss": {"values": [SITE]}, "aud": {"values": [client["client_id"]]}}
        params = {"nonce": nonce, "client_id": client["client_id"], "access_token": token["access_token"]}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(now=int(time.time()))
        self.assertEqual(claims["sub"], user["user_id"])
        self.assertEqual(session.get(METADATA["userinfo_endpoint"]).json()["preferred_username"], user["username"])

        again = session.refresh_token(METADATA["token_endpoint"], token["refresh_token"])
        self.assertNotEqual(again["refresh_token"], token["refresh_token"])
        introspect = lambda: session.introspect_token(
            METADATA["introspection_endpoint"], token=again["access_token"], token_type_hint="access_token"
        ).json()
        described = introspect()
        self.assertEqual(
            (described["active"], described["sub"], described["client_id"]),
            (True, user["user_id"], client["client_id"]),
        )
        revoked = session.revoke_token(
            METADATA["revocation_endpoint"], token=again["refresh_token"], token_type_hint="refresh_token"
        )
        self.assertEqual(revoked.status_code, 200)
        self.assertEqual(introspect(), {"active": False})
        with self.assertRaises(OAuthError) as refused:
            session.refresh_token(METADATA["token_endpoint"], again["refresh_token"])
        self.assertEqual(refused.exception.error, "invalid_grant")

        alone = session.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials", scope="collections:read")
        self.assertEqual(alone["scope"], "collections:read")
        self.assertNotIn("refresh_token", alone)

    def test_a_secret_proves_who_it_is(self):
        for method in ["client_secret_basic", "client_secret_post"]:
            with self.subTest(method):
                client = registered(token_endpoint_auth_method=method)
                self.check_everything(client, self.session(client))

    def test_a_key_proves_who_it_is(self):
        make = {
            "RS256": lambda: RSAKey.generate_key(2048),
            "PS256": lambda: RSAKey.generate_key(2048),
            "ES256": lambda: ECKey.generate_key("P-256"),
            "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
            "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
        }
        for alg, key in ((alg, make[alg]()) for alg in METADATA["token_endpoint_auth_signing_alg_values_supported"]):
            with self.subTest(alg):
                client = registered(
                    token_endpoint_auth_method="private_key_jwt",
                    token_endpoint_auth_signing_alg=alg,
                    jwks={"keys": [key.as_dict(private=False)]},
                )
                session = self.session(client, secret=key)
                # The assertion's audience is whichever endpoint it is sent to.
                session.register_client_auth_method(Assertion(alg=alg))
                self.check_everything(client, session)

    def test_an_assertion_of_an_hour_is_refused(self):
        key = ECKey.generate_key("P-256")
        jwks = {"keys": [key.as_dict(private=False)]}
        client = registered(token_endpoint_auth_method="private_key_jwt", jwks=jwks)
        session = self.session(client, secret=key)
        session.register_client_auth_method(PrivateKeyJWT(alg="ES256"))
        with self.assertRaises(OAuthError) as refused:
            session.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials")
        self.assertEqual(refused.exception.error, "invalid_client")

    def test_a_wrong_secret_a_code_used_twice_and_a_wrong_verifier_are_told_apart(self):
        client = registered()
        user, session = register(), self.session(client)
        url, state = session.create_authorization_url(
            METADATA["authorization_endpoint"], scope="openid", code_verifier="v" * 64
        )
        back = Browser(user).go(url)

        def fetch(session, verifier="v" * 64):
            return session.fetch_token(
                METADATA["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
            )

        for one, verifier, error in [
            (self.session(client, secret="another"), "v" * 64, "invalid_client"),
            (self.session(client), "w" * 64, "invalid_grant"),
        ]:
            with self.assertRaises(OAuthError) as refused:
                fetch(one, verifier)
            self.assertEqual(refused.exception.error, error)
        fetch(session)
        with self.assertRaises(OAuthError) as refused:
            fetch(self.session(client))
        self.assertEqual(refused.exception.error, "invalid_grant")
        self.assertEqual(session.get(METADATA["userinfo_endpoint"]).status_code, 401)


if __name__ == "__main__":
    unittest.main()
