//! Which crate answers for which function of the template.
//!
//! Architecture invariant: this is the one place outside `template.yaml` that lists the functions, and a test holds the
//! two together.

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use shared::app::App;
use shared::lambda::Error;

/// A scheduled function, run once.
pub type Run = fn(App) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// The functions that answer over HTTP.
pub fn routers() -> Vec<(&'static str, Router<App>)> {
    vec![
        ("account", account::router()),
        ("authorize", authorize::router()),
        ("bangumi-callback", bangumi_callback::router()),
        ("clients", clients::router()),
        ("collections", collections::router()),
        ("connect", connect::router()),
        ("connections", connections::router()),
        ("device", device::router()),
        ("discovery", discovery::router()),
        ("end-session", end_session::router()),
        ("inspect", inspect::router()),
        ("login", login::router()),
        ("pages", pages::router()),
        ("par", par::router()),
        ("register", register::router()),
        ("subjects", subjects::router()),
        ("token", token::router()),
        ("userinfo", userinfo::router()),
    ]
}

/// The functions that run by the clock.
pub fn scheduled() -> Vec<(&'static str, Run)> {
    vec![
        ("rotate-keys", |app| Box::pin(rotate_keys::run(app))),
        ("sweep", |app| Box::pin(sweep::run(app))),
        ("sync", |app| Box::pin(sync::run(app))),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::template::Template;

    #[test]
    fn the_template_and_this_list_name_the_same_functions() {
        let template = Template::embedded().unwrap();
        let declared: BTreeSet<_> = template.routes.iter().map(|route| route.function.as_str()).collect();
        let known: BTreeSet<_> = routers().into_iter().map(|(name, _)| name).collect();
        assert_eq!(declared, known, "functions with routes");
        let declared: BTreeSet<_> = template.schedules.iter().map(|schedule| schedule.function.as_str()).collect();
        let known: BTreeSet<_> = scheduled().into_iter().map(|(name, _)| name).collect();
        assert_eq!(declared, known, "functions with schedules");
    }
}
