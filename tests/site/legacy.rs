//! What only an administrator allows, for applications that know nothing better (RFC 9700 §2.1.2, §2.4).

mod implicit;
mod password;
