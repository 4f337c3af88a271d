//! Real client libraries as the third party. `tests/interop` has those of other languages.

mod plain_oauth;

use std::time::{Duration, UNIX_EPOCH};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreClientRegistrationRequest, CoreGrantType,
    CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::registration::EmptyAdditionalClientMetadata;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientName, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
};
use tests::TestSite;
use tests::flow::REDIRECT;

/// The library's requests over our HTTP client.
async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = HttpResponse::default();
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

/// It discovers, registers by itself, sends its user to sign in, and checks all that it can.
#[tokio::test]
async fn openidconnect_signs_its_user_in_by_each_way_of_authenticating() {
    for auth_method in
        [CoreClientAuthMethod::ClientSecretBasic, CoreClientAuthMethod::ClientSecretPost, CoreClientAuthMethod::None]
    {
        let site = TestSite::start().await;
        let user = site.register("sakura").await;
        let client = site.http.clone();
        let http = move |request| send(client.clone(), request);

        let issuer = IssuerUrl::new(site.issuer().to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
        let redirect = RedirectUrl::new(REDIRECT.to_owned()).unwrap();
        let request =
            CoreClientRegistrationRequest::new(vec![redirect.clone()], EmptyAdditionalClientMetadata::default())
                .set_client_name(Some([(None, ClientName::new("Anime Diary".to_owned()))].into_iter().collect()))
                .set_grant_types(Some(vec![CoreGrantType::AuthorizationCode, CoreGrantType::RefreshToken]))
                .set_token_endpoint_auth_method(Some(auth_method.clone()));
        let registration = metadata.registration_endpoint().unwrap().clone();
        let registered = request.register_async(&registration, &http).await.unwrap();
        assert_eq!(registered.token_endpoint_auth_method(), Some(&auth_method));
        let secret = registered.client_secret().cloned();
        assert_eq!(secret.is_none(), auth_method == CoreClientAuthMethod::None);
        let client = CoreClient::from_provider_metadata(metadata, registered.client_id().clone(), secret)
            .set_redirect_uri(redirect)
            .set_auth_type(match auth_method {
                CoreClientAuthMethod::ClientSecretPost => openidconnect::AuthType::RequestBody,
                _ => openidconnect::AuthType::BasicAuth,
            });

        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let browser = site.browser();
        // A stranger to the site: sign-in page, then back into the request, then consent.
        let sent_to_login = browser.open(url.as_str()).await;
        let page = browser.open(&site.url(sent_to_login.location())).await;
        let signed_in = browser.fill_login(&page, &user).await;
        let consent = browser.open(&site.url(signed_in.location())).await;
        assert!(consent.body.contains("Anime Diary"), "{}", consent.body);
        let back = browser.decide(&consent, "allow").await;
        assert_eq!(back.parameter("state").as_ref(), Some(state.secret()));
        assert_eq!(back.parameter("iss").as_deref(), Some(site.issuer()));

        let code = AuthorizationCode::new(back.parameter("code").unwrap());
        let tokens =
            client.exchange_code(code).unwrap().set_pkce_verifier(verifier).request_async(&http).await.unwrap();
        // The library checks times by the machine's clock unless told otherwise.
        let clock = site.clock.clone();
        let now = move || (UNIX_EPOCH + Duration::from_secs(clock.now().0.unsigned_abs())).into();
        let id_verifier = client.id_token_verifier().set_time_fn(now);
        let id_token = tokens.id_token().unwrap();
        let claims = id_token.claims(&id_verifier, &nonce).unwrap();
        assert_eq!(claims.subject().as_str(), user.user_id);
        let key = id_token.signing_key(&id_verifier).unwrap();
        let hash = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg().unwrap(), key).unwrap();
        assert_eq!(claims.access_token_hash(), Some(&hash));
        assert!(id_token.claims(&id_verifier, &Nonce::new_random()).is_err(), "the library does look at the nonce");

        site.clock.advance(3600);
        let refreshed =
            client.exchange_refresh_token(tokens.refresh_token().unwrap()).unwrap().request_async(&http).await.unwrap();
        let fresh = refreshed.id_token().unwrap();
        let no_nonce =
            |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err("a refreshed ID token has a nonce".to_owned()));
        let again = fresh.claims(&id_verifier, no_nonce).unwrap();
        assert_eq!((again.subject(), again.auth_time()), (claims.subject(), claims.auth_time()));

        let userinfo = client.user_info(refreshed.access_token().clone(), Some(claims.subject().clone())).unwrap();
        let info: CoreUserInfoClaims = userinfo.request_async(&http).await.unwrap();
        assert_eq!(info.preferred_username().map(|name| name.as_str()), Some("sakura"));
        assert_eq!(info.email().map(|email| email.as_str()), Some("sakura@moe.example"));
        assert_eq!(info.email_verified(), Some(false));
    }
}
