//! What each flow costs the table, and how it reads.
