// oauth4webapi: each step of the protocol by itself, with its checks in sight; and a resource server beside it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK } from "jose";
import * as oauth from "oauth4webapi";
import { Browser } from "./browser.mjs";
import { DEVICE_GRANT, operate, REDIRECT, register, SITE } from "./site.mjs";

const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(SITE);
const RESOURCE = "https://api.example/";

const discovered = async (algorithm) =>
  oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...http, algorithm }));

async function registered(as, metadata = {}) {
  const usual = {
    client_name: "Anime Diary", redirect_uris: [REDIRECT], grant_types: ["authorization_code", "refresh_token"],
  };
  const response = await oauth.dynamicClientRegistrationRequest(as, { ...usual, ...metadata }, http);
  return oauth.processDynamicClientRegistrationResponse(response);
}

/** The authorization request's parameters, and what is kept until its answer. */
async function begin(client, scope, more = {}) {
  const kept = {
    verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(),
  };
  const parameters = {
    client_id: client.client_id, redirect_uri: REDIRECT, response_type: "code", scope, state: kept.state,
    nonce: kept.nonce, code_challenge: await oauth.calculatePKCECodeChallenge(kept.verifier),
    code_challenge_method: "S256", ...more,
  };
  return { kept, parameters };
}

const address = (as, parameters) => `${as.authorization_endpoint}?${new URLSearchParams(parameters)}`;

/** From the answer to tokens. A nonce for DPoP is asked for first where there is none yet, as the library wants it. */
async function redeem(as, client, auth, back, kept, more = {}) {
  const parameters = oauth.validateAuthResponse(as, client, back, kept.state);
  const redeemed = async () =>
    oauth.processAuthorizationCodeResponse(
      as, client,
      await oauth.authorizationCodeGrantRequest(as, client, auth, parameters, REDIRECT, kept.verifier, { ...http, ...more }),
      { expectedNonce: kept.nonce, requireIdToken: true },
    );
  return withNonce(redeemed);
}

/** Once more, if a proof was to have a nonce: the handle knows it then. */
const withNonce = (call) => call().catch((error) => (oauth.isDPoPNonceError(error) ? call() : Promise.reject(error)));

test("both documents describe the issuer", async () => {
  assert.deepEqual(await discovered("oidc"), await discovered("oauth2"));
  await assert.rejects(async () =>
    oauth.processDiscoveryResponse(new URL("https://id.example"), await oauth.discoveryRequest(issuer, http)),
  );
});

test("every step of the code flow is as the library checks it", async () => {
  const [as, user] = [await discovered("oidc"), await register()];
  const client = await registered(as);
  const auth = oauth.ClientSecretBasic(client.client_secret);
  const { kept, parameters } = await begin(client, "openid profile offline_access", { max_age: "60" });
  const back = await new Browser(user).go(address(as, parameters));
  assert.throws(() => oauth.validateAuthResponse(as, client, back, "another"), { code: oauth.INVALID_RESPONSE });
  const tokens = await redeem(as, client, auth, back, kept);
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, user.userId);

  const info = await oauth.userInfoRequest(as, client, tokens.access_token, http);
  assert.equal((await oauth.processUserInfoResponse(as, client, user.userId, info)).preferred_username, user.username);
  const refresh = async (token) =>
    oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth, token, http));
  const again = await refresh(tokens.refresh_token);
  const introspect = async () => oauth.processIntrospectionResponse(
    as, client, await oauth.introspectionRequest(as, client, auth, again.access_token, http),
  );
  assert.equal((await introspect()).active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, again.refresh_token, http));
  assert.deepEqual(await introspect(), { active: false });
  await assert.rejects(refresh(again.refresh_token), { code: oauth.RESPONSE_BODY_ERROR, error: "invalid_grant" });
});

test("a registration is read, changed and deleted with its token", async () => {
  const as = await discovered("oidc");
  const client = await registered(as);
  const manage = async (method, body) =>
    oauth.protectedResourceRequest(
      client.registration_access_token, method, new URL(client.registration_client_uri),
      new Headers(body && { "content-type": "application/json" }), body && JSON.stringify(body), http,
    );
  assert.equal((await (await manage("GET")).json()).client_id, client.client_id);
  const { registration_access_token, registration_client_uri, client_id_issued_at, client_secret_expires_at, ...rest } = client;
  const changed = await (await manage("PUT", { ...rest, client_name: "Manga Diary" })).json();
  assert.equal(changed.client_name, "Manga Diary");
  client.registration_access_token = changed.registration_access_token ?? client.registration_access_token;
  assert.equal((await manage("DELETE")).status, 204);
  await assert.rejects(manage("GET"), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 });
});

test("a device is told to wait, to slow down, and that its user does not want it", async () => {
  const [as, user] = [await discovered("oidc"), await register()];
  const client = await registered(as, {
    grant_types: [DEVICE_GRANT], response_types: [], redirect_uris: [], token_endpoint_auth_method: "none",
  });
  const auth = oauth.None();
  const codes = await oauth.processDeviceAuthorizationResponse(
    as, client, await oauth.deviceAuthorizationRequest(as, client, auth, { scope: "openid" }, http),
  );
  const poll = async () => oauth.processDeviceCodeResponse(
    as, client, await oauth.deviceCodeGrantRequest(as, client, auth, codes.device_code, http),
  );
  await assert.rejects(poll(), { error: "authorization_pending" });
  await assert.rejects(poll(), { error: "slow_down" });
  await new Browser(user, "deny").go(codes.verification_uri_complete);
  await assert.rejects(poll(), { error: "access_denied" });
});

test("a FAPI 2.0 client's tokens are taken by a resource server that reads them by itself", async () => {
  const [as, user] = [await discovered("oidc"), await register()];
  const keys = await oauth.generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256", use: "sig" };
  const client = await registered(as, { profile: "fapi2", jwks: { keys: [jwk] } });
  await operate("client", "set", client.client_id, "--resource", RESOURCE);
  const key = { key: keys.privateKey, kid: "one" };
  const auth = oauth.PrivateKeyJwt(key);
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const { kept, parameters } = await begin(client, "openid collections:read offline_access", { resource: RESOURCE });
  const request = await oauth.issueRequestObject(as, client, parameters, key);
  const pushed = await withNonce(async () => oauth.processPushedAuthorizationResponse(
    as, client, await oauth.pushedAuthorizationRequest(as, client, auth, { request }, { ...http, DPoP }),
  ));
  const url = address(as, { client_id: client.client_id, request_uri: pushed.request_uri });
  const browser = new Browser(user);
  const tokens = await redeem(as, client, auth, await browser.go(url), kept, { DPoP });
  assert.equal(tokens.token_type, "dpop");
  assert.equal(typeof (await browser.go(url)), "string", "what was pushed is used up: an error page");

  // What the client would send to the resource server, kept instead of sent.
  let sent;
  await oauth.protectedResourceRequest(tokens.access_token, "GET", new URL(RESOURCE), undefined, undefined, {
    DPoP, [oauth.customFetch]: (url, options) => ((sent = new Request(url, options)), Response.json({})),
  });
  const claims = await oauth.validateJwtAccessToken(as, sent, RESOURCE, http);
  assert.deepEqual([claims.client_id, claims.sub], [client.client_id, user.userId]);
  assert.equal(claims.cnf.jkt, await DPoP.calculateThumbprint());
  await assert.rejects(oauth.validateJwtAccessToken(as, sent, "https://other.example/", http), {
    code: oauth.JWT_CLAIM_COMPARISON,
  });
  const bearer = new Request(RESOURCE, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  await assert.rejects(oauth.validateJwtAccessToken(as, bearer, RESOURCE, http));
  const foreign = new Request(RESOURCE, { headers: { authorization: `Bearer ${tokens.id_token}` } });
  await assert.rejects(oauth.validateJwtAccessToken(as, foreign, RESOURCE, http), /typ/);
});
