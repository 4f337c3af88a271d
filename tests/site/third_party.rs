//! A real OpenID Connect client library as the third party.
