"""Who asks: for every operation a person and an application of its own, so that what one ends is not another's."""

import base64
import http.client
import itertools
import json
import os
import urllib.parse

import schemathesis

# Not the examples' password: no example deletes the account that it is tried with.
PASSWORD = "schemathesis has a password"

# The document's application.
EXAMPLE = "client_mvzgk4tfon2gk4tfonzxi33nny"


requests = itertools.count()


def post(path, body):
    # From other addresses than the cases, and not from one for long: 500 people are as many as one may register.
    source = f"127.0.0.{2 + next(requests) // 200}"
    host = urllib.parse.urlsplit(os.environ["BANGUMOE"]).netloc
    site = http.client.HTTPConnection(host, source_address=(source, 0))
    site.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    with site.getresponse() as answer:
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {answer.read().decode()}")
        return json.load(answer)


numbers = itertools.count()


def person():
    name = f"tester-{next(numbers)}"
    post("/register", {"username": name, "password": PASSWORD})
    return post("/login", {"username": name, "password": PASSWORD})["access_token"]


def application():
    return post(
        "/oauth2/register",
        {
            "redirect_uris": ["https://diary.example/cb"],
            "grant_types": [
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "dialects": ["weibo", "acwing", "lianluo", "6park"],
        },
    )


def operation_of(case):
    return case.operation.definition.raw


def whose(case, context):
    """One person has all of a collection: what is put there is found there."""
    return "collection" if case.operation.path.startswith("/collections") else case.operation.label


@schemathesis.auth(cache_by_key=whose)
class Caller:
    def get(self, case, context):
        operation = operation_of(case)
        schemes = {name for way in operation.get("security", []) for name in way}
        if "client" in schemes:
            client = application()
            pair = f"{client['client_id']}:{client['client_secret']}"
            return "Basic " + base64.b64encode(pair.encode()).decode(), client["client_id"]
        if "registration" in schemes:
            client = application()
            return "Bearer " + client["registration_access_token"], client["client_id"]
        if schemes:
            return "Bearer " + person(), None
        return None, None

    def set(self, case, data, context):
        authorization, client_id = data
        if authorization is not None:
            case.headers = case.headers or {}
            case.headers["Authorization"] = authorization
        # The document's example of an application is this one.
        path = case.path_parameters or {}
        if client_id is not None and path.get("client_id") == EXAMPLE:
            path["client_id"] = client_id
