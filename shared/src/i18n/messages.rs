//! The sentences that each language has.

macro_rules! messages {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// Every sentence of the site. A field's wording is in `en.rs`.
        #[derive(Debug)]
        pub struct Messages {
            $(
                $(#[$doc])*
                ///
                /// (The wording: `en.rs`.)
                pub $field: &'static str,
            )*
        }

        #[cfg(test)]
        impl Messages {
            /// Names and texts, in order.
            pub(super) fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), self.$field)),*]
            }
        }
    };
}

messages! {
    // On every page.
    skip_to_content,
    language,
    sign_in,
    sign_out,
    create_account,
    back_home,
    back_account,
    list_more,
    check_fields,

    // Home.
    home_tagline,
    home_lead,
    /// With `{name}`.
    home_hello,
    home_signed_in_lead,
    home_account,
    home_developers,
    home_developers_lead,
    home_register_application,
    home_discovery,

    // Fields.
    username,
    username_hint,
    email,
    email_hint,
    phone,
    phone_hint,
    password,
    password_hint,
    nickname,
    nickname_hint,
    avatar,
    avatar_hint,
    intro,
    intro_hint,

    // Register.
    register_title,
    register_lead,
    register_identifiers,
    register_identifiers_hint,
    register_have_account,

    // Sign-in.
    login_title,
    /// With `{client}`.
    login_continue_to,
    login_identifier,
    login_no_account,
    login_failed,
    /// With `{provider}`.
    login_with,
    /// With `{provider}`.
    register_with,
    login_or,

    // Accounts elsewhere, on the way to and from them.
    connect_bind_title,
    /// With `{provider}`.
    connect_bind_heading,
    connect_bind_lead,
    /// With `{provider}`.
    connect_go,
    connect_pending_title,
    /// With `{provider}`.
    connect_pending_heading,
    connect_pending_lead,
    connect_have_account,
    connect_have_account_lead,
    connect_new_account,
    connect_new_account_lead,
    connect_identifiers,
    connect_link_lead,
    /// With `{name}`.
    connect_link,
    connect_cancel,
    connect_refused_title,
    /// With `{provider}`.
    connect_refused_heading,
    connect_again,
    connect_other_way,
    connect_over,
    connect_used,
    connect_denied,
    connect_code,
    connect_unavailable,
    connect_malformed,
    connect_closed,
    connect_left,
    connect_foreign,
    connect_another,

    // Account.
    account_title,
    account_profile,
    account_save,
    account_saved,
    account_more,
    account_more_hint,
    detail_given_name,
    detail_middle_name,
    detail_family_name,
    detail_gender,
    detail_birthdate,
    detail_birthdate_hint,
    detail_profile,
    detail_website,
    detail_url_hint,
    detail_zoneinfo,
    detail_zoneinfo_hint,
    detail_locale,
    detail_locale_hint,
    detail_street_address,
    detail_locality,
    detail_region,
    detail_postal_code,
    detail_country,
    detail_formatted,
    account_password,
    account_old_password,
    account_new_password,
    account_change_password,
    account_password_changed,
    account_details,
    account_user_id,
    account_created,
    account_verified,
    account_unverified,
    account_sign_out_lead,
    account_delete,
    account_delete_warning,
    account_delete_password,
    account_delete_button,

    // What has access to the account.
    account_access,
    account_access_lead,
    apps_title,
    apps_lead,
    apps_none,
    apps_since,
    apps_withdraw,
    apps_withdrawn,
    connections_title,
    connections_lead,
    connections_none,
    connections_since,
    connections_broken,
    connections_bind,
    connections_bind_again,
    connections_unbind,
    connections_bound,
    connections_unbound,
    connections_last_way,
    fresh_needed,
    fresh_link,
    account_first_password,
    account_set_password,
    account_delete_fresh,
    sessions_title,
    sessions_lead,
    sessions_current,
    sessions_unknown_browser,
    sessions_signed_in,
    sessions_last_seen,
    sessions_end,
    sessions_ended,
    sessions_others,
    sessions_others_lead,
    sessions_end_others,

    // Select account.
    select_title,
    select_lead,
    /// With `{name}`.
    select_continue_as,
    select_other,

    // Consent.
    consent_title,
    /// With `{client}`.
    consent_heading,
    consent_document,
    consent_website,
    consent_redirect,
    consent_signed_in_as,
    consent_switch,
    consent_scopes,
    consent_new,
    consent_granted,
    /// With `{minutes}`.
    consent_minutes,
    consent_until_withdrawn,
    consent_warning,
    consent_allow,
    consent_deny,

    // Letting a device in.
    device_title,
    device_lead,
    device_code,
    device_code_hint,
    device_continue,
    device_unknown,
    /// With `{client}`.
    device_heading,
    device_warning,
    device_allowed,
    device_allowed_lead,
    device_denied,
    device_denied_lead,

    // Signing out for an application.
    sign_out_title,
    /// With `{client}`.
    sign_out_asked_by,
    sign_out_stay,
    signed_out_title,
    signed_out_lead,
    /// With `{client}`.
    signed_out_return,

    // On the way back to an application.
    form_post_title,
    /// With `{host}`.
    form_post_lead,
    form_post_continue,

    // Scopes: what an application may do, and what that covers.
    scope_openid,
    scope_openid_detail,
    scope_profile,
    scope_profile_detail,
    scope_email,
    scope_email_detail,
    scope_phone,
    scope_phone_detail,
    scope_address,
    scope_address_detail,
    scope_offline_access,
    scope_offline_access_detail,
    scope_collections_read,
    scope_collections_read_detail,
    scope_collections_write,
    scope_collections_write_detail,

    // Register an application.
    application_title,
    application_lead,
    application_name,
    application_name_hint,
    application_redirect_uri,
    application_redirect_uri_hint,
    application_public,
    application_public_hint,
    application_submit,
    application_created_title,
    /// With `{client}`.
    application_created_lead,
    application_secret_once,
    application_client_id,
    application_client_secret,
    application_issuer,
    application_discovery_hint,

    // A field's errors.
    error_required,
    error_username_taken,
    error_email_taken,
    error_phone_taken,
    error_taken,
    error_invalid_username,
    error_invalid_email,
    error_invalid_phone,
    error_password_too_short,
    error_too_short,
    error_too_long,
    error_too_common,
    error_wrong_password,
    error_last_identifier,
    error_invalid_url,
    error_invalid_birthdate,
    error_invalid_zoneinfo,
    error_invalid_locale,
    error_need_identifier,
    error_invalid,

    // A page's errors.
    /// With `{minutes}`.
    too_many_attempts,
    expired_form,
    bad_request_title,
    bad_request,
    not_found_title,
    not_found,
    unavailable_title,
    unavailable,
    error_status,
    error_detail,

    // Letters. With `{provider}`; texts also with `{account}`, `{time}` and `{url}`.
    letter_bound_subject,
    letter_bound,
    letter_bound_not_you,
    letter_unbound_subject,
    letter_unbound,
    letter_unbound_not_you,
    letter_broken_subject,
    letter_broken,
    letter_broken_what_to_do,
    letter_no_reply,

    // The collection.
    collection_title,
    collection_lead,
    collection_add,
    collection_all,
    collection_empty,
    collection_nothing_found,
    collection_looked_through,
    collection_search,
    collection_sort,
    collection_show,
    sort_updated_at,
    sort_created_at,
    sort_rating,
    sort_date,
    sort_title,
    status_wish,
    status_watching,
    status_done,
    status_on_hold,
    status_dropped,
    /// With `{watched}`, `{total}`.
    entry_watched,
    /// With `{watched}`.
    entry_watched_some,
    entry_watch_next,
    /// With `{rating}`.
    entry_rated,
    entry_status,
    entry_rating,
    entry_no_rating,
    entry_comment,
    entry_tags,
    entry_tags_hint,
    entry_private,
    entry_rewatch_count,
    entry_started_at,
    entry_finished_at,
    entry_save,
    entry_saved,
    entry_remove,
    entry_removed,
    entry_restore,
    entry_episodes,
    entry_episodes_hint,
    entry_episodes_unavailable,
    entry_up_to,
    entry_mark,
    entry_specials,
    entry_finished,
    entry_finish,
    entry_not_collected,
    add_lead,
    add_words,
    add_find,
    add_none,
    sync_title,
    sync_unbound,
    sync_bind,
    sync_attention,
    /// With `{seen}`, `{of}`.
    sync_running,
    sync_setback,
    sync_idle,
    sync_off,
    sync_last,
    sync_next,
    /// With `{pulled}`, `{pushed}`, `{asked}`, `{refused}`.
    sync_counts,
    sync_now,
    sync_settings,
    sync_direction,
    sync_both,
    sync_pull,
    sync_push,
    sync_none,
    sync_rule,
    sync_ask,
    sync_newest,
    sync_mine,
    sync_theirs,
    sync_deletions,
    sync_keep,
    sync_dropped,
    sync_conflicts,
    sync_here,
    sync_there,
    sync_take_here,
    sync_take_there,
    sync_presence,
    sync_is_there,
    sync_is_gone,
    sync_nothing,
}

impl Messages {
    /// What to say of a form's field, by the error's code. A code without words of its own says that the value
    /// won't do.
    pub fn field_error(&self, field: &str, code: &str) -> &'static str {
        match (code, field) {
            ("required", _) => self.error_required,
            ("taken", "username") => self.error_username_taken,
            ("taken", "email") => self.error_email_taken,
            ("taken", "phone") => self.error_phone_taken,
            ("taken", _) => self.error_taken,
            ("invalid_username", _) => self.error_invalid_username,
            ("invalid_email", _) => self.error_invalid_email,
            ("invalid_phone", _) => self.error_invalid_phone,
            ("too_short", "password" | "new_password") => self.error_password_too_short,
            ("too_short", _) => self.error_too_short,
            ("too_long", _) => self.error_too_long,
            ("too_common", _) => self.error_too_common,
            ("wrong_password", _) => self.error_wrong_password,
            ("last_identifier", _) => self.error_last_identifier,
            ("invalid_url", _) => self.error_invalid_url,
            ("invalid_birthdate", _) => self.error_invalid_birthdate,
            ("invalid_zoneinfo", _) => self.error_invalid_zoneinfo,
            ("invalid_locale", _) => self.error_invalid_locale,
            ("need_identifier", _) => self.error_need_identifier,
            _ => self.error_invalid,
        }
    }

    /// A detail of a profile: what it is called, and a hint or nothing.
    pub fn detail(&self, name: &str) -> (&'static str, &'static str) {
        match name {
            "given_name" => (self.detail_given_name, ""),
            "middle_name" => (self.detail_middle_name, ""),
            "family_name" => (self.detail_family_name, ""),
            "gender" => (self.detail_gender, ""),
            "birthdate" => (self.detail_birthdate, self.detail_birthdate_hint),
            "profile" => (self.detail_profile, self.detail_url_hint),
            "website" => (self.detail_website, self.detail_url_hint),
            "zoneinfo" => (self.detail_zoneinfo, self.detail_zoneinfo_hint),
            "locale" => (self.detail_locale, self.detail_locale_hint),
            "address.street_address" => (self.detail_street_address, ""),
            "address.locality" => (self.detail_locality, ""),
            "address.region" => (self.detail_region, ""),
            "address.postal_code" => (self.detail_postal_code, ""),
            "address.country" => (self.detail_country, ""),
            "address.formatted" => (self.detail_formatted, ""),
            _ => ("", ""),
        }
    }

    /// A scope in words: what the application may do, and what that covers.
    pub fn scope(&self, scope: &str) -> Option<(&'static str, &'static str)> {
        Some(match scope {
            "openid" => (self.scope_openid, self.scope_openid_detail),
            "profile" => (self.scope_profile, self.scope_profile_detail),
            "email" => (self.scope_email, self.scope_email_detail),
            "phone" => (self.scope_phone, self.scope_phone_detail),
            "address" => (self.scope_address, self.scope_address_detail),
            "offline_access" => (self.scope_offline_access, self.scope_offline_access_detail),
            "collections:read" => (self.scope_collections_read, self.scope_collections_read_detail),
            "collections:write" => (self.scope_collections_write, self.scope_collections_write_detail),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::i18n::Lang;

    #[test]
    fn every_code_but_an_unknown_one_has_words_of_its_own() {
        let m = Lang::En.messages();
        let codes = "required taken invalid_username invalid_email invalid_phone too_short too_long too_common \
                     wrong_password last_identifier invalid_url need_identifier invalid_birthdate invalid_zoneinfo \
                     invalid_locale";
        for code in codes.split_whitespace() {
            for field in ["username", "email", "phone", "password", "new_password", "avatar"] {
                assert_ne!(m.field_error(field, code), m.error_invalid, "{field}: {code}");
            }
        }
        assert_eq!(m.field_error("username", "unheard_of"), m.error_invalid);
    }
}
