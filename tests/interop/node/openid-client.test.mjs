// openid-client: what most applications in Node sign people in with.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "openid-client";
import { Browser } from "./browser.mjs";
import { checks, keyPair, registered, signIn, signedIn } from "./openid-client.mjs";
import { DEVICE_GRANT, operate, REDIRECT, register, serve, SITE } from "./site.mjs";

for (const method of ["client_secret_basic", "client_secret_post", "none"]) {
  test(`a person signs in at a client that registered itself with ${method}`, async () => {
    const user = await register();
    const config = await registered({ token_endpoint_auth_method: method });
    assert.equal(config.clientMetadata().token_endpoint_auth_method, method);
    const tokens = await signIn(config, new Browser(user), "openid profile email offline_access");
    assert.equal(tokens.claims().sub, user.userId);
    assert.equal(tokens.token_type, "bearer");
    const info = await client.fetchUserInfo(config, tokens.access_token, user.userId);
    assert.equal(info.preferred_username, user.username);
    assert.equal(info.email, `${user.username}@moe.example`);
    await assert.rejects(
      client.fetchUserInfo(config, tokens.access_token, "somebody else"),
      { code: "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED" },
    );
  });
}

test("refresh tokens rotate, and a revoked one takes its access tokens along", async () => {
  const user = await register();
  const config = await registered();
  const first = await signIn(config, new Browser(user), "openid profile offline_access");
  const second = await client.refreshTokenGrant(config, first.refresh_token, { scope: "openid offline_access" });
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.scope, "openid offline_access");
  assert.equal(second.claims().auth_time, first.claims().auth_time);

  const active = await client.tokenIntrospection(config, second.access_token);
  const { client_id } = config.clientMetadata();
  assert.deepEqual([active.active, active.client_id, active.sub, active.iss], [true, client_id, user.userId, SITE]);
  const other = await registered();
  assert.deepEqual(await client.tokenIntrospection(other, second.access_token), { active: false });

  await client.tokenRevocation(config, second.refresh_token);
  await client.tokenRevocation(config, "what nobody knows");
  assert.deepEqual(await client.tokenIntrospection(config, second.access_token), { active: false });
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), { error: "invalid_grant", status: 400 });
  await assert.rejects(client.fetchUserInfo(config, second.access_token, user.userId), (error) => {
    assert.equal(error.code, "OAUTH_WWW_AUTHENTICATE_CHALLENGE");
    assert.deepEqual([error.status, error.cause[0].parameters.error], [401, "invalid_token"]);
    return true;
  });
});

test("a client has a token for itself", async () => {
  const config = await registered({ grant_types: ["client_credentials"], response_types: [], redirect_uris: [] });
  const tokens = await client.clientCredentialsGrant(config, { scope: "collections:read" });
  assert.deepEqual([tokens.refresh_token, tokens.claims()], [undefined, undefined]);
  const described = await client.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual([described.scope, described.sub], ["collections:read", config.clientMetadata().client_id]);
});

test("a device waits until its user lets it in", async () => {
  const user = await register();
  const config = await registered({
    grant_types: [DEVICE_GRANT, "refresh_token"], response_types: [], redirect_uris: [], token_endpoint_auth_method: "none",
  });
  const codes = await client.initiateDeviceAuthorization(config, { scope: "openid profile offline_access" });
  const page = await new Browser(user).go(codes.verification_uri_complete);
  assert.match(page, /<h1/);
  const tokens = await client.pollDeviceAuthorizationGrant(config, codes);
  assert.equal(tokens.claims().sub, user.userId);
  assert.ok(tokens.refresh_token);
});

test("an answer comes by a form that is posted", async () => {
  const user = await register();
  const config = await registered();
  const { parameters, expected } = await checks("openid");
  const url = client.buildAuthorizationUrl(config, { ...parameters, response_mode: "form_post" });
  const back = await new Browser(user).go(url);
  assert.ok(back instanceof Request);
  const tokens = await client.authorizationCodeGrant(config, back, expected);
  assert.equal(tokens.claims().sub, user.userId);
});

test("a legacy client has its ID token beside the code or alone, and neither before an operator allowed it", async () => {
  const user = await register();
  const config = await registered();
  const { client_id } = config.clientMetadata();
  const { parameters, expected } = await checks("openid");
  const { nonce, state } = parameters;
  const refused = await new Browser(user).go(
    client.buildAuthorizationUrl(config, { ...parameters, response_type: "code id_token", response_mode: "fragment" }),
  );
  assert.equal(refused.searchParams.get("error"), "unsupported_response_type");

  await operate("client", "allow", client_id, "--grant", "implicit");
  const legacy = async (...execute) =>
    client.discovery(new URL(SITE), client_id, config.clientMetadata().client_secret, undefined, {
      execute: [client.allowInsecureRequests, ...execute],
    });
  const hybrid = await legacy(client.useCodeIdTokenResponseType);
  const back = await new Browser(user).go(client.buildAuthorizationUrl(hybrid, parameters));
  const tokens = await client.authorizationCodeGrant(hybrid, back, expected);
  assert.equal(tokens.claims().sub, user.userId);

  const implicit = await legacy(client.useIdTokenResponseType);
  const alone = client.buildAuthorizationUrl(implicit, { redirect_uri: REDIRECT, scope: "openid", nonce, state });
  const claims = await client.implicitAuthentication(implicit, await new Browser(user).go(alone), nonce, {
    expectedState: state,
  });
  assert.equal(claims.sub, user.userId);
});

test("a token is traded for one that another server takes", async () => {
  const user = await register();
  const config = await registered();
  const { client_id } = config.clientMetadata();
  const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
  const tokens = await signIn(config, new Browser(user), "openid profile");
  const subject = {
    subject_token: tokens.access_token,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    scope: "profile",
  };
  await assert.rejects(client.genericGrantRequest(config, grant, subject), { error: "unauthorized_client" });
  await operate("client", "allow", client_id, "--grant", "token_exchange");
  await operate("client", "set", client_id, "--resource", "https://api.example/");
  const traded = await client.genericGrantRequest(config, grant, { ...subject, resource: "https://api.example/" });
  assert.equal(traded.scope, "profile");
  assert.equal(traded.issued_token_type, "urn:ietf:params:oauth:token-type:access_token");
});

test("signing out of the application signs out of the site, and every client of the session is told", async () => {
  const user = await register();
  const application = await serve({});
  const config = await registered({
    post_logout_redirect_uris: ["https://app.example/bye"],
    backchannel_logout_uri: `${application.url}/logout`,
    backchannel_logout_session_required: true,
  });
  const browser = new Browser(user);
  const tokens = await signIn(config, browser, "openid");
  const url = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: "https://app.example/bye", id_token_hint: tokens.id_token, state: "so long",
  });
  const back = await browser.go(url);
  assert.deepEqual([back.origin + back.pathname, ...back.searchParams.entries()], [
    "https://app.example/bye", ["state", "so long"],
  ]);
  application.close();

  const { createRemoteJWKSet, jwtVerify } = await import("jose");
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const { payload } = await jwtVerify(application.posted[0].get("logout_token"), keys, {
    issuer: SITE, audience: config.clientMetadata().client_id, typ: "logout+jwt", requiredClaims: ["iat", "exp", "jti"],
  });
  assert.deepEqual([payload.sub, payload.sid, payload.nonce], [user.userId, tokens.claims().sid, undefined]);
  assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} });
  await assert.rejects(signedIn(config, browser, { prompt: "none" }), { error: "login_required" });
});

test("the library's own checks find what they look for, and nothing else", async () => {
  const user = await register();
  const config = await registered();
  const { parameters, expected } = await checks("openid");
  const browser = new Browser(user);
  const back = await browser.go(client.buildAuthorizationUrl(config, parameters));
  assert.deepEqual([...back.searchParams.keys()].sort(), ["code", "iss", "state"]);
  const grant = (url, changed) => client.authorizationCodeGrant(config, url, { ...expected, ...changed });
  await assert.rejects(grant(back, { expectedState: "another" }), { code: "OAUTH_INVALID_RESPONSE" });
  for (const iss of ["https://attacker.example", undefined]) {
    const mixedUp = new URL(back);
    if (iss) mixedUp.searchParams.set("iss", iss);
    else mixedUp.searchParams.delete("iss");
    await assert.rejects(grant(mixedUp), { code: "OAUTH_INVALID_RESPONSE" });
  }
  // Failures so far consumed nothing, nor does a wrong verifier.
  await assert.rejects(grant(back, { pkceCodeVerifier: client.randomPKCECodeVerifier() }), { error: "invalid_grant" });
  const tokens = await grant(back);
  await assert.rejects(grant(back), { error: "invalid_grant" });
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });

  await assert.rejects(signIn(config, browser, "openid", { expectedNonce: "another" }), {
    code: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  });
  const fresh = await signedIn(config, browser, { max_age: "0" }, { maxAge: 0 });
  assert.ok(fresh.claims().auth_time >= tokens.claims().auth_time);
  const unwilling = new Browser(await register(), "deny");
  await assert.rejects(signIn(config, unwilling, "openid"), {
    code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR", error: "access_denied",
  });
  const wrong = await client.discovery(new URL(SITE), config.clientMetadata().client_id, "not its secret",
    client.ClientSecretBasic(), { execute: [client.allowInsecureRequests] });
  await assert.rejects(client.tokenIntrospection(wrong, tokens.access_token), (error) => error.status === 401);
});

test("an ID token that somebody else signed is found out", async () => {
  const user = await register();
  const config = await registered({}, client.enableNonRepudiationChecks);
  const { publicKey } = await keyPair("RS256");
  const { exportJWK } = await import("jose");
  const tampered = async (url, options) => {
    const response = await fetch(url, options);
    if (String(url) !== config.serverMetadata().jwks_uri) return response;
    const { keys } = await response.json();
    const foreign = await exportJWK(publicKey);
    return Response.json({ keys: keys.map((key) => (key.kty === "RSA" ? { ...key, n: foreign.n } : key)) });
  };
  await signIn(config, new Browser(user), "openid");
  const deceived = await registered({}, client.enableNonRepudiationChecks);
  deceived[client.customFetch] = tampered;
  await assert.rejects(signIn(deceived, new Browser(user), "openid"), (error) => {
    assert.match(error.cause.message, /signature verification failed/);
    return true;
  });
});
