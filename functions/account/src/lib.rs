//! One's own account: the page and its JSON.

mod apps;
mod page;
mod sessions;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete as deleting, get, post};
use http::StatusCode;
use serde_json::{Map, Value};
use shared::account::{Changes, FieldError, Password, Session, User};
use shared::app::App;
use shared::http::bearer::Caller;
use shared::http::cookies::Cookie;
use shared::http::sign_out::Farewell;
use shared::http::{Incoming, Problem, empty, fresh, json, sign_in};
use shared::id::Attempt;
use shared::store::users::Taken;

/// The function's routes. Forms of a page can only POST: `/account` and `/account/delete` are what PATCH and DELETE are
/// in JSON.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/account", get(show).patch(change).delete(delete).post(page::change))
        .route("/account/password", post(change_password))
        .route("/account/delete", post(page::delete))
        .route("/account/apps", get(apps::show).post(apps::submit))
        .route("/account/apps/{client_id}", deleting(apps::withdraw))
        .route("/account/sessions", get(sessions::show).post(sessions::submit).delete(sessions::end_others))
        .route("/account/sessions/{session_id}", deleting(sessions::end))
}

async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    if incoming.wants_html() {
        return page::show(&app, &incoming).await;
    }
    let answer = async {
        let caller = caller(&app, &incoming).await?;
        Ok::<_, Problem>(json(StatusCode::OK, &caller.0.to_json()))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn change(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let (user, session) = caller(&app, &incoming).await?;
        let changed = update(&app, user, &session, &incoming.json_object()?).await?;
        Ok::<_, Problem>(json(StatusCode::OK, &changed.to_json()))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn delete(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let (user, session) = caller(&app, &incoming).await?;
        remove(&app, &user, &session, &incoming.json_object()?).await?;
        let mut response = empty(StatusCode::NO_CONTENT);
        Cookie::Session.clear(&mut response, &app.config.issuer);
        Ok::<_, Problem>(response)
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn change_password(State(app): State<App>, incoming: Incoming) -> Response {
    if incoming.body_kind() == shared::http::incoming::BodyKind::Form {
        return page::change_password(&app, &incoming).await;
    }
    let answer = async {
        let (user, session) = caller(&app, &incoming).await?;
        renew_password(&app, &user, &session, &incoming.json_object()?).await?;
        Ok::<_, Problem>(empty(StatusCode::NO_CONTENT))
    };
    answer.await.unwrap_or_else(|problem| problem.render(&incoming))
}

async fn caller(app: &App, incoming: &Incoming) -> Result<(User, Session), Problem> {
    let site = app.site().await?;
    let caller = Caller::require(app, &site, incoming).await?;
    let session = caller.own_session()?.clone();
    Ok((caller.user, session))
}

/// Changes the profile as `object` says. Another e-mail address or phone number, which is where whoever forgot how to
/// sign in will be reached, wants a recent sign-in.
async fn update(app: &App, user: User, session: &Session, object: &Map<String, Value>) -> Result<User, Problem> {
    let changes = Changes::parse(object).map_err(Problem::invalid)?;
    let mut before = user;
    // Somebody else's change may come between: two tabs. Then ours is made on top of it.
    for _ in 0..3 {
        let after = changes.apply(&before, app.clock.now()).map_err(Problem::invalid)?;
        if (User { updated_at: before.updated_at, ..after.clone() }) == before {
            return Ok(before);
        }
        if (&after.email, &after.phone) != (&before.email, &before.phone) {
            fresh::check(app, session)?;
        }
        match app.store.update_user(&before, &after, Attempt::new(&app.entropy)).await? {
            Taken::Done => return Ok(after),
            Taken::Already(kinds) => {
                let errors = kinds.into_iter().map(|kind| FieldError::new(kind.as_str(), "taken")).collect();
                let problem = Problem::new(StatusCode::CONFLICT, "some of these belong to another account");
                return Err(Problem { errors, ..problem });
            }
            Taken::Stale => {
                let again = app.store.find_user(before.user_id).await?;
                before = again.filter(User::is_active).ok_or_else(Problem::not_signed_in)?;
            }
        }
    }
    Err(changing())
}

fn changing() -> Problem {
    Problem::new(StatusCode::CONFLICT, "the account is being changed elsewhere: try again")
}

fn wrong_password(field: &'static str) -> Problem {
    let errors = vec![FieldError::new(field, "wrong_password")];
    Problem { errors, ..Problem::new(StatusCode::FORBIDDEN, "the password is wrong") }
}

fn password_of<'a>(object: &'a Map<String, Value>, names: [&'static str; 2]) -> Result<&'a str, Problem> {
    let value = names.iter().find_map(|name| object.get(*name)).and_then(Value::as_str);
    let [field, _] = names;
    value.filter(|text| !text.is_empty()).ok_or_else(|| Problem::invalid(vec![FieldError::new(field, "required")]))
}

/// Deletes the account, for whoever knows its password or, where there is none, has just signed in.
async fn remove(app: &App, user: &User, session: &Session, object: &Map<String, Value>) -> Result<(), Problem> {
    if user.passwordless {
        fresh::check(app, session)?;
    } else {
        let password = password_of(object, ["password", "password"])?;
        if sign_in::check_own(app, user, password).await?.is_none() {
            return Err(wrong_password("password"));
        }
    }
    let farewell = Farewell::of(app, user.user_id, |_| true).await?;
    let logout = farewell.as_ref().map(|farewell| &farewell.logout);
    let links = app.store.list_links(user.user_id).await?;
    if !app.store.delete_user(user, &links, logout, app.clock.now(), Attempt::new(&app.entropy)).await? {
        return Err(changing());
    }
    if let Some(farewell) = farewell {
        farewell.tell(app, &*app.site().await?).await;
    }
    Ok(())
}

/// Changes the password; every session but this one, and every token, is dead. Who has none yet chooses their first,
/// after a recent sign-in.
async fn renew_password(app: &App, user: &User, kept: &Session, object: &Map<String, Value>) -> Result<(), Problem> {
    let old = if user.passwordless {
        fresh::check(app, kept)?;
        None
    } else {
        Some(password_of(object, ["old_password", "old"])?)
    };
    let new = Password::new(password_of(object, ["new_password", "new"])?);
    if let Err(problem) = new.acceptable() {
        return Err(Problem::invalid(vec![FieldError::new("new_password", problem.code())]));
    }
    let stored = match old {
        Some(old) => Some(sign_in::check_own(app, user, old).await?.ok_or_else(|| wrong_password("old_password"))?),
        None => None,
    };
    let hash = new.hash(&app.hashers).await;
    let kept = kept.session_id;
    let farewell = Farewell::of(app, user.user_id, |session| session != kept).await?;
    let logout = farewell.as_ref().map(|farewell| &farewell.logout);
    let attempt = Attempt::new(&app.entropy);
    let done = match &stored {
        Some(stored) => app.store.change_password(user, stored, hash, kept, logout, attempt).await?,
        None => app.store.create_password(user, hash, kept, logout, attempt).await?,
    };
    if !done {
        return Err(changing());
    }
    if let Some(farewell) = farewell {
        farewell.tell(app, &*app.site().await?).await;
    }
    Ok(())
}
