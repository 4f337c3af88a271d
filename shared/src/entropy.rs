//! The one source of randomness.
//!
//! Architecture invariant: nothing else asks for random bytes, so a test can seed them all. What aws-lc draws
//! for itself (RSA and EC keys, ECDSA nonces, TLS) comes from the operating system as well.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Random bytes: the system's, or a reproducible sequence for tests.
#[derive(Clone)]
pub struct Entropy(Arc<Source>);

enum Source {
    System(SystemRandom),
    Seeded { seed: u64, counter: AtomicU64 },
}

impl Entropy {
    /// The system's generator.
    pub fn system() -> Self {
        Self(Arc::new(Source::System(SystemRandom::new())))
    }

    /// A reproducible sequence. For tests alone: whoever knows the seed knows every secret.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source::Seeded { seed, counter: AtomicU64::new(0) }))
    }

    /// `N` fresh random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match &*self.0 {
            // A machine without randomness can do nothing here safely: not even an error page.
            Source::System(random) => random.fill(&mut out).unwrap_or_else(|_| std::process::abort()),
            Source::Seeded { seed, counter } => {
                for chunk in out.chunks_mut(32) {
                    let block = [seed.to_be_bytes(), counter.fetch_add(1, Ordering::SeqCst).to_be_bytes()].concat();
                    for (to, from) in chunk.iter_mut().zip(digest(&SHA256, &block).as_ref()) {
                        *to = *from;
                    }
                }
            }
        }
        out
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
