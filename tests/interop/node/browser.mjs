// A browser: it keeps cookies, follows redirects, reads pages and sends their forms, as somebody who agrees to everything.
import { SITE } from "./site.mjs";

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const text = (html) =>
  html.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) =>
    name ? (NAMED[name] ?? all) : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal)),
  );
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`));
  return found ? text(found[1]) : undefined;
};

/** The form of the page's main part, as `{action, fields}`; buttons are not in it. */
function formOf(html) {
  const main = html.slice(html.indexOf("<main"));
  const form = main.match(/<form[^>]*>[^]*?<\/form>/)?.[0];
  if (!form) return undefined;
  const inputs = [...form.matchAll(/<input[^>]*>/g)].map(([tag]) => [attribute(tag, "name"), attribute(tag, "value") ?? ""]);
  return { action: attribute(form, "action"), fields: Object.fromEntries(inputs) };
}

export class Browser {
  #cookies = new Map();

  /** `decision` is what its user answers where they are asked. */
  constructor(user, decision = "allow") {
    Object.assign(this, { user, decision });
  }

  async #send(url, init = {}) {
    const cookie = [...this.#cookies].map((pair) => pair.join("=")).join("; ");
    const headers = { accept: "text/html", ...(cookie && { cookie }), ...init.headers };
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** Sends a form of a page of the site. */
  #submit(action, fields) {
    const body = new URLSearchParams(fields);
    return this.#send(new URL(action, SITE), { method: "POST", body, headers: { origin: SITE } });
  }

  /**
   * Opens `url`, signs in and decides where asked, and gives back where that leads away from the site: an address, or the
   * request that a form was sent with. A page of the site that asks nothing ends it too, and is given back as text.
   */
  async go(url) {
    let response = await this.#send(url);
    for (let steps = 0; steps < 12; steps++) {
      if (response.status >= 300 && response.status < 400) {
        const next = new URL(response.headers.get("location"), SITE);
        if (next.origin !== new URL(SITE).origin) return next;
        response = await this.#send(next);
        continue;
      }
      const html = await response.text();
      const form = formOf(html);
      if (response.status !== 200 || !form) return html;
      if (form.action.startsWith("http")) {
        return new Request(form.action, { method: "POST", body: new URLSearchParams(form.fields) });
      }
      const fill = { ...form.fields };
      if (form.action === "/login") Object.assign(fill, { username: this.user.username, password: this.user.password });
      else if (form.action === "/oauth2/logout") fill.decision = "sign_out";
      else if ("request" in fill) fill.decision = this.decision;
      response = await this.#submit(form.action, fill);
    }
    throw new Error(`${url} leads nowhere`);
  }
}
