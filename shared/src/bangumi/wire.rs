//! What Bangumi's API sends and takes: <https://github.com/bangumi/api>.
//!
//! Everything but the ids may be missing or null, and more may come than is known here: neither is a reason to have nothing.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::collection::Work;
use crate::collection::work::COVERS;

/// A work's number: what Bangumi calls a subject.
pub type SubjectId = u32;
/// An episode's number.
pub type EpisodeId = u32;

/// The `type` of a work that is an anime.
pub const ANIME: u8 = 2;
/// The `type` of an episode that counts: those of the others are specials, openings and the like.
pub const MAIN: u8 = 0;
/// The `type` of a special episode.
pub const SPECIAL: u8 = 1;

/// Where covers and portraits are kept.
pub const PICTURES: &str = COVERS;

/// A work in short, as a collection keeps it.
fn short(name: &str, name_cn: &str, date: Option<&str>, episodes: u32, images: &Images) -> Work {
    // Only as it came it has a path without a size.
    let path = images.large.strip_prefix(PICTURES).filter(|path| !path.starts_with("/r/"));
    Work {
        name: name.to_owned(),
        name_cn: name_cn.to_owned(),
        date: date.filter(|date| !date.is_empty()).map(str::to_owned),
        episodes: Some(episodes).filter(|episodes| *episodes > 0),
        cover: path.unwrap_or_default().to_owned(),
    }
}

impl From<&SlimSubject> for Work {
    fn from(subject: &SlimSubject) -> Self {
        let SlimSubject { name, name_cn, date, eps, images, .. } = subject;
        short(name, name_cn, date.as_deref(), *eps, images)
    }
}

impl From<&Subject> for Work {
    fn from(subject: &Subject) -> Self {
        let Subject { name, name_cn, date, eps, images, .. } = subject;
        short(name, name_cn, date.as_deref(), *eps, images)
    }
}

/// A part of a list. It may have fewer rows than it says: those of removed works are left out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub struct Paged<T> {
    /// How many there are in all, or about that many.
    #[serde(default, deserialize_with = "nullable")]
    pub total: u32,
    /// How many this part may have.
    #[serde(default, deserialize_with = "nullable")]
    pub limit: u32,
    /// How many come before it.
    #[serde(default, deserialize_with = "nullable")]
    pub offset: u32,
    /// The rows; none is sent as null.
    #[serde(default, deserialize_with = "nullable")]
    pub data: Vec<T>,
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Me {
    /// The number that never changes.
    pub id: u64,
    /// The name in addresses; it may change once, from the number to a chosen one.
    pub username: String,
    /// The name to show.
    #[serde(default, deserialize_with = "nullable")]
    pub nickname: String,
}

/// A work in somebody's collection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct UserCollection {
    /// Which.
    pub subject_id: SubjectId,
    /// Of which kind it is: [`ANIME`], or another.
    #[serde(default, deserialize_with = "nullable")]
    pub subject_type: u8,
    /// 1 to 10, or 0: none.
    #[serde(default, deserialize_with = "nullable")]
    pub rate: u8,
    /// 1 wish, 2 done, 3 doing, 4 on hold, 5 dropped.
    #[serde(rename = "type")]
    pub kind: u8,
    /// A remark.
    #[serde(default)]
    pub comment: Option<String>,
    /// Tags.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: Vec<String>,
    /// How many episodes have any mark: no progress.
    #[serde(default, deserialize_with = "nullable")]
    pub ep_status: u32,
    /// The same of a book's volumes.
    #[serde(default, deserialize_with = "nullable")]
    pub vol_status: u32,
    /// When it was changed, more or less: not every edit on the web moves it.
    #[serde(default, deserialize_with = "moment")]
    pub updated_at: Timestamp,
    /// Whether its owner alone sees it.
    #[serde(default, deserialize_with = "nullable")]
    pub private: bool,
    /// The work, in short.
    #[serde(default)]
    pub subject: Option<SlimSubject>,
}

/// A work, in short.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlimSubject {
    /// Its number.
    pub id: SubjectId,
    /// [`ANIME`], or another.
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    pub kind: u8,
    /// Its own name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Its Chinese name, or nothing.
    #[serde(default, deserialize_with = "nullable")]
    pub name_cn: String,
    /// What it is about, cut off.
    #[serde(default, deserialize_with = "nullable")]
    pub short_summary: String,
    /// When it began: `2011-04-05`, or anything.
    #[serde(default)]
    pub date: Option<String>,
    /// Covers.
    #[serde(default, deserialize_with = "nullable")]
    pub images: Images,
    /// A book's volumes.
    #[serde(default, deserialize_with = "nullable")]
    pub volumes: u32,
    /// Its main episodes; 0 where that is not known.
    #[serde(default, deserialize_with = "nullable")]
    pub eps: u32,
    /// How many people have it.
    #[serde(default, deserialize_with = "nullable")]
    pub collection_total: u32,
    /// What they think of it, in the mean; 0 where too few said.
    #[serde(default, deserialize_with = "nullable")]
    pub score: f64,
    /// Its place among all; 0 where it has none.
    #[serde(default, deserialize_with = "nullable")]
    pub rank: u32,
    /// What they call it.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: Vec<Tag>,
}

/// What people call a work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The word.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// How many of them.
    #[serde(default, deserialize_with = "nullable")]
    pub count: u32,
}

/// Addresses of a cover in five sizes; nothing where there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Images {
    /// As it came.
    #[serde(default, deserialize_with = "picture")]
    pub large: String,
    /// 400 pixels.
    #[serde(default, deserialize_with = "picture")]
    pub common: String,
    /// 800 pixels.
    #[serde(default, deserialize_with = "picture")]
    pub medium: String,
    /// 200 pixels.
    #[serde(default, deserialize_with = "picture")]
    pub small: String,
    /// 100 pixels.
    #[serde(default, deserialize_with = "picture")]
    pub grid: String,
}

/// A work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// Its number.
    pub id: SubjectId,
    /// [`ANIME`], or another.
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    pub kind: u8,
    /// Its own name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Its Chinese name, or nothing.
    #[serde(default, deserialize_with = "nullable")]
    pub name_cn: String,
    /// What it is about.
    #[serde(default, deserialize_with = "nullable")]
    pub summary: String,
    /// When it began: `2011-04-05`, or anything.
    #[serde(default)]
    pub date: Option<String>,
    /// TV, a film, …, in Bangumi's words.
    #[serde(default, deserialize_with = "nullable")]
    pub platform: String,
    /// Covers.
    #[serde(default, deserialize_with = "nullable")]
    pub images: Images,
    /// A book's volumes.
    #[serde(default, deserialize_with = "nullable")]
    pub volumes: u32,
    /// Its main episodes as its page says; 0 where that is not known.
    #[serde(default, deserialize_with = "nullable")]
    pub eps: u32,
    /// How many episodes are listed.
    #[serde(default, deserialize_with = "nullable")]
    pub total_episodes: u32,
    /// What people think of it.
    #[serde(default, deserialize_with = "nullable")]
    pub rating: Rating,
    /// Whether it is for adults.
    #[serde(default, deserialize_with = "nullable")]
    pub nsfw: bool,
    /// Whether nobody may change it.
    #[serde(default, deserialize_with = "nullable")]
    pub locked: bool,
    /// What people call it.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: Vec<Tag>,
}

/// What people think of a work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// Its place among all; 0 where it has none.
    #[serde(default, deserialize_with = "nullable")]
    pub rank: u32,
    /// How many rated it.
    #[serde(default, deserialize_with = "nullable")]
    pub total: u32,
    /// In the mean, of 10.
    #[serde(default, deserialize_with = "nullable")]
    pub score: f64,
}

/// An episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Its number.
    pub id: EpisodeId,
    /// [`MAIN`], [`SPECIAL`], 2 opening, 3 ending, 4 preview, 5 MAD, 6 other.
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    pub kind: u8,
    /// Its own name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Its Chinese name, or nothing.
    #[serde(default, deserialize_with = "nullable")]
    pub name_cn: String,
    /// Its place among those of its kind, over all seasons; not always whole.
    #[serde(default, deserialize_with = "nullable")]
    pub sort: f64,
    /// The same within this work.
    #[serde(default, deserialize_with = "nullable")]
    pub ep: f64,
    /// When it is shown: `2011-04-05`, or anything.
    #[serde(default, deserialize_with = "nullable")]
    pub airdate: String,
    /// How long it is, in any words.
    #[serde(default, deserialize_with = "nullable")]
    pub duration: String,
    /// What it is about.
    #[serde(default, deserialize_with = "nullable")]
    pub desc: String,
    /// Of which work it is; 0 where that is not said.
    #[serde(default, deserialize_with = "nullable")]
    pub subject_id: SubjectId,
    /// How long it is, as Bangumi understands those words.
    #[serde(default)]
    pub duration_seconds: Option<u32>,
}

/// An episode, and how somebody marked it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct UserEpisode {
    /// Which.
    pub episode: Episode,
    /// 0 not at all, 1 wish, 2 done, 3 dropped.
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    pub kind: u8,
    /// When; in seconds since the Unix epoch, or 0.
    #[serde(default, deserialize_with = "nullable")]
    pub updated_at: i64,
}

/// A day of the week, and what is shown on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub weekday: Weekday,
    /// What.
    #[serde(default, deserialize_with = "nullable")]
    pub items: Vec<Airing>,
}

/// A day of the week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weekday {
    /// 1 Monday … 7 Sunday.
    pub id: u8,
}

/// A work that is being shown. This is an older part of the API, and has other fields than [`SlimSubject`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Airing {
    /// Its number.
    pub id: SubjectId,
    /// [`ANIME`], or another.
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    pub kind: u8,
    /// Its own name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Its Chinese name, or nothing.
    #[serde(default, deserialize_with = "nullable")]
    pub name_cn: String,
    /// When it began: `2011-04-05`, or anything.
    #[serde(default, deserialize_with = "nullable")]
    pub air_date: String,
    /// What people think of it.
    #[serde(default, deserialize_with = "nullable")]
    pub rating: Rating,
    /// Its place among all; 0 where it has none.
    #[serde(default, deserialize_with = "nullable")]
    pub rank: u32,
    /// Covers.
    #[serde(default, deserialize_with = "nullable")]
    pub images: Images,
}

/// What is to change in a collection. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Modify {
    /// 1 wish, 2 done, 3 doing, 4 on hold, 5 dropped.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<u8>,
    /// 1 to 10, or 0: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u8>,
    /// A remark; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether its owner alone sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// All tags; an empty list removes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// An error as the API tells it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Trouble {
    #[serde(default, deserialize_with = "nullable")]
    title: String,
    #[serde(default, deserialize_with = "nullable")]
    description: String,
}

impl Trouble {
    /// Whether it says any of these words.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        let text = format!("{} {}", self.title, self.description).to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    }
}

/// Null is what is usual where nothing stands.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A moment (RFC 3339); the beginning of time where it is none.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// The address of a picture where covers are kept; nothing where it is another: whoever opens a page is not sent elsewhere.
fn picture<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text: String = nullable(deserializer)?;
    let secure = text.strip_prefix("http:").map(|rest| format!("https:{rest}")).unwrap_or(text);
    let secure = if secure.starts_with("//") { format!("https:{secure}") } else { secure };
    let ours = secure.strip_prefix(PICTURES).is_some_and(|path| path.starts_with('/'));
    Ok(if ours { secure } else { String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row as the API's documentation has it.
    const ROW: &str = r#"{
        "updated_at": "2022-06-19T18:44:13.140127+08:00", "comment": null, "tags": ["2011", "京都动画"],
        "subject": {
            "date": "2011-04-03", "images": {
                "small": "https://lain.bgm.tv/r/200/pic/cover/l/1.jpg", "grid": "http://lain.bgm.tv/r/100/pic/cover/l/1.jpg",
                "large": "https://lain.bgm.tv/pic/cover/l/1.jpg", "medium": "//lain.bgm.tv/r/800/pic/cover/l/1.jpg",
                "common": "https://lain.bgm.tv.example/1.jpg"
            },
            "name": "日常", "name_cn": "日常", "short_summary": "", "tags": [{"name": "TV", "count": 9, "total_cont": 0}],
            "score": 8.1, "type": 2, "id": 9912, "eps": 26, "volumes": 0, "collection_total": 20000, "rank": 90
        },
        "subject_id": 9912, "vol_status": 0, "ep_status": 3, "subject_type": 2, "type": 3, "rate": 8, "private": false,
        "something_new": {"a": [1]}
    }"#;

    #[test]
    fn a_row_is_read_as_the_documentation_has_it() {
        let row: UserCollection = serde_json::from_str(ROW).unwrap();
        assert_eq!((row.subject_id, row.kind, row.rate, row.ep_status), (9912, 3, 8, 3));
        assert_eq!((row.comment, row.tags.len(), row.private), (None, 2, false));
        assert_eq!(row.updated_at.to_string(), "2022-06-19T10:44:13.140127Z");
        let subject = row.subject.unwrap();
        assert_eq!((subject.eps, subject.score, subject.date.as_deref()), (26, 8.1, Some("2011-04-03")));
    }

    #[test]
    fn covers_are_secure_and_bangumis_own() {
        let images = serde_json::from_str::<UserCollection>(ROW).unwrap().subject.unwrap().images;
        assert_eq!(images.grid, "https://lain.bgm.tv/r/100/pic/cover/l/1.jpg");
        assert_eq!(images.medium, "https://lain.bgm.tv/r/800/pic/cover/l/1.jpg");
        assert_eq!(images.common, "", "another host");
        assert_eq!(images.large, "https://lain.bgm.tv/pic/cover/l/1.jpg");
        let none: Images = serde_json::from_str(r#"{"large": "", "common": null}"#).unwrap();
        assert_eq!(none, Images::default());
    }

    #[test]
    fn what_is_missing_or_null_is_nothing_but_an_id_is_needed() {
        let bare: UserCollection = serde_json::from_str(r#"{"subject_id": 1, "type": 1}"#).unwrap();
        let null = r#"{"subject_id": 1, "type": 1, "rate": null, "tags": null, "updated_at": null, "subject": null,
            "subject_type": null, "ep_status": null, "vol_status": null, "private": null, "comment": null}"#;
        assert_eq!(serde_json::from_str::<UserCollection>(null).unwrap(), bare);
        assert_eq!(bare.updated_at, Timestamp::UNIX_EPOCH);
        assert!(serde_json::from_str::<UserCollection>(r#"{"type": 1}"#).is_err());
        for (json, id) in [(r#"{"id": 5}"#, 5), (r#"{"id": 6, "date": null, "images": null, "rating": null}"#, 6)] {
            assert_eq!(serde_json::from_str::<Subject>(json).unwrap().id, id);
        }
    }

    #[test]
    fn an_empty_list_may_be_null() {
        for json in [r#"{"total": 0, "limit": 100, "offset": 0, "data": null}"#, r#"{"total": 0}"#] {
            let paged: Paged<UserEpisode> = serde_json::from_str(json).unwrap();
            assert!(paged.data.is_empty());
        }
        let json = r#"{"total": 1, "limit": 100, "offset": 0, "data": [{"type": 2, "updated_at": 1700000000, "episode":
            {"id": 7, "type": 1, "sort": 1.5, "ep": null, "airdate": "", "name": "", "duration": "24m", "disc": 0}}]}"#;
        let paged: Paged<UserEpisode> = serde_json::from_str(json).unwrap();
        let marked = paged.data.first().unwrap();
        assert_eq!((marked.kind, marked.episode.kind, marked.episode.sort), (2, SPECIAL, 1.5));
        assert_eq!((marked.updated_at, marked.episode.ep), (1_700_000_000, 0.0));
    }

    #[test]
    fn what_does_not_change_is_not_sent() {
        assert_eq!(serde_json::to_string(&Modify::default()).unwrap(), "{}");
        let modify = Modify { kind: Some(2), tags: Some(Vec::new()), ..Modify::default() };
        assert_eq!(serde_json::to_string(&modify).unwrap(), r#"{"type":2,"tags":[]}"#);
    }

    #[test]
    fn a_day_has_what_the_calendar_says() {
        let json = r#"[{"weekday": {"en": "Mon", "cn": "星期一", "ja": "月耀日", "id": 1}, "items": [
            {"id": 1, "url": "http://bgm.tv/subject/1", "type": 2, "name": "a", "name_cn": "", "summary": "",
             "air_date": "2026-10-05", "air_weekday": 1, "images": null, "collection": {"doing": 5}}]}]"#;
        let days: Vec<Day> = serde_json::from_str(json).unwrap();
        let day = days.first().unwrap();
        assert_eq!((day.weekday.id, day.items.len()), (1, 1));
    }
}
