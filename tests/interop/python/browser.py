"""A browser: keeps cookies, follows redirects, reads pages and sends their forms, as somebody who agrees to everything."""

import os
import secrets
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

SITE = os.environ["BANGUMOE_URL"]


def register():
    """Somebody with an e-mail address."""
    username = f"user_{secrets.token_hex(6)}"
    user = {"username": username, "password": "correct horse battery", "email": f"{username}@moe.example"}
    response = requests.post(f"{SITE}/register", json=user, timeout=30)
    assert response.status_code == 201, response.text
    return user | {"user_id": response.json()["user_id"]}


class Form(HTMLParser):
    """The form of a page's main part; its buttons are not read."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self.in_main = None, {}, False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.in_main = self.in_main or tag == "main"
        if self.in_main and tag == "form":
            self.action = attributes["action"]
        elif self.in_main and tag == "input" and self.action:
            self.fields[attributes["name"]] = attributes.get("value") or ""


class Browser:
    def __init__(self, user, decision="allow"):
        self.user, self.decision = user, decision
        self.http = requests.Session()
        self.http.headers["Accept"] = "text/html"

    def go(self, url):
        """Where `url` leads: an address elsewhere, an action elsewhere with its fields, or a page of the site as text."""
        response = self.http.get(url, allow_redirects=False, timeout=30)
        for _ in range(12):
            if response.is_redirect:
                url = urljoin(SITE, response.headers["Location"])
                if urlsplit(url).netloc != urlsplit(SITE).netloc:
                    return url
                response = self.http.get(url, allow_redirects=False, timeout=30)
                continue
            form = Form(response.text)
            if response.status_code != 200 or form.action is None:
                return response.text
            if form.action.startswith("http"):
                return form.action, form.fields
            fields = dict(form.fields)
            if form.action == "/login":
                fields |= {"username": self.user["username"], "password": self.user["password"]}
            elif form.action == "/oauth2/logout":
                fields["decision"] = "sign_out"
            elif "request" in fields:
                fields["decision"] = self.decision
            response = self.http.post(
                urljoin(SITE, form.action), data=fields, headers={"Origin": SITE}, allow_redirects=False, timeout=30
            )
        raise AssertionError(f"{url} leads nowhere")
