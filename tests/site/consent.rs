//! Consent, remembered and asked again.
