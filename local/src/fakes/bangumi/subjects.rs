//! Works, their episodes, and what is shown this week: what everybody may read.

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::super::desk::{Desk, Twist};
use super::super::message::{Asked, redirect};
use super::api::{Part, admit, bad, body, finish, missing, number, numeral, ok};
use super::world::Standing;
use crate::answer::Answer;

pub(super) fn subject(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        admit(desk, asked)?;
        let id = numeral(asked, 2)?;
        let (world, state) = (&desk.world, desk.world.state());
        match world.standing(&state, id) {
            Standing::Here(work) => Ok(ok(&work.full(world.is_locked(&state, id)))),
            Standing::Merged(into) => Ok(redirect(&format!("{}/api/v0/subjects/{into}", desk.url))),
            Standing::Gone => Err(missing("resource can't be found in the database or has been removed")),
        }
    })())
}

pub(super) fn episodes(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        admit(desk, asked)?;
        let id = asked.query("subject_id").and_then(|id| id.parse().ok()).ok_or(bad("subject_id is required"))?;
        let (kind, part) = (number(asked, "type")?, Part::of(asked, 100, 200)?);
        let state = desk.world.state();
        let Standing::Here(work) = desk.world.standing(&state, id) else { return Err(missing("subject not found")) };
        let all: Vec<_> = work.episodes().filter(|(_, is)| kind.is_none_or(|kind| kind == *is)).collect();
        let total = all.len();
        let rows = part.cut(all)?.into_iter().map(|(id, kind)| work.episode(id, kind)).collect();
        Ok(part.page(total, rows, state.quirks.null_lists))
    })())
}

pub(super) fn search(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        admit(desk, asked)?;
        let part = Part::of(asked, 10, usize::MAX)?;
        // More than twenty are never given.
        let part = Part { limit: part.limit.min(20), ..part };
        let body = body(desk, asked, &["keyword", "sort", "filter"])?;
        let words = body.get("keyword").and_then(Value::as_str).ok_or(bad("keyword is required"))?.to_lowercase();
        let kinds = body.pointer("/filter/type").and_then(Value::as_array);
        let anime = kinds.is_none_or(|kinds| kinds.contains(&Value::from(2)));
        let (world, state) = (&desk.world, desk.world.state());
        let found = world.works(&state, |work| {
            anime && [&work.name, &work.name_cn].iter().any(|name| name.to_lowercase().contains(&words))
        });
        // An estimate, where there is more than one page.
        let total = if found.len() > part.limit { found.len().next_multiple_of(10) } else { found.len() };
        if part.offset > total {
            return Err(bad("offset should be less than or equal to total"));
        }
        let page = found.iter().skip(part.offset).take(part.limit);
        Ok(part.page(total, page.map(|work| work.full(world.is_locked(&state, work.id))).collect(), false))
    })())
}

pub(super) fn calendar(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    const DAYS: [(&str, &str, &str); 7] = [
        ("Mon", "星期一", "月耀日"),
        ("Tue", "星期二", "火耀日"),
        ("Wed", "星期三", "水耀日"),
        ("Thu", "星期四", "木耀日"),
        ("Fri", "星期五", "金耀日"),
        ("Sat", "星期六", "土耀日"),
        ("Sun", "星期日", "日耀日"),
    ];
    finish((|| {
        admit(desk, asked)?;
        let (world, today) = (&desk.world, desk.world.day());
        let state = world.state();
        let shown = world.works(&state, |work| work.weekday(today).is_some());
        let days: Vec<_> = (1..)
            .zip(DAYS)
            .map(|(id, (en, cn, ja))| {
                let items = shown.iter().filter(|work| work.weekday(today) == Some(id));
                let items: Vec<_> = items.map(|work| work.airing(id)).collect();
                json!({ "weekday": { "en": en, "cn": cn, "ja": ja, "id": id }, "items": items })
            })
            .collect();
        Ok(ok(&days.into()))
    })())
}

/// An answer without a body.
pub(super) fn empty(status: u16) -> Answer {
    let mut answer = super::super::message::answer(StatusCode::from_u16(status).unwrap_or_default(), "text/plain", "");
    answer.headers_mut().remove(header::CONTENT_TYPE);
    answer
}
