//! `pow` by its C name, from Rust's own libm.
//!
//! The SDK's rate limiter takes one cube root. For that alone the loader would map the system's libm into every function
//! at every cold start: nine system calls and as many page faults (docs/cold-start.md). A program that has a `pow` of its
//! own does not need that library.

/// `x` to the power of `y`, as C99 §7.12.7.4 has it.
#[allow(unsafe_code, reason = "a name that another `pow` could have: this one does what everybody expects of it")]
#[unsafe(no_mangle)]
pub extern "C" fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_one_that_the_standard_library_calls_and_takes_roots() {
        assert_eq!(27f64.powf(1.0 / 3.0), 3.0);
        assert_eq!(super::pow(2.0, 10.0), 1024.0);
        assert_eq!(super::pow(-8.0, 1.0 / 3.0).is_nan(), (-8f64).powf(1.0 / 3.0).is_nan());
    }
}
