//! The token endpoint: client authentication and codes.
