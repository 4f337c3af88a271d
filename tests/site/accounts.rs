//! Registering, changing and deleting an account.
