//! The works: made up from their numbers, so that any number of them takes no room, but for some that everybody knows.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

/// Main episodes count from 1 within a work, special ones and openings from here.
const SPECIALS: u32 = 9_001;
const OPENINGS: u32 = 9_501;
/// How many numbers a work's episodes have.
const STRIDE: u32 = 10_000;

/// Works that everybody knows: number, names, beginning, main episodes, special ones.
const FAMOUS: [(u32, &str, &str, &str, u32, u32); 9] = [
    (51, "CLANNAD -クラナド-", "CLANNAD", "2007-10-04", 23, 2),
    (253, "カウボーイビバップ", "星际牛仔", "1998-10-23", 26, 1),
    (265, "新世紀エヴァンゲリオン", "新世纪福音战士", "1995-10-04", 26, 0),
    (876, "CLANNAD 〜AFTER STORY〜", "CLANNAD ～AFTER STORY～", "2008-10-02", 24, 1),
    (899, "名探偵コナン", "名侦探柯南", "1996-01-08", 1_150, 6),
    (9_717, "魔法少女まどか☆マギカ", "魔法少女小圆", "2011-01-06", 12, 0),
    (10_380, "STEINS;GATE", "命运石之门", "2011-04-05", 24, 1),
    (326_895, "薬屋のひとりごと", "药屋少女的呢喃", "2023-10-21", 24, 0),
    (400_602, "葬送のフリーレン", "葬送的芙莉莲", "2023-09-29", 28, 0),
];

const FIRST: [(&str, &str); 12] = [
    ("星の", "星之"),
    ("青い", "苍蓝的"),
    ("魔法使いの", "魔法使的"),
    ("放課後", "放学后的"),
    ("夏の", "夏日"),
    ("銀色の", "银色的"),
    ("ひとりぼっちの", "孤独的"),
    ("世界の果ての", "世界尽头的"),
    ("月夜の", "月夜的"),
    ("機械仕掛けの", "机械装置的"),
    ("雨上がりの", "雨后的"),
    ("最後の", "最后的"),
];
const SECOND: [(&str, &str); 12] = [
    ("図書館", "图书馆"),
    ("旅人", "旅人"),
    ("約束", "约定"),
    ("騎士団", "骑士团"),
    ("カフェ", "咖啡馆"),
    ("探偵事務所", "侦探事务所"),
    ("音楽祭", "音乐祭"),
    ("軌跡", "轨迹"),
    ("庭", "庭院"),
    ("錬金術師", "炼金术士"),
    ("天文部", "天文社"),
    ("冒険者", "冒险者"),
];

/// A work.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) name_cn: String,
    /// `None` where nobody knows.
    pub(super) begins: Option<Date>,
    pub(super) eps: u32,
    pub(super) specials: u32,
}

/// Any number's own disorder.
pub(super) fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn pick<T: Copy>(of: &[T], by: u64) -> Option<T> {
    let place = usize::try_from(by % u64::try_from(of.len()).ok()?).ok()?;
    of.get(place).copied()
}

/// The work of a number up to `count`, or one that everybody knows. `today` is the day on which the world began: around it
/// every tenth work is shown.
pub(super) fn work(id: u32, count: u32, today: Date) -> Option<Work> {
    if let Some((id, name, name_cn, begins, eps, specials)) = FAMOUS.iter().find(|famous| famous.0 == id) {
        let begins = begins.parse().ok();
        return Some(Work {
            id: *id,
            name: (*name).to_owned(),
            name_cn: (*name_cn).to_owned(),
            begins,
            eps: *eps,
            specials: *specials,
        });
    }
    if id == 0 || id > count {
        return None;
    }
    let seed = mix(id.into());
    let ((first, first_cn), (second, second_cn)) = (pick(&FIRST, seed)?, pick(&SECOND, seed >> 8)?);
    let season = if id > 144 { format!(" {id}") } else { String::new() };
    let name_cn = if id % 13 == 5 { String::new() } else { format!("{first_cn}{second_cn}{season}") };
    let (eps, begins) = if id.is_multiple_of(10) {
        (if id.is_multiple_of(20) { 24 } else { 12 }, today.checked_sub((i64::from(id) % 70).days()).ok())
    } else {
        let year = 1995 + i16::try_from(seed % 30).ok()?;
        let (month, day) = ((seed >> 16) % 4 * 3 + 1, (seed >> 24) % 28 + 1);
        let begins = date(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        (pick(&[12, 13, 24, 26, 1, 11, 12], seed >> 32)?, Some(begins))
    };
    let (eps, begins) = if id.is_multiple_of(37) { (0, None) } else { (eps, begins) };
    let specials = if eps > 1 { u32::try_from(seed % 4).ok()? } else { 0 };
    Some(Work { id, name: format!("{first}{second}{season}"), name_cn, begins, eps, specials })
}

/// The numbers of all works up to `count`, and of those that everybody knows.
pub(super) fn numbers(count: u32) -> impl Iterator<Item = u32> {
    let famous = FAMOUS.iter().map(|famous| famous.0).filter(move |id| *id > count);
    (1..=count).chain(famous)
}

/// The work that an episode's number is of.
pub(super) fn work_of(episode: u32) -> u32 {
    episode / STRIDE
}

impl Work {
    /// The numbers of its episodes with their types: main ones, special ones, an opening.
    pub(super) fn episodes(&self) -> impl Iterator<Item = (u32, u8)> + use<> {
        let (base, eps, specials) = (self.id.saturating_mul(STRIDE), self.eps, self.specials);
        let main = (1..=eps).map(move |n| (base + n, 0));
        let special = (0..specials).map(move |n| (base + SPECIALS + n, 1));
        let opening = (eps > 1).then_some((base + OPENINGS, 2));
        main.chain(special).chain(opening)
    }

    /// When a main episode is shown.
    fn airs(&self, n: u32) -> Option<Date> {
        self.begins?.checked_add((i64::from(n) - 1).weeks()).ok()
    }

    /// On which day of the week it is shown, 1 Monday … 7 Sunday, if it is on `today`.
    pub(super) fn weekday(&self, today: Date) -> Option<i8> {
        let (begins, ends) = (self.begins?, self.airs(self.eps.max(1))?);
        let shown = begins <= today.checked_add(1.week()).ok()? && today <= ends.checked_add(1.week()).ok()?;
        (shown && self.eps > 1).then(|| begins.weekday().to_monday_one_offset())
    }

    pub(super) fn episode(&self, id: u32, kind: u8) -> Value {
        let n = id - self.id.saturating_mul(STRIDE);
        let (sort, airs) = match kind {
            0 => (n, self.airs(n)),
            1 => (n - SPECIALS + 1, None),
            _ => (1, None),
        };
        json!({
            "id": id,
            "type": kind,
            "name": if n % 17 == 16 { String::new() } else { format!("第{sort}話") },
            "name_cn": if n % 5 == 4 { String::new() } else { format!("第{sort}话") },
            "sort": sort,
            "ep": if kind == 0 { sort } else { 0 },
            "airdate": airs.map(|airs| airs.to_string()).unwrap_or_default(),
            "comment": n % 90,
            "duration": if self.eps == 1 { "1h52m" } else { "24m" },
            "duration_seconds": if self.eps == 1 { 6_720 } else { 1_440 },
            "desc": "",
            "disc": 0,
            "subject_id": self.id,
        })
    }

    fn images(&self) -> Value {
        let file = format!("pic/cover/l/{:02x}/{:02x}/{}_a1b2C.jpg", self.id % 251, self.id % 241, self.id);
        let at = |size: &str| match self.id % 11 {
            3 => String::new(),
            _ => format!("https://lain.bgm.tv/{size}{file}"),
        };
        json!({ "large": at(""), "common": at("r/400/"), "medium": at("r/800/"), "small": at("r/200/"), "grid": at("r/100/") })
    }

    fn score(&self) -> f64 {
        f64::from(u32::try_from(mix(self.id.into()) >> 40 & 31).unwrap_or_default()) / 10.0 + 5.5
    }

    fn tags(&self) -> Value {
        let year = self.begins.map_or_else(|| "未定".to_owned(), |begins| begins.year().to_string());
        json!([
            { "name": "TV", "count": 100 + self.id % 50, "total_cont": 0, "total_count": 100 + self.id % 50 },
            { "name": year, "count": 20 + self.id % 30, "total_cont": 0, "total_count": 20 + self.id % 30 },
        ])
    }

    pub(super) fn slim(&self) -> Value {
        json!({
            "id": self.id,
            "type": 2,
            "name": self.name,
            "name_cn": self.name_cn,
            "short_summary": format!("{}的故事。", self.name),
            "date": self.begins,
            "images": self.images(),
            "volumes": 0,
            "eps": self.eps,
            "collection_total": 1_000 + self.id % 977,
            "score": self.score(),
            "rank": self.id % 9_000,
            "tags": self.tags(),
        })
    }

    pub(super) fn full(&self, locked: bool) -> Value {
        let many = self.id % 977;
        json!({
            "id": self.id,
            "type": 2,
            "name": self.name,
            "name_cn": self.name_cn,
            "summary": format!("{}的故事。\r\n未完待续。", self.name),
            "series": false,
            "nsfw": false,
            "locked": locked,
            "date": self.begins,
            "platform": if self.eps == 1 { "剧场版" } else { "TV" },
            "images": self.images(),
            "infobox": [{ "key": "中文名", "value": self.name_cn }, { "key": "别名", "value": [{ "v": self.name }] }],
            "volumes": 0,
            "eps": self.eps,
            "total_episodes": self.episodes().count(),
            "rating": {
                "rank": self.id % 9_000,
                "total": many,
                "count": { "1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "6": 0, "7": many, "8": 0, "9": 0, "10": 0 },
                "score": self.score(),
            },
            "collection": { "wish": many, "collect": many, "doing": 10, "on_hold": 5, "dropped": 3 },
            "meta_tags": ["TV", "日本"],
            "tags": self.tags(),
        })
    }

    /// As the calendar has it: an older part of the API.
    pub(super) fn airing(&self, weekday: i8) -> Value {
        json!({
            "id": self.id,
            "url": format!("http://bgm.tv/subject/{}", self.id),
            "type": 2,
            "name": self.name,
            "name_cn": self.name_cn,
            "summary": "",
            "air_date": self.begins.map(|begins| begins.to_string()).unwrap_or_default(),
            "air_weekday": weekday,
            "rating": { "total": self.id % 977, "count": { "10": 1 }, "score": self.score() },
            "rank": self.id % 9_000,
            "images": if self.id % 11 == 3 { Value::Null } else { self.images() },
            "collection": { "doing": 10 + self.id % 90 },
        })
    }
}
