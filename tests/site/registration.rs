//! Registering applications: policies, metadata, the page.
