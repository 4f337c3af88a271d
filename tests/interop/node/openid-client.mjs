// What openid-client's tests have in common.
import * as client from "openid-client";
import { REDIRECT, SITE } from "./site.mjs";

const AUTHENTICATION = {
  client_secret_basic: () => client.ClientSecretBasic(),
  client_secret_post: () => client.ClientSecretPost(),
  none: () => client.None(),
};

/** A client that has discovered the site and registered itself there. */
export async function registered(metadata = {}, ...execute) {
  const method = metadata.token_endpoint_auth_method ?? "client_secret_basic";
  return registeredAs(AUTHENTICATION[method](), { token_endpoint_auth_method: method, ...metadata }, ...execute);
}

/** One that authenticates in a way of its own. */
export async function registeredAs(authentication, metadata, ...execute) {
  const usual = {
    client_name: "Anime Diary", redirect_uris: [REDIRECT], grant_types: ["authorization_code", "refresh_token"],
  };
  return client.dynamicClientRegistration(new URL(SITE), { ...usual, ...metadata }, authentication, {
    execute: [client.allowInsecureRequests, ...execute],
  });
}

export const keyPair = (alg) => client.randomDPoPKeyPair(alg, { extractable: true });

/** An authorization request with all that protects one, and what its answer is checked for. */
export async function checks(scope, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: REDIRECT, scope, state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
  };
  return { parameters, expected: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } };
}

/** The code flow, whole. */
export const signIn = (config, browser, scope, changed) => signedIn(config, browser, { scope }, changed);

/** The code flow with more parameters in its request, more checks, and more of the library's options. */
export async function signedIn(config, browser, more = {}, changed = {}, build = client.buildAuthorizationUrl, options) {
  const { parameters, expected } = await checks("openid", more);
  const back = await browser.go(await build(config, parameters));
  return client.authorizationCodeGrant(config, back, { ...expected, ...changed }, undefined, options);
}
