// openid-client with keys: private_key_jwt, signed and pushed requests, DPoP, the FAPI 2.0 Security Profile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK } from "jose";
import * as client from "openid-client";
import { Browser } from "./browser.mjs";
import { keyPair, registered, registeredAs, signedIn } from "./openid-client.mjs";
import { register, serve, SITE } from "./site.mjs";

const jwk = async ({ publicKey }, alg, kid) => ({ ...(await exportJWK(publicKey)), alg, kid, use: "sig" });
const dpop = async (config, alg) => ({ DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair(alg)) });

for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
  test(`a client proves itself with ${alg}, by a registered key and by one that is fetched`, async () => {
    const user = await register();
    const keys = await keyPair(alg);
    const jwks = { keys: [await jwk(keys, alg, "one")] };
    const home = await serve({ "/keys": jwks });
    for (const where of [{ jwks }, { jwks_uri: `${home.url}/keys` }]) {
      const authentication = client.PrivateKeyJwt({ key: keys.privateKey, kid: "one" });
      const metadata = { token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: alg, ...where };
      const config = await registeredAs(authentication, metadata);
      const tokens = await signedIn(config, new Browser(user), { scope: "openid offline_access" });
      assert.equal(tokens.claims().sub, user.userId);
      const again = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal((await client.tokenIntrospection(config, again.access_token)).active, true);
      await client.tokenRevocation(config, again.access_token);
      assert.equal((await client.tokenIntrospection(config, again.access_token)).active, false);
    }
    const stranger = client.PrivateKeyJwt({ key: (await keyPair(alg)).privateKey, kid: "one" });
    const metadata = { token_endpoint_auth_method: "private_key_jwt", grant_types: ["client_credentials"], jwks };
    const config = await registeredAs(stranger, { ...metadata, response_types: [], redirect_uris: [] });
    await assert.rejects(client.clientCredentialsGrant(config), (error) => error.status === 401);
    home.close();
  });

  test(`a request that is signed with ${alg} is pushed, sent by value, and fetched`, async () => {
    const user = await register();
    const keys = await keyPair(alg);
    const home = await serve({});
    const config = await registered({
      jwks: { keys: [await jwk(keys, alg, "one")] }, request_object_signing_alg: alg, require_signed_request_object: true,
      request_uris: [`${home.url}/request`],
    });
    const signed = (config, parameters) =>
      client.buildAuthorizationUrlWithJAR(config, parameters, { key: keys.privateKey, kid: "one" });
    const browser = new Browser(user);
    const byValue = await signedIn(config, browser, {}, {}, signed);
    assert.equal(byValue.claims().sub, user.userId);
    await signedIn(config, browser, {}, {}, async (config, parameters) => {
      const request = (await signed(config, parameters)).searchParams.get("request");
      return client.buildAuthorizationUrlWithPAR(config, { request });
    });
    const fetched = await signedIn(config, browser, {}, {}, async (config, parameters) => {
      const request = (await signed(config, parameters)).searchParams.get("request");
      home.documents["/request"] = { type: "application/oauth-authz-req+jwt", text: request };
      const plain = { client_id: config.clientMetadata().client_id, response_type: "code", scope: "openid" };
      const url = new URL(config.serverMetadata().authorization_endpoint);
      url.search = new URLSearchParams({ ...plain, request_uri: `${home.url}/request` });
      return url;
    });
    assert.equal(fetched.claims().sub, user.userId);
    home.close();
    // Without a signature it is no request of this client's.
    await assert.rejects(signedIn(config, browser), { error: "invalid_request" });
  });
}

for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
  test(`tokens are bound to a key of ${alg}`, async () => {
    const user = await register();
    const config = await registered({ dpop_bound_access_tokens: true });
    const proof = await dpop(config, alg);
    const tokens = await signedIn(
      config, new Browser(user), { scope: "openid profile offline_access" }, {}, client.buildAuthorizationUrl, proof,
    );
    assert.equal(tokens.token_type, "dpop");
    const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, proof);
    const info = await client.fetchUserInfo(config, again.access_token, user.userId, proof);
    assert.equal(info.preferred_username, user.username);
    const jkt = await proof.DPoP.calculateThumbprint();
    assert.equal((await client.tokenIntrospection(config, again.access_token)).cnf.jkt, jkt);
    await assert.rejects(client.fetchUserInfo(config, again.access_token, user.userId), (error) => error.status === 401);
    const thief = await dpop(config, alg);
    await assert.rejects(client.fetchUserInfo(config, again.access_token, user.userId, thief), (error) => {
      assert.deepEqual([error.status, error.cause[0].scheme], [401, "dpop"]);
      return true;
    });
    await assert.rejects(client.refreshTokenGrant(config, again.refresh_token), { error: "invalid_dpop_proof" });
  });
}

for (const alg of ["PS256", "ES256", "EdDSA"]) {
  test(`a FAPI 2.0 client pushes, proves and binds with ${alg}`, async () => {
    const user = await register();
    const keys = await keyPair(alg);
    const authentication = client.PrivateKeyJwt({ key: keys.privateKey, kid: "one" });
    const config = await registeredAs(authentication, {
      profile: "fapi2", jwks: { keys: [await jwk(keys, alg, "one")] }, id_token_signed_response_alg: "ES256",
    });
    const metadata = config.clientMetadata();
    assert.ok(metadata.require_pushed_authorization_requests && metadata.dpop_bound_access_tokens);
    const proof = await dpop(config, alg);
    const pushed = (config, parameters) => client.buildAuthorizationUrlWithPAR(config, parameters, proof);
    const browser = new Browser(user);
    const scope = { scope: "openid profile offline_access" };
    const tokens = await signedIn(config, browser, scope, {}, pushed, proof);
    assert.equal(tokens.claims().sub, user.userId);
    // FAPI 2.0 Security Profile §5.3.2.1, item 9: no rotation.
    const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, proof);
    assert.equal(again.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
    assert.equal((await client.fetchUserInfo(config, again.access_token, user.userId, proof)).sub, user.userId);
    await assert.rejects(signedIn(config, browser, scope), { error: "invalid_request" });
    // The code is bound to the key that pushed: another's proof does not redeem it.
    await assert.rejects(signedIn(config, browser, scope, {}, pushed, await dpop(config, alg)), { status: 400 });
  });
}

for (const alg of ["RS256", "ES256", "EdDSA"]) {
  test(`ID tokens and userinfo are signed with ${alg}, for somebody whom no other client knows`, async () => {
    const user = await register();
    const metadata = {
      id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg, subject_type: "pairwise",
    };
    const config = await registered(metadata, client.enableNonRepudiationChecks);
    const tokens = await signedIn(config, new Browser(user), { scope: "openid profile" });
    const { sub } = tokens.claims();
    assert.notEqual(sub, user.userId);
    const info = await client.fetchUserInfo(config, tokens.access_token, sub);
    assert.deepEqual([info.sub, info.iss, info.preferred_username], [sub, SITE, user.username]);
  });
}
