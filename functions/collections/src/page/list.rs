//! One's own entries.

use axum::extract::State;
use axum::response::Response;
use form_urlencoded::Serializer;
use http::StatusCode;
use shared::app::App;
use shared::collection::Status;
use shared::collection::sort::Sort;
use shared::http::page::{Frame, local_path};
use shared::http::{Incoming, Problem};
use shared::i18n::Messages;
use shared::pages::{Choice, Collection, EntryRow, Tab};

use super::{Reader, shown, submitted, words};
use crate::list::{Found, find};
use crate::{entry, episodes};

const PATH: &str = "/me/collections";

pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    shown(&app, &incoming, async |reader| render(&app, &incoming, reader, None).await).await
}

/// The next episode of an entry was watched.
pub(crate) async fn submit(State(app): State<App>, incoming: Incoming) -> Response {
    let act = async |reader: &Reader, params: &shared::oauth::Params| {
        let subject = params.get("subject_id").and_then(entry::number).ok_or_else(Problem::not_found)?;
        episodes::watch_next(&app, &incoming, reader.user.user_id, subject).await?;
        let back = params.get("return_to").and_then(local_path).filter(|path| path.starts_with(PATH));
        Ok(back.unwrap_or(PATH).to_owned())
    };
    submitted(&app, &incoming, act, async |reader, _, problem| render(&app, &incoming, reader, Some(problem)).await)
        .await
}

async fn render(
    app: &App,
    incoming: &Incoming,
    reader: Reader,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let Found { entries, cursor } = find(app, &reader.site, incoming, reader.user.user_id).await?;
    let path = incoming.path_and_query();
    let frame = Frame::new(app, &reader.site, incoming, Some(&reader.user), &path);
    let (layout, params) = (frame.layout(), incoming.query_params()?);
    let m = layout.m;
    let of = |name| params.get(name).unwrap_or_default();
    let (status, looked_for, sort) = (of("status"), of("q"), of("sort"));
    let page = Collection {
        tabs: tabs(m, status),
        status,
        words: looked_for,
        orders: orders(m, sort),
        rows: entries.iter().map(|entry| EntryRow::new(entry, m)).collect(),
        next_href: cursor
            .map(|cursor| href(&[("status", status), ("q", looked_for), ("sort", sort), ("cursor", &cursor)])),
        is_search: !looked_for.is_empty() || !status.is_empty(),
        error: problem.map(|problem| words(m, problem)),
        layout,
    };
    let status = problem.map_or(StatusCode::OK, |problem| problem.status);
    Ok(frame.render_with_covers(app, status, &page))
}

/// The page with what of the query says something.
fn href(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
}

fn tabs(m: &'static Messages, status: &str) -> Vec<Tab> {
    let all = Tab { href: PATH.to_owned(), name: m.collection_all, current: status.is_empty() };
    let each = Status::ALL.map(|one| Tab {
        href: href(&[("status", one.as_str())]),
        name: m.status(one),
        current: one.as_str() == status,
    });
    std::iter::once(all).chain(each).collect()
}

fn orders(m: &'static Messages, sort: &str) -> Vec<Choice> {
    let orders = [
        (format!("-{}", Sort::UpdatedAt.as_str()), m.sort_updated_at),
        (format!("-{}", Sort::CreatedAt.as_str()), m.sort_created_at),
        (format!("-{}", Sort::Rating.as_str()), m.sort_rating),
        (format!("-{}", Sort::Date.as_str()), m.sort_date),
        (Sort::Title.as_str().to_owned(), m.sort_title),
    ];
    let choice = |(value, name): (String, &str)| Choice { chosen: value == sort, value, name: name.to_owned() };
    orders.map(choice).into()
}
