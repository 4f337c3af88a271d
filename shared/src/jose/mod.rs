//! Keys, signatures and the tokens made with them.

pub mod access_token;
pub mod client_keys;
pub mod dpop;
pub mod id_token;
pub mod id_token_hint;
pub mod keys;
pub mod logout_token;
pub mod subject;
pub mod succession;

pub use access_token::{AccessClaims, Audience, TokenSubject};
pub use keys::KeySet;

use jsonwebtoken::Algorithm;

use crate::oauth::metadata::SigningAlg;

impl From<SigningAlg> for Algorithm {
    fn from(alg: SigningAlg) -> Self {
        match alg {
            SigningAlg::Rs256 => Self::RS256,
            SigningAlg::Ps256 => Self::PS256,
            SigningAlg::Es256 => Self::ES256,
            SigningAlg::EdDsa => Self::EdDSA,
        }
    }
}
