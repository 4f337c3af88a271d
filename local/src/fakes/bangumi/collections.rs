//! What people collected: read by everybody but for what is private, written by its owner.

use serde::Deserialize as _;
use serde_json::Value;
use shared::bangumi::Modify;

use super::super::desk::{Desk, Twist};
use super::super::message::Asked;
use super::super::person::Person;
use super::api::{Part, Refusal, admit, bad, body, finish, missing, number, numeral, ok, owner, segment};
use super::catalogue::{Work, mix, work_of};
use super::subjects::empty;
use super::world::{Row, Standing, State, World, account};
use crate::answer::Answer;

const NOT_COLLECTED: Refusal = missing("subject is not collected by user");
const NO_SUBJECT: Refusal = missing("subject not found");
const LOCKED: Refusal = bad("subject is locked or merged");

pub(super) fn list(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        let reader = admit(desk, asked)?;
        let part = Part::of(asked, 30, 50)?;
        let (subject_type, kind) = (number(asked, "subject_type")?, number(asked, "type")?);
        let (world, mut state) = (&desk.world, desk.world.state());
        state.turns += 1;
        let turns = state.turns;
        let (rows, own) = rows(&mut state, &segment(asked, 2), reader.as_ref())?;
        let mut rows: Vec<(u32, Row)> = rows.into_iter().collect();
        rows.retain(|(_, row)| (own || !row.private) && kind.is_none_or(|kind| kind == row.kind));
        if subject_type.is_some_and(|kind| kind != 2) {
            rows.clear();
        }
        // The newest first; those of one second in no order.
        rows.sort_by_key(|(id, row)| (std::cmp::Reverse(row.updated_at.time()), mix(u64::from(*id) ^ turns << 32)));
        let total = rows.len();
        let page = part.cut(rows)?;
        let shown = page.into_iter().filter_map(|(id, row)| match world.standing(&state, id) {
            Standing::Here(work) => Some(row.json(&work)),
            _ if state.quirks.leaves_removed_out => None,
            _ => Some(row.json(&gone(id))),
        });
        Ok(part.page(total, shown.collect(), state.quirks.null_lists))
    })())
}

/// What is still known of a work that is not there any more.
fn gone(id: u32) -> Work {
    Work { id, name: String::new(), name_cn: String::new(), begins: None, eps: 0, specials: 0 }
}

/// All that somebody of that name collected, and whether it is the reader's own.
fn rows(
    state: &mut State,
    name: &str,
    reader: Option<&Person>,
) -> Result<(std::collections::BTreeMap<u32, Row>, bool), Refusal> {
    if let Some(reader) = reader {
        account(&mut state.accounts, reader);
    }
    let wants_username = state.quirks.wants_username;
    let mut found = state.accounts.iter().filter(|(number, account)| {
        account.username == name || (number.to_string() == name && !(account.chosen && wants_username))
    });
    let (number, account) = found.next().ok_or(missing("user doesn't exist or has been removed"))?;
    Ok((account.rows.clone(), reader.is_some_and(|reader| reader.number == *number)))
}

pub(super) fn one(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        let reader = admit(desk, asked)?;
        let id = numeral(asked, 4)?;
        let mut state = desk.world.state();
        let (rows, own) = rows(&mut state, &segment(asked, 2), reader.as_ref())?;
        let Standing::Here(work) = desk.world.standing(&state, id) else { return Err(NO_SUBJECT) };
        let row = rows.get(&id).filter(|row| own || !row.private).ok_or(NOT_COLLECTED)?;
        Ok(ok(&row.json(&work)))
    })())
}

/// POST makes or changes an entry.
pub(super) fn save(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish(write(desk, asked, true))
}

/// PATCH changes one.
pub(super) fn change(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish(write(desk, asked, false))
}

fn write(desk: &Desk, asked: &Asked, makes: bool) -> Result<Answer, Refusal> {
    let person = owner(desk, asked)?;
    let body = body(desk, asked, &["type", "rate", "comment", "private", "tags", "ep_status", "vol_status"])?;
    let edit = modify(&body)?;
    let id = numeral(asked, 4)?;
    let (world, mut state) = (&desk.world, desk.world.state());
    writable(world, &state, id)?;
    let saved = state.quirks.saved;
    let account = account(&mut state.accounts, &person);
    match (account.rows.contains_key(&id), makes) {
        (false, false) => return Err(NOT_COLLECTED),
        (false, true) if edit.kind.is_none() => return Err(bad("type is required to collect a subject")),
        _ => account.save(id, &edit, Some(world.now()), true),
    }
    Ok(empty(if makes { saved } else { 204 }))
}

/// The work, where anybody may write about it.
fn writable(world: &World, state: &State, id: u32) -> Result<Work, Refusal> {
    match world.standing(state, id) {
        Standing::Here(_) if world.is_locked(state, id) => Err(LOCKED),
        Standing::Here(work) => Ok(work),
        Standing::Merged(_) => Err(LOCKED),
        Standing::Gone => Err(NO_SUBJECT),
    }
}

/// What is to change, if that can be.
fn modify(body: &Value) -> Result<Modify, Refusal> {
    if body.get("ep_status").is_some() || body.get("vol_status").is_some() {
        return Err(bad("ep_status and vol_status are for books alone"));
    }
    let number = |name: &str, allowed: std::ops::RangeInclusive<u64>, wrong| match body.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_u64().filter(|number| allowed.contains(number)).ok_or(wrong)?;
            Ok(u8::try_from(number).ok())
        }
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let comment = match body.get("comment") {
        None => None,
        Some(value) => {
            let short = text(value).filter(|text| text.chars().count() <= 380);
            Some(short.ok_or(bad("comment is too long"))?)
        }
    };
    let private = body.get("private").map(|value| value.as_bool().ok_or(bad("private is no boolean"))).transpose()?;
    let tags = match body.get("tags") {
        None => None,
        Some(value) => {
            let good = |tag: &String| tag.chars().count() >= 2 && !tag.contains(char::is_whitespace);
            let tags = Vec::<String>::deserialize(value).map_err(|_| bad("tags is no list"))?;
            if tags.len() > 10 || !tags.iter().all(good) {
                return Err(bad("a tag is too short or has spaces, or there are too many"));
            }
            Some(tags)
        }
    };
    Ok(Modify {
        kind: number("type", 1..=5, bad("type is not from 1 to 5"))?,
        rate: number("rate", 0..=10, bad("rate is not from 0 to 10"))?,
        comment,
        private,
        tags,
    })
}

pub(super) fn marks(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        let person = owner(desk, asked)?;
        let (id, kind) = (numeral(asked, 4)?, number(asked, "episode_type")?);
        let part = Part::of(asked, 100, 1_000)?;
        let mut state = desk.world.state();
        let Standing::Here(work) = desk.world.standing(&state, id) else { return Err(NO_SUBJECT) };
        let null = state.quirks.null_lists;
        let row = account(&mut state.accounts, &person).rows.get(&id);
        let all: Vec<_> = work.episodes().filter(|(_, is)| kind.is_none_or(|kind| kind == *is)).collect();
        let total = all.len();
        let shown = part.cut(all)?.into_iter().map(|(id, kind)| {
            let (mark, at) = row.and_then(|row| row.marks.get(&id)).map_or((0, 0), |(mark, at)| (*mark, at.0));
            serde_json::json!({ "episode": work.episode(id, kind), "type": mark, "updated_at": at })
        });
        Ok(part.page(total, shown.collect(), null))
    })())
}

pub(super) fn mark(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        let person = owner(desk, asked)?;
        let body = body(desk, asked, &["episode_id", "type"])?;
        let episodes = Vec::<u32>::deserialize(field(&body, "episode_id")).map_err(|_| bad("episode_id is no list"))?;
        set(desk, &person, numeral(asked, 4)?, &episodes, field(&body, "type"))
    })())
}

pub(super) fn mark_one(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    finish((|| {
        let person = owner(desk, asked)?;
        let body = body(desk, asked, &["type"])?;
        let episode = numeral(asked, 6)?;
        set(desk, &person, work_of(episode), &[episode], field(&body, "type"))
    })())
}

/// A field, or null.
fn field<'a>(body: &'a Value, name: &str) -> &'a Value {
    body.get(name).unwrap_or(&Value::Null)
}

fn set(desk: &Desk, person: &Person, id: u32, episodes: &[u32], mark: &Value) -> Result<Answer, Refusal> {
    let mark = mark.as_u64().filter(|mark| *mark <= 3).and_then(|mark| u8::try_from(mark).ok());
    let mark = mark.ok_or(bad("type is not from 0 to 3"))?;
    let (world, mut state) = (&desk.world, desk.world.state());
    let work = writable(world, &state, id)?;
    if !episodes.iter().all(|id| work.episodes().any(|(known, _)| known == *id)) {
        return Err(bad("the subject has no such episode"));
    }
    let account = account(&mut state.accounts, person);
    if !account.rows.contains_key(&id) {
        return Err(bad("you need to add subject to your collection first"));
    }
    account.mark(id, episodes, mark, world.now(), true);
    Ok(empty(204))
}
