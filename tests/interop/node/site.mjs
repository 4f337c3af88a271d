// The site, its operator, and the people on it.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { promisify } from "node:util";

/** The issuer, as the site printed it. */
export const SITE = process.env.BANGUMOE_URL;
/** Where the test applications live. Nothing listens there. */
export const REDIRECT = "https://app.example/cb";
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** Registers somebody with an e-mail address. */
export async function register() {
  const username = `user_${randomBytes(6).toString("hex")}`;
  const password = "correct horse battery";
  const response = await fetch(`${SITE}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password, email: `${username}@moe.example` }),
  });
  if (response.status !== 201) throw new Error(await response.text());
  return { username, password, userId: (await response.json()).user_id };
}

/** An operator's command; it speaks to the running site's table. */
export async function operate(...command) {
  const { BANGUMOE_BINARY: binary, BANGUMOE_DATA: data } = process.env;
  const { stdout } = await promisify(execFile)(binary, [...command, "--data", data]);
  return JSON.parse(stdout);
}

/** A server of the application's, on this machine: answers with `documents[path]`, and keeps what is posted. */
export async function serve(documents) {
  const posted = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.method === "POST") posted.push(new URLSearchParams(body));
    const found = documents[new URL(request.url, SITE).pathname];
    const known = found ?? request.method === "POST";
    response.writeHead(known ? 200 : 404, { "content-type": found?.type ?? "application/json" });
    response.end(typeof found === "object" ? (found.text ?? JSON.stringify(found)) : "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that failed does not wait for it.
  server.unref();
  return { url: `http://localhost:${server.address().port}`, documents, posted, close: () => server.close() };
}
