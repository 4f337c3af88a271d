//! A work, in short.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;

/// Where Bangumi keeps covers.
pub const COVERS: &str = "https://lain.bgm.tv";

/// What a list of entries shows of a work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Its own name.
    pub name: String,
    /// Its Chinese name, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name_cn: String,
    /// When it began: `2011-04-05`, or anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Its main episodes, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episodes: Option<u32>,
    /// The path of its cover as it came, under [`COVERS`]; nothing where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cover: String,
}

impl Work {
    /// The year in which it began.
    pub fn year(&self) -> Option<u16> {
        let year = self.date.as_deref()?.get(..4)?;
        year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok()).flatten()
    }

    /// What most people here call it: its Chinese name, or its own.
    pub fn title(&self) -> &str {
        if self.name_cn.is_empty() { &self.name } else { &self.name_cn }
    }

    /// The address of its cover, 100, 200, 400 or 800 pixels wide.
    pub fn cover(&self, width: u16) -> Option<String> {
        (!self.cover.is_empty()).then(|| format!("{COVERS}/r/{width}{}", self.cover))
    }

    /// The work in JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "name_cn": self.name_cn,
            "date": self.date,
            "episodes": self.episodes,
            "cover": self.cover(400),
        })
    }
}

/// Words as they are searched for: how they were typed makes no difference.
pub fn normalised(words: &str) -> String {
    let words: String = words.nfkc().collect::<String>().to_lowercase();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_is_that_of_the_date_and_a_cover_comes_in_sizes() {
        let work = |date: &str| Work { date: Some(date.to_owned()), ..Work::default() };
        for (date, year) in
            [("2011-04-05", Some(2011)), ("2011", Some(2011)), ("年代不明", None), ("", None), ("20", None)]
        {
            assert_eq!(work(date).year(), year, "{date}");
        }
        let covered = Work { cover: "/pic/cover/l/1.jpg".to_owned(), ..Work::default() };
        assert_eq!(covered.cover(100).as_deref(), Some("https://lain.bgm.tv/r/100/pic/cover/l/1.jpg"));
        assert_eq!(Work::default().cover(100), None);
    }
}
