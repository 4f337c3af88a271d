//! The local site as a process: starting, stopping, dying.
