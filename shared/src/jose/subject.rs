//! Who a user is to a client: the same to all, or somebody else in every sector (OpenID Connect Core §8).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use data_encoding::BASE64URL_NOPAD;

use crate::app::Site;
use crate::id::UserId;
use crate::oauth::Client;
use crate::oauth::dialect::Naming;
use crate::oauth::metadata::SubjectType;

/// The `sub` of `user` for `client`.
pub fn subject(site: &Site, client: &Client, user: UserId) -> String {
    match client.metadata.subject_type {
        SubjectType::Public => user.to_string(),
        SubjectType::Pairwise => pseudonym(site, "sector", &client.sector(), user),
    }
}

/// What a dialect calls `user` before `client`.
pub fn named(site: &Site, client: &Client, user: UserId, naming: Naming) -> String {
    let client_id = client.name();
    match naming {
        Naming::Subject => subject(site, client, user),
        Naming::Application => pseudonym(site, "application", &client_id, user),
        Naming::Owner => {
            let owner = client.owner_id.map_or(client_id, |owner| owner.to_string());
            pseudonym(site, "owner", &owner, user)
        }
    }
}

/// A name for `user` that is the same within `scope` (of `kind`: a sector, an application, an owner), and tells nothing
/// to whoever knows their name in another: 24 bytes of a MAC under the site's salt, in base64url (32 characters).
pub fn pseudonym(site: &Site, kind: &str, scope: &str, user: UserId) -> String {
    let key = Key::new(HMAC_SHA256, site.salt.as_bytes());
    let tag = sign(&key, format!("{kind}\n{scope}\n{user}").as_bytes());
    let (name, _) = tag.as_ref().split_at(24);
    BASE64URL_NOPAD.encode(name)
}
