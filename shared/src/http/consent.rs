//! Remembering what a user lets a client do.

use http::StatusCode;

use super::problem::Problem;
use crate::account::User;
use crate::app::App;
use crate::id::{Attempt, GrantId};
use crate::oauth::{Client, Scope};
use crate::store::grants::Grant;

/// Remembers consent: a new one, or a wider one. Nothing is written where it was given before.
///
/// # Errors
/// 409 where it changes again and again meanwhile; 503.
pub async fn give(
    app: &App,
    user: &User,
    client: &Client,
    before: Option<Grant>,
    scope: &Scope,
) -> Result<Grant, Problem> {
    let mut before = before;
    // Two consents at once: whoever comes second widens what the first one gave.
    for _ in 0..3 {
        let now = app.clock.now();
        let grant = match before {
            Some(grant) if scope.is_subset(&grant.scope) => return Ok(grant),
            Some(grant) => {
                Grant { scope: grant.scope.union(scope), version: grant.version + 1, updated_at: now, ..grant }
            }
            None => Grant {
                grant_id: GrantId::new(&app.entropy),
                user_id: user.user_id,
                client_id: client.client_id,
                scope: scope.clone(),
                version: 1,
                created_at: now,
                updated_at: now,
            },
        };
        if app.store.put_grant(&grant, Attempt::new(&app.entropy)).await? {
            return Ok(grant);
        }
        before = app.store.find_grant(user.user_id, client.client_id).await?;
    }
    Err(Problem::new(StatusCode::CONFLICT, "consent is being given elsewhere at this moment: try again"))
}
