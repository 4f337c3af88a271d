//! Pages as a browser meets them: forms, their protection, headers, languages.

mod account;
mod applications;
mod languages;
mod protection;
mod visitors;
