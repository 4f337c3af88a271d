//! Pages as a browser meets them: forms, their protection, headers, languages.
