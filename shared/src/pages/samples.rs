//! A sample of every page: what the tests render in every language, and what `cargo run -p shared --example
//! preview` shows. A new page gets a line here.

use askama::{Error, Template};

use super::{
    Account, AppRow, ApplicationCreated, ApplicationForm, Apps, AskedField, Choice, Collection, CollectionAdd,
    CollectionEntry, CollectionSync, ConflictRow, ConnectBind, ConnectPending, ConnectRefused, ConnectionRow,
    Connections, Consent, ConsentScope, Detail, Device, DeviceConfirm, DeviceDone, EntryRow, EpisodeBox, ErrorPage,
    FormPost, Home, Layout, Login, ProviderLink, Register, SelectAccount, SessionRow, Sessions, Shown, SignOut,
    SignedOut, Tab,
};
use crate::account::{DETAILS, FieldError};
use crate::collection::Field;
use crate::i18n::{Lang, fill};

const HOSTILE: &str = "\"><script>alert('moe')</script><img src=x onerror=alert(1)>";
const CONTINUE: &str = "/oauth2/authorize?client_id=client_abc&scope=openid%20profile&state=x";

/// Every sample in a language: a name for its file, and its HTML.
///
/// # Errors
/// If a template can't be rendered.
pub fn render(lang: Lang) -> Result<Vec<(&'static str, String)>, Error> {
    let m = lang.messages();
    let layout = |user, path| Layout::new(lang, user, "csrf-token", path);
    let visitor = |path| layout(None, path);
    let member = |path| layout(Some("木之本小樱"), path);
    let error = FieldError::new;
    let too_many = fill(m.too_many_attempts, &[("minutes", "5")]);

    let providers = |names: &[&'static str]| {
        let links = names.iter().zip(["bangumi", "weibo", "6park", "own"]);
        links.map(|(name, id)| ProviderLink { id, name, href: format!("/connect/{id}?intent=sign_in") }).collect()
    };
    let register = |errors, error, text| Register {
        layout: visitor("/register"),
        username: text,
        email: text,
        phone: text,
        nickname: text,
        continue_to: Some(CONTINUE),
        providers: providers(&["Bangumi"]),
        errors,
        error,
    };
    let login = |error, client_name, names| Login {
        layout: visitor("/login"),
        username: "sakura_k",
        continue_to: Some(CONTINUE),
        client_name,
        providers: providers(names),
        error,
    };
    let account = |notice, errors, text: Option<&'static str>| Account {
        layout: member("/account"),
        user_id: "k3v7mq2xw5p4zr6tnajd4hs2fe",
        created_at: "2026-11-21T15:00:00Z",
        nickname: text.unwrap_or("木之本小樱"),
        username: text.unwrap_or("sakura_k"),
        email: text.unwrap_or("sakura@example.org"),
        email_verified: true,
        phone: text.unwrap_or("+8613800138000"),
        phone_verified: false,
        avatar: text.unwrap_or("https://example.org/kero.png"),
        intro: text.unwrap_or("绝对没问题的！\nEverything will surely be all right."),
        details: DETAILS
            .iter()
            .map(|detail| Detail { name: detail.name, value: text.unwrap_or_default().into() })
            .collect(),
        passwordless: false,
        sign_in_again: false,
        notice,
        errors,
        error: None,
    };
    let bind = |provider, user, continue_to| ConnectBind {
        layout: member("/connect/bangumi?intent=bind"),
        provider_id: "bangumi",
        provider,
        user,
        continue_to,
    };
    let pending = |provider, link_to: Option<&'static str>, errors, error, text| ConnectPending {
        layout: layout(link_to, "/connect/bangumi/pending"),
        provider_id: "bangumi",
        provider,
        link_to,
        login_href: "/login?continue=%2Fconnect%2Fbangumi%2Fpending",
        username: text,
        email: text,
        phone: text,
        nickname: text,
        errors,
        error,
    };
    let refused = |provider, message, again_href, binding| ConnectRefused {
        layout: visitor("/"),
        provider,
        message,
        again_href,
        other_href: if binding { "/connections" } else { "/login" },
        binding,
    };
    let connection = |name: &str, provider: &str, broken: bool| ConnectionRow {
        provider: provider.to_owned(),
        name: name.to_owned(),
        linked_at: "2026-11-20T08:13:20Z".to_owned(),
        broken_since: broken.then(|| "2026-11-21T15:00:00Z".to_owned()),
        can_bind_again: broken,
    };
    let connections = |bound, available, notice, error| Connections {
        layout: member("/connections"),
        bound,
        available,
        notice,
        error,
    };
    let consent = |client_name, client_host, redirect_host, scopes| Consent {
        layout: member("/oauth2/authorize"),
        client_name,
        client_host,
        document_host: None,
        redirect_host,
        scopes,
        minutes: 10,
        user: "木之本小樱",
        request: "sealed-request",
        switch_href: "/login?continue=%2F",
    };
    let scopes = |names: &'static str, granted: &'static [&'static str]| {
        names.split(' ').map(|name| ConsentScope { name, granted: granted.contains(&name) }).collect::<Vec<_>>()
    };
    let application = |errors, text| ApplicationForm {
        layout: member("/oauth2/register"),
        client_name: text,
        redirect_uri: text,
        public: true,
        errors,
        error: None,
    };
    let created = |client_name, client_secret| ApplicationCreated {
        layout: member("/oauth2/register"),
        client_name,
        client_id: "client_k3v7mq2xw5p4zr6tnajd4hs2fe",
        client_secret,
        issuer: "https://id.example.org",
    };
    let form_post = |text: &'static str| FormPost {
        layout: visitor("/"),
        action: "https://app.zhuifan.example/cb?from=bangumoe&x=1",
        destination: "app.zhuifan.example",
        fields: vec![("code", "AQAB-_"), ("state", text), ("iss", "https://id.example.org")],
    };
    let app = |name: &str, host: Option<&str>, client_id: &str| AppRow {
        client_id: client_id.to_owned(),
        name: name.to_owned(),
        host: host.map(str::to_owned),
        document_host: None,
        scopes: vec!["openid", "profile", "offline_access", "collections:read"],
        since: "2026-11-21T15:00:00Z".to_owned(),
    };
    let apps = |apps, next_href, notice| Apps { layout: member("/account/apps"), apps, next_href, notice, error: None };
    let session = |browser: Option<&str>, current, session_id: &str| SessionRow {
        session_id: session_id.to_owned(),
        browser: browser.map(str::to_owned),
        current,
        signed_in_at: "2026-11-20T08:13:20Z".to_owned(),
        last_seen_at: "2026-11-21T15:00:00Z".to_owned(),
    };
    let sessions = |sessions, next_href, error| Sessions {
        layout: member("/account/sessions"),
        sessions,
        next_href,
        notice: None,
        error,
    };
    let device = |client_name, client_host| DeviceConfirm {
        layout: member("/device?user_code=WDJB-MJHT"),
        client_name,
        client_host,
        document_host: None,
        user_code: "WDJB-MJHT",
        scopes: vec!["openid", "profile", "offline_access", "collections:read"],
        minutes: client_host.is_none().then_some(10),
        user: "木之本小樱",
        request: "sealed-request",
    };
    let failed = |status, detail| ErrorPage::of_status(visitor("/nowhere"), status, detail);

    let mut samples = vec![
        ("home", Home { layout: visitor("/") }.render()?),
        ("home-signed-in", Home { layout: member("/") }.render()?),
        ("home-hostile", Home { layout: layout(Some(HOSTILE), "/?a=\"><script>") }.render()?),
        ("register", register(vec![], None, "").render()?),
        (
            "register-errors",
            register(
                vec![
                    error("identifier", "need_identifier"),
                    error("username", "taken"),
                    error("email", "invalid_email"),
                    error("phone", "invalid_phone"),
                    error("password", "too_short"),
                ],
                None,
                HOSTILE,
            )
            .render()?,
        ),
        ("login", login(None, Some("追番小助手"), &["Bangumi", "微博", "留园网", HOSTILE][..]).render()?),
        ("login-failed", login(Some(m.login_failed), None, &["Bangumi"]).render()?),
        ("login-too-many", login(Some(&too_many), Some(HOSTILE), &[]).render()?),
        (
            "select-account",
            SelectAccount {
                layout: member("/oauth2/authorize"),
                current: "木之本小樱",
                client_name: Some("追番小助手"),
                continue_href: "/oauth2/authorize?request=sealed",
                other_href: "/login?continue=%2F",
            }
            .render()?,
        ),
        ("connect-bind", bind("Bangumi", "木之本小樱", None).render()?),
        ("connect-bind-hostile", bind(HOSTILE, HOSTILE, Some(CONTINUE)).render()?),
        ("connect-pending", pending("Bangumi", None, vec![], None, "").render()?),
        (
            "connect-pending-errors",
            pending(
                HOSTILE,
                None,
                vec![
                    error("identifier", "need_identifier"),
                    error("username", "taken"),
                    error("email", "invalid_email"),
                    error("phone", "invalid_phone"),
                    error("nickname", "too_long"),
                ],
                None,
                HOSTILE,
            )
            .render()?,
        ),
        ("connect-pending-too-many", pending("微博", None, vec![], Some(&too_many), "sakura_k").render()?),
        ("connect-pending-link", pending("Bangumi", Some("木之本小樱"), vec![], None, "").render()?),
        ("connect-pending-link-hostile", pending(HOSTILE, Some(HOSTILE), vec![], None, "").render()?),
        ("connect-denied", refused("Bangumi", m.connect_denied, Some("/connect/bangumi"), false).render()?),
        ("connect-unavailable", refused("Bangumi", m.connect_unavailable, Some(""), true).render()?),
        ("connect-foreign", refused(HOSTILE, m.connect_foreign, None, true).render()?),
        ("account", account(None, vec![], None).render()?),
        ("account-saved", account(Some(m.account_saved), vec![], None).render()?),
        (
            "account-errors",
            account(
                None,
                vec![
                    error("identifier", "last_identifier"),
                    error("nickname", "too_long"),
                    error("avatar", "invalid_url"),
                    error("intro", "too_long"),
                    error("birthdate", "invalid_birthdate"),
                    error("address.formatted", "too_long"),
                    error("old_password", "wrong_password"),
                    error("new_password", "too_common"),
                    error("password", "wrong_password"),
                ],
                Some(HOSTILE),
            )
            .render()?,
        ),
        (
            "account-passwordless",
            Account {
                passwordless: true,
                sign_in_again: true,
                error: Some(m.fresh_needed),
                ..account(None, vec![], None)
            }
            .render()?,
        ),
        ("connections-none", connections(vec![], vec![], Some(m.connections_unbound), None).render()?),
        (
            "connections",
            connections(
                vec![connection("Bangumi", "bangumi", true), connection("微博", "weibo", false)],
                vec![("github", "GitHub"), ("lianluo", "联络")],
                None,
                Some(m.connections_last_way),
            )
            .render()?,
        ),
        (
            "connections-hostile",
            connections(vec![connection(HOSTILE, "x", true)], vec![("y", HOSTILE)], None, Some(HOSTILE)).render()?,
        ),
        ("apps-none", apps(vec![], None, Some(m.apps_withdrawn)).render()?),
        (
            "apps",
            apps(
                vec![
                    app("追番小助手", Some("zhuifan.example"), "client_a"),
                    app(HOSTILE, Some(HOSTILE), "client_b"),
                    app("client_c", None, "client_c"),
                ],
                Some("/account/apps?after=client_c"),
                None,
            )
            .render()?,
        ),
        ("sessions-one", sessions(vec![session(Some("Firefox, Linux"), true, "a")], None, None).render()?),
        (
            "sessions",
            sessions(
                vec![
                    session(Some("Safari, iPhone"), true, "a"),
                    session(Some(HOSTILE), false, "b"),
                    session(None, false, "c"),
                ],
                Some("/account/sessions?after=c"),
                Some(m.expired_form),
            )
            .render()?,
        ),
        (
            "consent",
            consent(
                "追番小助手",
                Some("zhuifan.example"),
                "app.zhuifan.example",
                scopes("openid profile collections:read collections:write", &[]),
            )
            .render()?,
        ),
        (
            "consent-wider",
            consent(
                "追番小助手",
                None,
                "127.0.0.1:51004",
                scopes("openid profile email phone address offline_access collections:read", &["openid", "profile"]),
            )
            .render()?,
        ),
        ("consent-hostile", consent(HOSTILE, Some(HOSTILE), HOSTILE, scopes("openid strange:scope", &[])).render()?),
        (
            "consent-document",
            Consent {
                document_host: Some("app.zhuifan.example:8443"),
                ..consent("追番小助手", Some("elsewhere.example"), "127.0.0.1:51004", scopes("openid profile", &[]))
            }
            .render()?,
        ),
        (
            "sign-out",
            SignOut {
                layout: member("/account"),
                client_name: Some("追番小助手"),
                user: "木之本小樱",
                request: "sealed-request",
            }
            .render()?,
        ),
        (
            "sign-out-hostile",
            SignOut {
                layout: member("/account"),
                client_name: Some(HOSTILE),
                user: HOSTILE,
                request: "sealed-request",
            }
            .render()?,
        ),
        ("signed-out", SignedOut { layout: visitor("/"), client_name: None }.render()?),
        ("signed-out-of", SignedOut { layout: visitor("/"), client_name: Some(HOSTILE) }.render()?),
        ("device", Device { layout: member("/device"), user_code: "", error: None }.render()?),
        (
            "device-unknown",
            Device { layout: member("/device"), user_code: HOSTILE, error: Some(m.device_unknown) }.render()?,
        ),
        ("device-confirm", device("追番电视", Some("zhuifan.example")).render()?),
        (
            "device-confirm-document",
            DeviceConfirm { document_host: Some("zhuifan.example"), ..device("追番电视", None) }.render()?,
        ),
        ("device-confirm-hostile", device(HOSTILE, Some(HOSTILE)).render()?),
        ("device-allowed", DeviceDone { layout: member("/device"), allowed: true }.render()?),
        ("device-denied", DeviceDone { layout: member("/device"), allowed: false }.render()?),
        ("application-form", application(vec![], "").render()?),
        (
            "application-form-errors",
            application(vec![error("client_name", "required"), error("redirect_uri", "invalid_url")], HOSTILE)
                .render()?,
        ),
        ("application-created", created("追番小助手", Some("gX0p0Yc1u2Vb9mB6k4n3QwqWZkq7n2h5bS1sT8rYt0E")).render()?),
        ("application-created-public", created(HOSTILE, None).render()?),
        ("form-post", form_post("xyz").render()?),
        ("form-post-hostile", form_post(HOSTILE).render()?),
        ("error", failed(404, None).render()?),
        ("error-detail", failed(400, Some("invalid_request: redirect_uri isn't registered")).render()?),
        ("error-unavailable", failed(503, Some(HOSTILE)).render()?),
    ];
    samples.extend(collection(lang)?);
    Ok(samples)
}

/// The collection's pages.
fn collection(lang: Lang) -> Result<Vec<(&'static str, String)>, Error> {
    let m = lang.messages();
    let layout = |path| Layout::new(lang, Some("木之本小樱"), "csrf-token", path);
    let work = |subject_id, title: &str, cover: Option<&str>| Shown {
        subject_id,
        title: title.to_owned(),
        original: Some("CLANNAD".to_owned()),
        cover: cover.map(str::to_owned),
        year: Some(2007),
    };
    let row = |work, rating, watched, total| EntryRow { work, status: m.status_watching, rating, watched, total };
    let choice = |value: &str, name: &str, chosen| Choice { value: value.to_owned(), name: name.to_owned(), chosen };
    let tab = |name, current| Tab { href: "/me/collections".to_owned(), name, current };
    let list = |rows, error| Collection {
        layout: layout("/me/collections"),
        tabs: vec![tab(m.collection_all, true), tab(m.status_watching, false), tab(m.status_done, false)],
        status: "",
        words: HOSTILE,
        orders: vec![choice("-updated_at", m.sort_updated_at, true), choice("title", m.sort_title, false)],
        rows,
        next_href: Some("/me/collections?cursor=sealed".to_owned()),
        is_search: false,
        error,
    };
    let episode =
        |id: u32, done, main| EpisodeBox { id, number: id.to_string(), title: HOSTILE.to_owned(), done, main };
    let entry = |title: &str, is_collected, errors| CollectionEntry {
        layout: layout("/me/collections/12"),
        work: work(12, title, Some("https://lain.bgm.tv/r/200/pic/cover/l/c2/0a/12_24O6L.jpg")),
        is_collected,
        can_return: !is_collected,
        statuses: vec![choice("watching", m.status_watching, true), choice("done", m.status_done, false)],
        ratings: vec![choice("", m.entry_no_rating, false), choice("9", "9", true)],
        comment: title.to_owned(),
        tags: title.to_owned(),
        private: true,
        rewatch_count: "1".to_owned(),
        started_at: "2026-01-01".to_owned(),
        finished_at: String::new(),
        episodes: is_collected.then(|| (1..=13).map(|id| episode(id, id < 8, id < 13)).collect()),
        offers_done: is_collected,
        notice: is_collected.then_some(m.entry_saved),
        errors,
        error: None,
    };
    let sync = |state, words: &str, conflicts, setback| CollectionSync {
        layout: layout("/me/collections/sync"),
        state,
        words: words.to_owned(),
        setback,
        last: Some(words.to_owned()),
        last_at: Some("2026-11-21T15:00:00Z".to_owned()),
        next_at: Some("2026-11-22T15:00:00Z".to_owned()),
        settings: vec![("direction", m.sync_direction, vec![choice("both", m.sync_both, true)])],
        conflicts,
        error: None,
    };
    let asked = |here: &str| AskedField {
        field: Field::Rating,
        name: m.entry_rating,
        here: here.to_owned(),
        there: "8".to_owned(),
    };
    let conflict = |title| ConflictRow { work: work(12, title, None), fields: vec![asked("9"), asked(title)] };
    let too_long = vec![FieldError::new("comment", "too_long"), FieldError::new("tags", "invalid_tags")];
    let found = |titles: &[&str]| Some(titles.iter().map(|title| work(12, title, None)).collect());
    let add = |words, found, error| CollectionAdd { layout: layout("/me/collections/add"), words, found, error };
    Ok(vec![
        ("collection-empty", list(vec![], None).render()?),
        (
            "collection",
            list(
                vec![
                    row(work(12, "团子大家族", None), Some(9), 7, Some(22)),
                    row(work(13, HOSTILE, None), None, 3, None),
                ],
                Some(m.unavailable),
            )
            .render()?,
        ),
        ("collection-entry", entry("团子大家族", true, vec![]).render()?),
        ("collection-entry-hostile", entry(HOSTILE, false, too_long).render()?),
        ("collection-add", add("", None, None).render()?),
        ("collection-add-found", add("CLANNAD", found(&["团子大家族", HOSTILE]), None).render()?),
        ("collection-add-none", add(HOSTILE, found(&[]), Some(m.unavailable)).render()?),
        ("collection-sync", sync("idle", m.sync_idle, vec![conflict("团子大家族"), conflict(HOSTILE)], None).render()?),
        ("collection-sync-unbound", sync("unbound", m.sync_unbound, vec![], None).render()?),
        ("collection-sync-attention", sync("attention", m.sync_attention, vec![], Some(m.sync_setback)).render()?),
    ])
}
