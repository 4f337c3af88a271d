//! Registering, changing and deleting an account.

mod apps;
mod deletion;
mod password;
mod profile;
mod registration;
mod sessions;

use tests::Reply;

/// What an account is, field by field.
const FIELDS: [&str; 11] = [
    "has_password",
    "user_id",
    "username",
    "email",
    "email_verified",
    "phone",
    "phone_verified",
    "nickname",
    "avatar",
    "intro",
    "created_at",
];

/// The reply's fields, sorted.
fn fields(reply: &Reply) -> Vec<String> {
    let mut fields: Vec<_> = reply.json().as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    fields.sort();
    fields
}

fn documented() -> Vec<String> {
    let mut fields = FIELDS.map(str::to_owned);
    fields.sort();
    fields.to_vec()
}
